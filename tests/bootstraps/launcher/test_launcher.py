"""No process outlives its environment, and nothing outlives the gateway."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.targets.reaper import Program, Reaper, exit_code
from tests.bootstraps.launcher.starting import VARIABLES, reaper
from tests.targets.hosting import DEADLINE_S, eventually, state, until_gone

pytestmark = pytest.mark.anyio

DAEMON = """
import os, sys, time
there, is_there = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        os.write(is_there, b"x")
        if sys.argv[1] == "renamed":
            os.execve("/bin/sleep", ["sleep", "600"], {})
        time.sleep(600)
    os._exit(0)
os.wait()
os.read(there, 1)
if sys.argv[2] == "ends":
    sys.exit(0)
time.sleep(600)
"""
"""Starts a process that has left its group, its session and its parent."""


@contextmanager
def daemon(made: Reaper, *how: str, mark: str = "") -> Iterator[int]:
    """The id of such a process."""
    reading, writing = os.pipe()
    program = Program([sys.executable, "-c", DAEMON, *how], VARIABLES, Path("/"), mark=mark)
    _, own = made.launch(program, [writing])
    os.close(writing)
    with own, os.fdopen(reading) as output:
        yield int(output.readline())


async def test_daemon_ends_with_its_environment() -> None:
    """It is known by the variable that it has from the process that started it."""
    with reaper() as made, daemon(made, "same", "ends", mark="one") as pid:
        await until_gone(pid)


async def test_daemon_of_another_environment() -> None:
    """Only the last process of an environment takes the rest with it."""
    with reaper() as made, daemon(made, "same", "stays", mark="one") as other:
        with daemon(made, "same", "ends", mark="two") as pid:
            await until_gone(pid)
        with daemon(made, "same", "ends", mark="one"):
            pass
        await eventually(lambda: state(other) == "S")


@pytest.mark.parametrize("variables", ["same", "renamed"])
async def test_daemon_ends_with_the_gateway(variables: str) -> None:
    """Whatever it calls itself: its parent is the launcher."""
    with reaper() as made, daemon(made, variables, "stays") as pid:
        await made.aclose()
        await until_gone(pid)


GATEWAY = """
import asyncio, os, sys, time
from pathlib import Path
from gateway.targets.reaper import Program, Reaper

reaper = Reaper()
reaper.remove_workspace(Path(sys.argv[1]))
Path(sys.argv[1], "folder").mkdir(parents=True)
pid, own = reaper.launch(Program([sys.executable, "-c", sys.argv[2], "renamed", "stays"], {}, Path("/")), [1])
time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_gateway_that_is_killed(tmp_path: Path, number: signal.Signals) -> None:
    """Its processes end, daemons too, and its workspace goes, wherever it was."""
    argv = [sys.executable, "-c", GATEWAY, str(tmp_path / "work space"), DAEMON]
    owner = await asyncio.create_subprocess_exec(*argv, stdout=subprocess.PIPE)
    assert owner.stdout
    pid = int(await asyncio.wait_for(owner.stdout.readline(), DEADLINE_S))
    owner.send_signal(number)
    await owner.wait()

    await until_gone(pid)
    await eventually(lambda: not (tmp_path / "work space").exists())


async def test_nobody_waits_any_more() -> None:
    """A process whose socket is closed is killed with its group."""
    with reaper() as made:
        reading, writing = os.pipe()
        _, own = made.launch(Program(["sh", "-c", "sleep 600 & echo $!; wait"], VARIABLES, Path("/")), [writing])
        os.close(writing)
        with os.fdopen(reading) as output:
            pid = int(output.readline())
            own.close()
            await until_gone(pid)


async def test_launcher_that_is_killed() -> None:
    """The next process gets another one, and who waits for the end of a process is told that it is killed."""
    with reaper() as made:
        pid, own = made.launch(Program(["sleep", "600"], VARIABLES, Path("/")), [1])
        assert made._launcher
        made._launcher.kill()
        made._launcher.wait()
        said = await asyncio.wait_for(asyncio.to_thread(own.recv, 4), DEADLINE_S)
        own.close()
        os.kill(pid, signal.SIGKILL)  # nobody else knows it any more
        _, again = made.launch(Program(["true"], VARIABLES, Path("/")), [1])
        with again:
            assert (exit_code(said), exit_code(again.recv(4))) == (-signal.SIGKILL, 0)
