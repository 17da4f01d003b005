"""Web pages in a real Chromium: a foreign one gets nothing done at the gateway's own ports, an allowed one does."""

import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.lambda_api.app import build_control_app
from gateway.lambda_api.server import ControlServer
from gateway.same_origin import allowed_callers
from gateway.targets.runtime_api.server import RuntimeApi
from tests.lambda_api.conftest import ScriptedTarget
from tests.targets.runtime_api.test_server import Heard

pytestmark = pytest.mark.anyio

PAGES = Path(__file__).parent / "data" / "web_pages"
DEADLINE_S = 60.0
GETS = ("get", "opaque", "image", "script", "frame", "events", "socket")
POSTS = ("simple", "text", "json", "beacon", "form", "tab", "sandbox")
RUNTIME_CALLS = [("GET", "next")] * 4 + [("POST", "1/response")] * 6 + [("OPTIONS", "1/response")]


def chromium() -> str:
    """The browser's program."""
    names = (os.environ.get("GATEWAY_TEST_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium: apt-get install chromium, or name one in GATEWAY_TEST_CHROMIUM")
    return found


class Seen:
    """What has come to the ports, and a way to wait for more."""

    def __init__(self) -> None:
        self.control: list[tuple[str, str, int]] = []
        self.runtime: list[tuple[str, str]] = []
        self.read: object = None
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Something was added."""
        self._changed.set()

    async def wait(self, is_enough: Callable[[], bool]) -> None:
        """Until there is enough, or the time is up: the test then says what is missing."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DEADLINE_S):
                while not is_enough():
                    self._changed.clear()
                    await self._changed.wait()


class Noted:
    """The control port's application, which notes the case of each request with method and status."""

    def __init__(self, app: ASGIApp, seen: Seen) -> None:
        self._app = app
        self._seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the lifespan."""

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                case = parse_qs(scope["query_string"].decode()).get("case", [""])[0]
                self._seen.control.append((case, scope["method"], message["status"]))
                self._seen.changed()
            await send(message)

        await self._app(scope, receive, note)


class RuntimeLog(logging.Handler):
    """Notes the calls that the Runtime API has refused."""

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self._seen = seen

    def emit(self, record: logging.LogRecord) -> None:
        """One line of the log."""
        words = record.getMessage().split(" ")
        if words[0] == "Runtime":
            self._seen.runtime.append((words[2], words[3].strip("'").removeprefix("/2018-06-01/runtime/invocation/")))
            self._seen.changed()


class Site:
    """The web server of the pages, which is reached under many names, and what it becomes after DNS rebinding.

    Requests below ``/page/`` are its own; all others go on to the control port, as if the page's name had been given
    that port's address.
    """

    def __init__(self, seen: Seen, control_port: int) -> None:
        self.ports: dict[str, object] = {}
        self._seen = seen
        self._control_port = control_port

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ")[1].decode()
            if path.startswith("/page/"):
                length = next(
                    (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0"
                )
                body = await reader.readexactly(int(length.partition(b":")[2]))
                writer.write(self._page(path.removeprefix("/page/"), body))
            else:
                await self._forward(head, reader, writer)
            await writer.drain()
        writer.close()

    def _page(self, name: str, body: bytes) -> bytes:
        kind, content = "text/html", b""
        if name == "ports":
            kind, content = "application/json", json.dumps(self.ports).encode()
        elif name == "read":
            self._seen.read = json.loads(body)
            self._seen.changed()
        else:
            content = (PAGES / name).read_bytes()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\nContent-Length: {len(content)}\r\n\r\n"
        return head.encode() + content

    async def _forward(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_connection("127.0.0.1", self._control_port)
        to.write(head.replace(b"Connection: keep-alive", b"Connection: close"))
        length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
        to.write(await reader.readexactly(int(length.partition(b":")[2])))
        writer.write(await there.read(65536))
        to.close()


@contextlib.asynccontextmanager
async def browsing(url: str, folder: Path) -> AsyncIterator[None]:
    """Chromium at a page; every name but those of the test leads nowhere."""
    names = "MAP evil.example 127.0.0.1, MAP friend.example 127.0.0.1, MAP six.example [::1], MAP * ~NOTFOUND"
    arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-popup-blocking",
        "--no-first-run",
        "--no-proxy-server",
        f"--user-data-dir={folder / 'profile'}",
        f"--host-resolver-rules={names}, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE ::1, EXCLUDE [::1]",
    ]
    nowhere = asyncio.subprocess.DEVNULL
    variables = {**os.environ, "HOME": str(folder)}
    process = await asyncio.create_subprocess_exec(
        chromium(), *arguments, url, stdout=nowhere, stderr=nowhere, env=variables, start_new_session=True
    )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def has_ipv6() -> bool:
    """Whether this machine has the address ::1."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


async def test_pages_in_chromium(tmp_path: Path) -> None:
    """Each way to send something, to each name and address of the control port and to the Runtime API."""
    seen, target, heard = Seen(), ScriptedTarget(), Heard()
    function = Function(FunctionConfiguration("demo-lambda", "app.handler"), target)
    friends: list[str] = []

    async def nothing() -> None: ...

    def build() -> ASGIApp:
        return Noted(build_control_app(LambdaService([function]), nothing, allowed=allowed_callers([], friends)), seen)

    four, six = ControlServer(build, "127.0.0.1", 0), ControlServer(build, "::1", 0)
    await four.start()
    if has_ipv6():
        await six.start()
    runtime = RuntimeApi(heard)
    site = Site(seen, four.port)
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    friends.append(f"http://friend.example:{port}")
    bases = [
        f"http://127.0.0.1:{four.port}",
        f"http://localhost:{four.port}",
        f"http://evil.example:{four.port}",
        f"http://evil.example:{port}",
        *([f"http://[::1]:{six.port}", f"http://six.example:{six.port}"] if six.port else []),
    ]
    site.ports = {
        "bases": bases,
        "runtime": f"http://{await runtime.listen()}",
        "control": bases[0],
        "friend": f"{friends[0]}/page/friend.html",
    }
    foreign = {f"{name} {base}" for name in (*GETS, *POSTS) for base in bases}
    handler = RuntimeLog(seen)
    logging.getLogger("gateway").addHandler(handler)

    def all_came() -> bool:
        cases = {case for case, _, _ in seen.control}
        return {*foreign, "link"} <= cases and len(seen.runtime) >= len(RUNTIME_CALLS) and seen.read is not None

    try:
        async with browsing(f"http://evil.example:{port}/page/foreign.html", tmp_path):
            await seen.wait(all_came)
    finally:
        logging.getLogger("gateway").removeHandler(handler)
        server.close()
        runtime.close()
        await asyncio.gather(four.stop(1), six.stop(1))

    statuses = {case: status for case, _, status in seen.control}
    assert foreign - statuses.keys() == set(), "these did not come"
    assert {case for case in foreign if statuses[case] != 403} == set(), "these were not refused"
    assert sorted(seen.runtime) == sorted(RUNTIME_CALLS)
    assert heard.events == []
    assert statuses["link"] == 200
    assert [it[1:] for it in seen.control if it[0] == "friend"] == [("OPTIONS", 204), ("POST", 200)] * 2
    assert seen.read == [[200, "$LATEST", True]] * 2
    assert [invocation.payload for invocation in target.seen] == [b'"friend"'] * 2
