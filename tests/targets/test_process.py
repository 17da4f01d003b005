"""A child process: its output, its end, its group."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.limits.box import Box
from gateway.limits.ground import Ground
from gateway.limits.means import Means
from gateway.limits.places import ControlGroup
from gateway.targets.process import ChildProcess, Command, own_memory_kib, peak_memory_kib, resident_memory_kib
from gateway.targets.reaper import Reaper
from tests.limits.grounds import ground, view
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


def below(launcher: int) -> list[str]:
    """The processes that the launcher has."""
    return Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()


async def test_output_in_order(reaper: Reaper, tmp_path: Path) -> None:
    """Both streams arrive in the order in which they were written; standard input is empty."""
    log = Log()
    child = await shell("echo out; echo err >&2; cat; echo $NAME; pwd", reaper, log, tmp_path)

    assert await asyncio.wait_for(child.ended, DEADLINE_S) == 0
    assert log.text == f"out\nerr\nvalue\n{tmp_path}\n"


async def test_a_start_that_is_cancelled_leaves_nothing(reaper: Reaper) -> None:
    """A process that comes after nobody wants it any more is ended at once."""
    before = children()
    starting = asyncio.create_task(shell("exec sleep 100", reaper))
    await asyncio.sleep(0)  # it is under way
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting

    (launcher,) = children() - before
    await eventually(lambda: below(launcher) == [])


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
    reaper.begin()
    descriptors = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with pytest.raises(FileNotFoundError):
        await ChildProcess.spawn(Command(["/no/such/program"], {}, Path("/")), Log().append, reaper)

    assert set(os.listdir("/proc/self/fd")) == descriptors  # noqa: PTH208


async def test_inherited_descriptors(reaper: Reaper) -> None:
    """Only what is passed on is inherited."""
    reading, writing = os.pipe()
    script = "import os, sys; os.write(3, b'hello'); print(len(os.listdir('/proc/self/fd')))"
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


async def test_own_memory() -> None:
    """What files stand behind is left out."""
    assert 0 < own_memory_kib(os.getpid()) < resident_memory_kib(os.getpid())


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


async def test_control_group_limits_all_processes(reaper: Reaper, caplog: pytest.LogCaptureFixture) -> None:
    """A process that the kernel kills for the memory of its group ends as one that was watched does."""
    reading, writing = os.pipe()
    with ground("memory") as made:
        box = Box(60, Path("/"), Means(memory=made))
        script = "import os; os.read(3, 1); bytearray(80 << 20)"
        command = Command([sys.executable, "-S", "-c", script], {}, Path("/"), box=box)  # nobody watches
        child = await ChildProcess.spawn(command, Log().append, reaper, pass_fds=[reading])
        os.write(writing, b"x")

        assert await asyncio.wait_for(child.ended, DEADLINE_S) == -signal.SIGKILL
        await box.aclose()
    os.close(reading)
    os.close(writing)
    assert child.out_of_memory
    assert caplog.messages == [
        "ended a function's process: with what it started it needed more than its memory size, 60 MB"
    ]


async def test_memory_from_before_the_control_group(reaper: Reaper, tmp_path: Path) -> None:
    """The kernel counts only what is taken in the group, so the process is watched all the same."""
    box = Box(60, Path("/"), Means(memory=Ground(ControlGroup(tmp_path, 1))))  # a group of which no kernel knows
    child = await ChildProcess.spawn(replace(hungry(80, 60), box=box), Log().append, reaper)

    assert await asyncio.wait_for(child.ended, DEADLINE_S) == -signal.SIGKILL
    assert child.out_of_memory


async def test_killed_by_somebody_else(reaper: Reaper) -> None:
    """A process of a control group that is killed for another reason was not out of memory."""
    with ground("memory") as made:
        box = Box(60, Path("/"), Means(memory=made))
        child = await ChildProcess.spawn(replace(hungry(1, 60), box=box), Log().append, reaper)
        os.kill(child.pid, signal.SIGKILL)

        assert await asyncio.wait_for(child.ended, DEADLINE_S) == -signal.SIGKILL
        await box.aclose()
    assert not child.out_of_memory


async def test_killed_by_the_gateway(reaper: Reaper) -> None:
    """Who is ended for another reason was not out of memory, though something that it started had been."""
    reading, writing = os.pipe()
    child_argv = [sys.executable, "-S", "-c", "bytearray(80 << 20)"]
    script = f"import os, subprocess, time; os.read(3, 1); print(subprocess.call({child_argv}), flush=True)"
    with ground("memory") as made:
        box, log = Box(60, Path("/"), Means(memory=made)), Log()
        command = Command([sys.executable, "-S", "-c", f"{script}; time.sleep(600)"], {}, Path("/"), 60, box)
        child = await ChildProcess.spawn(command, log.append, reaper, pass_fds=[reading])
        os.write(writing, b"x")
        await eventually(lambda: bool(log))
        counted = box.out_of_memory
        child.kill()
        await child.ended
        await box.aclose()
    os.close(reading)
    os.close(writing)

    assert (log.text, counted, child.out_of_memory) == ("-9\n", True, False)


async def test_peak_memory_of_all_processes(reaper: Reaper) -> None:
    """With a control group the children count, also those that have ended."""
    reading, writing = os.pipe()
    child_argv = [sys.executable, "-S", "-c", "bytearray(50 << 20)"]
    script = f"import os, subprocess, time; os.read(3, 1); subprocess.run({child_argv})"
    script += "; print('ended', flush=True); time.sleep(600)"
    with ground("memory") as made:
        box = Box(200, Path("/"), Means(memory=made))
        log = Log()
        command = Command([sys.executable, "-S", "-c", script], {}, Path("/"), 200, box)
        child = await ChildProcess.spawn(command, log.append, reaper, pass_fds=[reading])
        os.write(writing, b"x")
        await eventually(lambda: bool(log))
        peak_mb, own_mb = child.peak_memory_mb, peak_memory_kib(child.pid) // 1024
        await box.aclose()
        await child.ended
    os.close(reading)
    os.close(writing)

    assert own_mb < 50 < peak_mb < 100


async def test_watched_where_no_group_can_be_made(reaper: Reaper, tmp_path: Path) -> None:
    """A group that fails leaves the limit to the guard."""
    made = Ground(ControlGroup(tmp_path, 1))
    made.folder.rmdir()
    command = replace(hungry(80, 60), box=Box(60, Path("/"), Means(memory=made)))
    child = await ChildProcess.spawn(command, Log().append, reaper)

    assert await asyncio.wait_for(child.ended, DEADLINE_S) == -signal.SIGKILL
    assert child.out_of_memory


async def test_started_in_its_box(reaper: Reaper, tmp_path: Path) -> None:
    """The box decides what is mounted when the process starts."""
    box, log = Box(60, tmp_path, Means(view=view())), Log()
    command = Command(["/bin/sh", "-c", "echo hello >/tmp/file"], {"PATH": os.environ["PATH"]}, Path("/"), box=box)
    child = await ChildProcess.spawn(command, log.append, reaper)

    assert await asyncio.wait_for(child.ended, DEADLINE_S) == 0, log.text
    assert await asyncio.to_thread((tmp_path / "tmp" / "file").read_text) == "hello\n"


@pytest.mark.parametrize("grouped", [True, False])
async def test_daemon_ends_with_its_environment(reaper: Reaper, tmp_path: Path, *, grouped: bool) -> None:
    """Its first act may be to leave its group: it is in a control group before, or known by its mark."""
    log = Log()
    with ground("memory") if grouped else nullcontext() as made:
        box = Box(60, tmp_path, Means(memory=made))
        script = "setsid sh -c 'echo $$; kill -KILL '$$'; exec sleep 600' & wait"
        command = Command(["/bin/sh", "-c", script], {"PATH": os.environ["PATH"]}, Path("/"), box=box)
        child = await ChildProcess.spawn(command, log.append, reaper)
        await asyncio.wait_for(child.ended, DEADLINE_S)
        await box.aclose()
        await until_gone(int(log.text))


async def test_launcher_that_is_killed(reaper: Reaper) -> None:
    """Its processes end as if they had been killed, and in fact they are."""
    child = await shell("exec sleep 600", reaper)
    assert reaper._launcher
    reaper._launcher.kill()

    assert await asyncio.wait_for(child.ended, DEADLINE_S) == -signal.SIGKILL
    await until_gone(child.pid)
