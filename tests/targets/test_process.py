"""A child process: its output, its end, its group."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.targets.process import ChildProcess, Command, peak_memory_kib, resident_memory_kib
from gateway.targets.reaper import Reaper
from tests.targets.hosting import DEADLINE_S, Log, children, eventually, until_gone

pytestmark = pytest.mark.anyio


@pytest.fixture
async def reaper(anyio_backend: str) -> AsyncIterator[Reaper]:  # noqa: ARG001 - makes it async
    """A reaper that is closed at the end."""
    reaper = Reaper()
    yield reaper
    await reaper.aclose()


async def shell(script: str, reaper: Reaper, log: Log | None = None, folder: Path = Path("/")) -> ChildProcess:
    """A shell that runs a script."""
    command = Command(["/bin/sh", "-c", script], {"PATH": os.environ["PATH"], "NAME": "value"}, folder)
    return await ChildProcess.spawn(command, (Log() if log is None else log).append, reaper)


async def test_output_in_order(reaper: Reaper, tmp_path: Path) -> None:
    """Both streams arrive in the order in which they were written; standard input is empty."""
    log = Log()
    child = await shell("echo out; echo err >&2; cat; echo $NAME; pwd", reaper, log, tmp_path)

    assert await asyncio.wait_for(child.ended, DEADLINE_S) == 0
    assert log.text == f"out\nerr\nvalue\n{tmp_path}\n"


async def test_all_output_comes_before_the_end(reaper: Reaper) -> None:
    """Also more than one read's worth."""
    log = Log()
    child = await shell("head -c 1000000 /dev/zero", reaper, log)

    await asyncio.wait_for(child.ended, DEADLINE_S)
    assert sum(map(len, log)) == 1_000_000


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", -9), ("kill -SEGV $$", -11)]
)
async def test_return_code(reaper: Reaper, script: str, code: int) -> None:
    """The exit code, or minus the signal."""
    child = await shell(script, reaper)

    assert await asyncio.wait_for(child.ended, DEADLINE_S) == code


async def test_group_ends_with_its_leader(reaper: Reaper) -> None:
    """What the process started is ended when it ends."""
    log = Log()
    child = await shell("sleep 600 & echo $!", reaper, log)

    await asyncio.wait_for(child.ended, DEADLINE_S)
    await until_gone(int(log.text))


async def test_kill_ends_the_group(reaper: Reaper) -> None:
    """`kill` reaches everything; on a dead process it does nothing."""
    log = Log()
    child = await shell("sleep 600 & echo $!; sleep 600", reaper, log)
    await eventually(lambda: bool(log))
    child.kill()

    assert await asyncio.wait_for(child.ended, DEADLINE_S) == -signal.SIGKILL
    await until_gone(int(log.text))
    child.kill()


async def test_leaves_nothing(reaper: Reaper) -> None:
    """No zombie and no file descriptor."""
    await (await shell("exit 0", reaper)).ended
    before, descriptors = children(), set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only names
    await (await shell("sleep 600 & exit 1", reaper)).ended

    assert children() == before
    assert set(os.listdir("/proc/self/fd")) == descriptors  # noqa: PTH208


async def test_program_that_is_not_there(reaper: Reaper) -> None:
    """It is an OSError, and no descriptor is left."""
    descriptors = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with pytest.raises(FileNotFoundError):
        await ChildProcess.spawn(Command(["/no/such/program"], {}, Path("/")), Log().append, reaper)

    assert set(os.listdir("/proc/self/fd")) == descriptors  # noqa: PTH208


async def test_inherited_descriptors(reaper: Reaper) -> None:
    """Only what is passed on is inherited."""
    reading, writing = os.pipe()
    script = f"import os, sys; os.write({writing}, b'hello'); print(len(os.listdir('/proc/self/fd')))"
    log = Log()
    command = Command([sys.executable, "-S", "-c", script], {}, Path("/"))
    child = await ChildProcess.spawn(command, log.append, reaper, pass_fds=[writing])
    os.close(writing)

    assert await asyncio.wait_for(child.ended, DEADLINE_S) == 0
    assert os.read(reading, 10) == b"hello"
    os.close(reading)
    assert log.text == "5\n"  # three streams, the pipe and the listing itself


async def test_peak_memory() -> None:
    """The memory of a running process in KiB; 0 for one that is gone."""
    assert peak_memory_kib(os.getpid()) > 10_000
    assert peak_memory_kib(2**22 + 1) == 0


HUNGRY = "import time; held = b'x' * ({megabytes} * 1024 * 1024); print('held', flush=True); time.sleep(600)"


def hungry(megabytes: int, memory_mb: int) -> Command:
    """A process that holds so much memory and may hold so much."""
    argv = [sys.executable, "-S", "-c", HUNGRY.format(megabytes=megabytes)]
    return Command(argv, {}, Path("/"), memory_mb)


async def test_too_much_memory(reaper: Reaper, caplog: pytest.LogCaptureFixture) -> None:
    """A process that holds more than its memory size is killed, and the log says so."""
    child = await ChildProcess.spawn(hungry(80, 60), Log().append, reaper)

    assert await asyncio.wait_for(child.ended, DEADLINE_S) == -signal.SIGKILL
    assert child.out_of_memory
    assert "MB and its memory size is 60 MB" in caplog.text


@pytest.mark.parametrize("memory_mb", [0, 200])
async def test_enough_memory(reaper: Reaper, memory_mb: int) -> None:
    """One within its memory size goes on, and so does any without one."""
    log = Log()
    child = await ChildProcess.spawn(hungry(80, memory_mb), log.append, reaper)
    await eventually(lambda: bool(log))
    held_kib = resident_memory_kib(child.pid)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.shield(child.ended), 0.6)  # the guard has looked twice
    child.kill()
    await child.ended

    assert 80 * 1024 < held_kib < 150 * 1024
    assert not child.out_of_memory
    assert resident_memory_kib(child.pid) == 0
