"""The processes behind an environment over the Runtime API, with real ones."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.invocation import Invocation
from gateway.targets.reaper import Reaper
from gateway.targets.runtime_api.extension_host import ExtensionHost
from gateway.targets.runtime_api.offer import Offer
from gateway.targets.runtime_api.peers import Peers
from gateway.targets.runtime_api.process import RuntimeProcess
from gateway.targets.runtime_api.server import RuntimeApi
from tests.targets.conformance import FUNCTIONS, Log
from tests.targets.hosting import DEADLINE_S, eventually, state, until_gone
from tests.targets.runtime_api.client import RawClient
from tests.targets.runtime_api.opening import options_for
from tests.targets.runtime_api.test_extension_host import opt_with_watcher, said
from tests.targets.runtime_api.test_server import ARN, ID, NEXT, RESPONSE, Heard

pytestmark = pytest.mark.anyio

ADDRESS = "echo $AWS_LAMBDA_RUNTIME_API"
STAYS = f"{ADDRESS} $$; exec sleep 600"
"""A runtime that says where the Runtime API is and who it is, and then nothing."""

LISTENS = "trap 'echo told; exit' TERM; echo up; while :; do sleep 0.01; done"
"""A runtime that ends when it is told."""


class OpenRuntimeApi(RuntimeApi):
    """A Runtime API that answers this test too, which is no process of the environment."""

    async def listen(self, peers: Peers | None = None) -> str:
        """Open a port for everybody."""
        del peers
        return await super().listen()


class Subject:
    """The processes of one environment, what they print, and what is told of them.

    Attributes:
        heard: What the runtime's calls led to, and in the same order ``exited`` and ``not_started``.
        launched: How often a launch went well.
    """

    def __init__(
        self, command: tuple[str, ...], scratch: Path, reaper: Reaper, opt: Path | None, *, freeze: bool
    ) -> None:
        configuration = FunctionConfiguration("f", "h", FUNCTIONS / "shell", runtime="provided", command=command)
        self.log = Log()
        self.heard = Heard()
        self.launched = 0
        self.api = OpenRuntimeApi(self.heard)
        options = replace(options_for(configuration, self.log, reaper, opt), opt=opt, freeze=freeze)
        extensions = ExtensionHost(configuration, opt, self.log.append, reaper, lambda: None, self._extension_failed)
        self.api.routes.update(extensions.routes)
        self.process = RuntimeProcess(configuration, options, scratch, self.api, extensions, self)

    def runtime_printed(self, chunk: bytes) -> None:
        """It is in the log."""
        self.log.append(chunk)

    def runtime_exited(self, code: int) -> None:
        """It was heard."""
        self.heard.events.append(("exited", code))

    def runtime_not_started(self, error: OSError) -> None:
        """It was heard, and why."""
        self.heard.events.append(("not_started", error.strerror))

    def runtime_not_launched(self) -> None:
        """It was heard."""
        self.heard.events.append(("not_launched", 0))

    def _extension_failed(self, error_type: str, reason: str) -> None:
        raise AssertionError(error_type, reason)

    def launch(self) -> asyncio.Task[None]:
        """Launch, and count it when it went well."""
        return self.process.launch(self._count)

    def _count(self) -> None:
        self.launched += 1

    async def printed(self, lines: int) -> list[str]:
        """The first lines of the log, when there are so many."""
        await eventually(lambda: self.log.text.count("\n") >= lines)
        return self.log.text.splitlines()[:lines]

    async def told(self, count: int) -> list[tuple[object, ...]]:
        """What was heard, when there is so much of it."""
        await eventually(lambda: len(self.heard.events) >= count)
        return self.heard.events


@asynccontextmanager
async def subject(
    runtime: str | tuple[str, ...], scratch: Path, opt: Path | None = None, *, freeze: bool = False
) -> AsyncIterator[Subject]:
    """An environment whose runtime is a shell script, or another command; all is stopped at the end."""
    reaper = Reaper()
    command = ("/bin/sh", "-c", runtime) if isinstance(runtime, str) else runtime
    made = Subject(command, scratch, reaper, opt, freeze=freeze)
    await made.process.listen()
    try:
        yield made
    finally:
        await made.process.stop("spindown")
        await reaper.aclose()


REGISTERS = """
import os, urllib.request
url = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2020-01-01/extension/register"
urllib.request.urlopen(urllib.request.Request(url, b"{}", {"Lambda-Extension-Name": "stays"})).close()
"""


def opt_that_stays(tmp_path: Path, then: str = "") -> Path:
    """A folder for /opt with an extension that prints its process id, runs the code and does nothing any more."""
    program = tmp_path / "opt" / "extensions" / "stays"
    program.parent.mkdir(parents=True)
    program.write_text(
        f"#!{sys.executable}\nimport os, time\nprint(os.getpid(), flush=True)\n{then}\ntime.sleep(600)\n"
    )
    program.chmod(0o755)
    return tmp_path / "opt"


async def is_open(address: str) -> bool:
    """Whether the Runtime API answers there."""
    try:
        async with RawClient(address) as client:
            client.get("/2018-06-01/ping")
            return (await client.reply()).body == b"pong"
    except ConnectionRefusedError:
        return False


async def test_launch(tmp_path: Path) -> None:
    """The runtime knows its variables and its folder, finds the Runtime API, and what it prints arrives."""
    async with subject(f"echo $TMPDIR; pwd; {STAYS}", tmp_path) as it:
        assert (it.process.alive, it.process.pid) == (False, 0)
        await it.launch()
        scratch, folder, last = await it.printed(3)
        address, pid = last.split()
        assert await is_open(address)
        assert (it.process.alive, it.process.pid, it.launched) == (True, int(pid), 1)

    assert (scratch, folder) == (str(tmp_path), str(FUNCTIONS / "shell"))


async def test_extensions_come_first(tmp_path: Path) -> None:
    """The runtime starts when they have registered."""
    async with subject(STAYS, tmp_path, opt_that_stays(tmp_path, REGISTERS)) as it:
        await it.launch()
        extension, runtime = await it.printed(2)

    assert extension.isdigit()
    assert runtime.startswith("127.0.0.1:")


async def test_exit_code(tmp_path: Path) -> None:
    """It is told once."""
    async with subject("exit 3", tmp_path) as it:
        await it.launch()
        await it.told(1)
        assert (it.process.alive, it.process.pid) == (False, 0)

    assert it.heard.events == [("exited", 3)]


async def test_last_answer_comes_before_the_exit(tmp_path: Path) -> None:
    """What is still on its way through the socket when the runtime ends counts."""
    async with subject(STAYS, tmp_path) as it:
        await it.launch()
        address, _ = (await it.printed(1))[0].split()
        async with RawClient(address) as client:
            client.get(NEXT)
            it.api.give(Offer(Invocation(b"{}", ID), ARN, "a1", 1795405497434))
            await client.reply()
            assert it.process.child
            it.process.child.ended.add_done_callback(lambda _: client.post(RESPONSE, b'"last"'))
            it.process.child.kill()
            events = await it.told(3)

    assert events == [("ready",), ("returned", b'"last"', "application/json"), ("exited", -9)]


async def test_cannot_be_started(tmp_path: Path) -> None:
    """The reason is told, and nothing has been launched."""
    async with subject(("/no/such/program",), tmp_path) as it:
        await it.launch()
        assert (it.process.alive, it.launched) == (False, 0)

    assert it.heard.events == [("not_started", "No such file or directory")]


async def test_another_one_in_its_place(tmp_path: Path) -> None:
    """After its end another one can be launched, whose end is told as well."""
    async with subject("echo here; exit 1", tmp_path) as it:
        for count in (1, 2):
            await it.launch()
            await it.told(count)

    assert it.log.text == "here\nhere\n"
    assert it.heard.events == [("exited", 1), ("exited", 1)]


async def test_exit_of_one_that_was_replaced(tmp_path: Path) -> None:
    """It is not told as that of the new one."""
    go = tmp_path / "go"
    script = f"[ ! -e {go} ] || exec sleep 600; {ADDRESS}; until [ -e {go} ]; do sleep 0.01; done; exit 1"
    async with subject(script, tmp_path) as it:
        await it.launch()
        (address,) = await it.printed(1)
        async with RawClient(address) as client:
            client.get("/2018-06-01/ping")
            await client.reply()
            go.touch()
            assert it.process.child
            await it.process.child.ended
            await it.launch()
            await asyncio.sleep(0.1)  # longer than an exit waits for a last answer
            assert it.process.alive
            assert it.heard.events == []


async def test_given_up(tmp_path: Path) -> None:
    """Runtime and extensions have ended without a word then; the next ones are as the first."""
    async with subject(STAYS, tmp_path, opt_that_stays(tmp_path, REGISTERS)) as it:
        await it.launch()
        extension, runtime = await it.printed(2)
        await it.process.give_up()
        assert (it.process.alive, it.process.pid) == (False, 0)
        await until_gone(int(extension))
        await until_gone(int(runtime.split()[1]))
        await it.launch()
        *_, again = await it.printed(4)
        assert (it.process.pid, it.launched) == (int(again.split()[1]), 2)
        assert it.heard.events == []


async def test_given_up_before_the_extensions_are_ready(tmp_path: Path) -> None:
    """Then they have ended, and the runtime is not started."""
    async with subject(STAYS, tmp_path, opt_that_stays(tmp_path)) as it:
        launching = it.launch()
        (extension,) = await it.printed(1)
        await asyncio.wait_for(it.process.give_up(), DEADLINE_S)
        await until_gone(int(extension))
        assert launching.done()

    assert it.launched == 0
    assert it.log.text == f"{extension}\n"


async def test_retired_before_the_extensions_are_ready(tmp_path: Path) -> None:
    """The runtime is not started."""
    async with subject(STAYS, tmp_path, opt_with_watcher(tmp_path)) as it:
        launching = it.launch()
        it.process.retired = True
        await launching
        assert not it.process.alive
        await it.printed(1)

    assert it.launched == 0
    assert it.process.child is None


async def test_freeze(tmp_path: Path) -> None:
    """Where that was asked for, the runtime is stopped until it is thawed."""
    async with subject(STAYS, tmp_path, freeze=True) as it:
        await it.launch()
        it.process.freeze()
        await eventually(lambda: state(it.process.pid) == "T")
        it.process.thaw()
        await eventually(lambda: state(it.process.pid) != "T")
        await it.printed(1)


async def test_no_freeze(tmp_path: Path) -> None:
    """Otherwise it goes on between invocations."""
    async with subject("while :; do echo on; sleep 0.01; done", tmp_path) as it:
        await it.launch()
        it.process.freeze()
        await it.printed(it.log.text.count("\n") + 3)


async def test_stop_without_extensions(tmp_path: Path) -> None:
    """The runtime ends at once and is not told before; the port is closed."""
    async with subject(f"{ADDRESS} $$; {LISTENS}", tmp_path) as it:
        await it.launch()
        address, pid = (await it.printed(2))[0].split()
        await it.process.stop("spindown")
        assert not it.process.alive
        assert not await is_open(address)
        await until_gone(int(pid))

    assert it.log.text == f"{address} {pid}\nup\n"
    assert it.process.retired


@pytest.mark.parametrize("freeze", [False, True])
async def test_stop_with_extensions(tmp_path: Path, *, freeze: bool) -> None:
    """The runtime is told to end, also when it was frozen, and so are the extensions."""
    async with subject(LISTENS, tmp_path, opt_with_watcher(tmp_path), freeze=freeze) as it:
        await it.launch()
        await it.printed(2)
        it.process.freeze()
        await it.process.stop("spindown")

    assert "told\n" in it.log.text
    assert reason_in(it.log) == "spindown"


def reason_in(log: Log) -> object:
    """What an extension was told of the end."""
    (event,) = [event for line in said(log) if isinstance(event := line.get("event"), dict)]
    return event["shutdownReason"]


async def test_stopped_while_it_starts(tmp_path: Path) -> None:
    """A runtime that is on its way is ended as soon as it has come."""
    async with subject(STAYS, tmp_path) as it:
        launching = it.launch()
        await asyncio.sleep(0)  # from here on a thread starts the process
        await it.process.stop("spindown")
        assert launching.done()
        assert not it.process.alive

    assert it.launched == 0
    assert it.process.child


async def test_stopped_before_the_extensions_are_ready(tmp_path: Path) -> None:
    """Nothing waits for them, and the runtime is not started."""
    async with subject(STAYS, tmp_path, opt_that_stays(tmp_path)) as it:
        it.launch()
        (extension,) = await it.printed(1)
        await asyncio.wait_for(it.process.stop("spindown"), DEADLINE_S)
        await until_gone(int(extension))

    assert it.launched == 0
    assert it.log.text == f"{extension}\n"


async def test_end_with_extensions(tmp_path: Path) -> None:
    """The runtime ends at once and is not told before; extensions live, and hear at the stop what was the reason."""
    async with subject(LISTENS, tmp_path, opt_with_watcher(tmp_path)) as it:
        await it.launch()
        await it.printed(2)
        it.process.end("timeout")
        assert await it.told(1) == [("exited", -9)]
        await it.process.stop("spindown")

    assert "told\n" not in it.log.text
    assert reason_in(it.log) == "timeout"


async def test_end_without_extensions(tmp_path: Path) -> None:
    """Nothing is left."""
    async with subject(STAYS, tmp_path) as it:
        await it.launch()
        address, pid = (await it.printed(1))[0].split()
        it.process.end("timeout")
        await until_gone(int(pid))
        assert not await is_open(address)

    assert it.process.retired


async def test_kill(tmp_path: Path) -> None:
    """Runtime and extensions end at once; doing it twice does no harm."""
    async with subject(STAYS, tmp_path, opt_that_stays(tmp_path, REGISTERS)) as it:
        await it.launch()
        extension, runtime = await it.printed(2)
        address, pid = runtime.split()
        it.process.kill()
        it.process.kill()
        await until_gone(int(extension))
        await until_gone(int(pid))
        assert not await is_open(address)

    assert it.process.retired
