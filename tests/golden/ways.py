"""Further ways to ask the golden requests; each gives what an entry says and what was found, to be compared.

``server``: `GatewayServer` of the configuration file.  ``handler``: `GatewayServer` of the handler, with the options of
the file's listeners.  ``asgi``: the ASGI applications around those listeners.  ``replay``: the recordings of that.
``client``: the client of `gateway.testing` with the handler in this process.
"""

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest

from gateway.app import Gateway
from gateway.config.load import load_settings
from gateway.config.rules import Forward
from gateway.config.settings import AlbSettings
from gateway.functions.service import LambdaService
from gateway.hosting import HostOptions
from gateway.invocation import StreamBroken
from gateway.listener_options import ListenerOptions
from gateway.listener_types import flavour_name, listener_type
from gateway.listeners.asgi import AsgiApplication
from gateway.listeners.context import ListenerContext
from gateway.loading import load
from gateway.observe.flavour_options import options_of
from gateway.recordings.recorder import Recorder
from gateway.recordings.replay import is_replayable, replay_cases
from gateway.testing import GatewayServer
from gateway.testing.call import Handler
from gateway.testing.client import LambdaTransport, lambda_client
from tests.golden.entries import FOLDER, Entry
from tests.golden.masks import masked
from tests.golden.not_carried import NOT_ASKED, TABLE
from tests.golden.one_request import BROKEN, OneRequest, answer_bytes, comparable, one_request
from tests.golden.running import listener_names, request_of, send_all, shown, target, variables
from tests.golden.sending import send
from tests.golden.server import Server
from tests.golden.texts import to_bytes, to_text

_FILE: Final = FOLDER / "gateway.toml"
_LIMIT_S: Final = 10.0
_FIRST_PORT: Final = 20000
"""The client's port of the first entry in the ASGI applications: by it a recording names its entry."""

_PORT: Final = 19999
"""Where the clients in this process seem to go."""


class Found(NamedTuple):
    """What one way gave for an entry, beside what the entry says."""

    entry: Entry
    golden: str
    found: str


def asked(way: str, entries: list[Entry]) -> list[Entry]:
    """The entries of the listeners that a way asks."""
    rows = [row for row in TABLE if row.name == NOT_ASKED and way in row.ways]
    return [entry for entry in entries if not any(row.matches(entry) for row in rows)]


@contextmanager
def _environment(server: Server) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables(server).items():
            patch.setenv(name, value)
        yield


def by_server(entries: list[Entry]) -> list[Found]:
    """Over sockets, of a `GatewayServer` of the file."""
    with closing(Server()) as server:
        with _environment(server), GatewayServer(_FILE) as gateway:
            ports = dict(zip(listener_names(), gateway.ports, strict=True))
            answers = send_all(entries, ports)
        found = shown(answers, server, ports)
    golden = [(entry.answer.strip("\n"), entry.target.strip("\n")) for entry in entries]
    return [Found(entry, "\n".join(it), "\n".join(now)) for entry, it, now in zip(entries, golden, found, strict=True)]


def by_handler(entries: list[Entry]) -> list[Found]:
    """Over sockets, of a `GatewayServer` of the handler for each listener, which is asked one after the other."""
    described = _described()

    def ask(name: str) -> list[Found]:
        as_, options = described[name]
        own = [entry for entry in entries if entry.listener == name]
        with GatewayServer("app.handler", as_, timeout=1, folder=FOLDER, **options) as gateway:
            answers = [send(gateway.ports[0], entry.request, entry.answers or 1) for entry in own]
        port = {name: gateway.ports[0]}
        texts = [to_text(masked(answer, port)) for answer in answers]
        return [Found(entry, entry.answer.strip("\n"), text) for entry, text in zip(own, texts, strict=True)]

    with ThreadPoolExecutor(4) as pool:
        names = dict.fromkeys(entry.listener for entry in entries)
        return [found for several in pool.map(ask, names) for found in several]


def by_client(entries: list[Entry], handler: Handler) -> list[Found]:
    """Of a client in this process for each listener; what the handler raises as BaseException is its answer."""
    described = _described()
    found = []
    for entry in entries:
        if (one := one_request(entry.request)) is not None:
            as_, options = described[entry.listener]
            answer = _client_answer(handler, as_, options, one)
            now = comparable(masked(answer, {entry.listener: _PORT}))
            found.append(Found(entry, comparable(to_bytes(entry.answer)), now))
    return found


def _client_answer(handler: Handler, as_: str, options: Mapping[str, Any], one: OneRequest) -> bytes:
    target = one.path + (b"?" + one.query if one.query else b"")
    try:
        url = httpx.URL(f"http://127.0.0.1:{_PORT}").copy_with(raw_path=target)
    except httpx.InvalidURL as error:
        return repr(error).encode()
    request = httpx.Request(one.method, url, headers=one.headers, stream=httpx.ByteStream(one.body))
    with lambda_client(handler, as_, client=("127.0.0.1", _FIRST_PORT), **options) as client:
        transport = client._transport  # the client itself would add lines of its own
        assert isinstance(transport, LambdaTransport)
        try:
            response = transport.handle_request(request)
        except Unanswerable as error:
            return repr(error).encode()
    return answer_bytes(response.status_code, response.headers.raw, response.read())


class Unanswerable(BaseException):
    """What a handler does that this process would not survive."""


def _described() -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    """The flavour of each listener and its options, by the listener's name."""
    settings = load_settings(_FILE, {"SERVER_PORT": "9", "PYTHON": sys.executable})
    context = ListenerContext(LambdaService(), settings.target_groups)
    described = {}
    for name, listener in zip(listener_names(), settings.listeners, strict=True):
        flavour = load(listener_type(listener.type).listener)(listener, context).steps.flavour
        options = options_of(flavour)
        as_ = flavour_name(flavour)
        if isinstance(listener, AlbSettings) and isinstance(action := listener.default_actions[0], Forward):
            group = settings.target_groups[action.target_groups[0].target_group]
            options["target_group_arn"] = group.arn
            as_ = "alb-multi" if group.attributes["lambda.multi_value_headers.enabled"] else "alb"
        described[name] = as_, options
    return described


def by_asgi(entries: list[Entry], folder: Path) -> list[Found]:
    """Of the ASGI applications around the file's listeners; the folder takes the recordings."""
    return asyncio.run(_by_asgi(entries, folder))


async def _by_asgi(entries: list[Entry], folder: Path) -> list[Found]:
    requests = {number: one_request(request_of(number, entry)) for number, entry in enumerate(entries)}
    with closing(Server()) as server:
        names = {**os.environ, **variables(server)}
        options = HostOptions(variables=names, log=lambda _: None, python=sys.executable)
        recorder = Recorder(folder)
        gateway = Gateway(load_settings(_FILE, names), options, ListenerOptions(recorder=recorder))
        await gateway.start()
        try:
            apps = {
                name: AsgiApplication(it.listener) for name, it in zip(listener_names(), gateway.ports, strict=True)
            }
            ports = {name: it.server.port for name, it in zip(listener_names(), gateway.ports, strict=True)}
            asking = {
                number: _asgi_answer(apps[entries[number].listener], one, number, ports[entries[number].listener])
                for number, one in requests.items()
                if one is not None
            }
            answers = dict(zip(asking, await asyncio.gather(*asking.values()), strict=True))
        finally:
            await recorder.aclose()
            await gateway.stop(1)
        known = {**ports, "server": server.port}
        return [
            Found(
                entries[number],
                comparable(to_bytes(entries[number].answer)) + entries[number].target.strip("\n").lower(),
                comparable(masked(answer, known)) + target(server, number, known).lower(),
            )
            for number, answer in answers.items()
        ]


async def _asgi_answer(app: AsgiApplication, one: OneRequest, number: int, port: int) -> bytes:
    scope = {
        "type": "http",
        "http_version": one.http_version,
        "method": one.method.upper(),
        "scheme": "http",
        "path": one.path.decode("latin-1"),
        "raw_path": one.path,
        "query_string": one.query,
        "headers": [(name.lower(), value) for name, value in one.headers],
        "client": ("127.0.0.1", _FIRST_PORT + number),
        "server": ("127.0.0.1", port),
    }
    given: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": one.body}]
    got: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        if given:
            return given.pop()
        await asyncio.Event().wait()  # the client stays
        raise AssertionError

    async def send(message: MutableMapping[str, Any]) -> None:
        got.append(message)

    broken = False
    try:
        await asyncio.wait_for(app(scope, receive, send), _LIMIT_S)
    except StreamBroken:  # a server ends the connection then
        broken = b"content-length" not in dict(got[0]["headers"])
    body = b"".join(it.get("body", b"") for it in got[1:])
    return answer_bytes(got[0]["status"], got[0]["headers"], body + BROKEN * broken)


def by_replay(entries: list[Entry], folder: Path) -> list[Found]:
    """Of the recordings in a folder that are replayable: what differs, which is nothing."""
    cases = [it for it in replay_cases(folder) if is_replayable(it.recording)]
    return [
        Found(
            entries[case.recording.request.client[1] - _FIRST_PORT],
            "",
            "\n".join(str(it) for it in case.differences()),
        )
        for case in cases
    ]
