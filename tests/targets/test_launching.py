"""The gateway's side of the launcher."""

import asyncio
import os
import signal
import socket
from functools import partial
from pathlib import Path

import pytest

from gateway.targets.launching import Launches, Program, exit_code
from tests.targets.hosting import children, eventually, state, until_gone

pytestmark = pytest.mark.anyio


async def sleeping(launches: Launches) -> tuple[int, socket.socket]:
    """A process that does nothing."""
    program = Program(["sleep", "600"], {"PATH": os.environ["PATH"]}, Path("/"))
    return await asyncio.to_thread(launches.launch, program, [1])


async def test_stopped_processes_end_too() -> None:
    """A process that was stopped cannot escape."""
    launches = Launches()
    pid, own = await sleeping(launches)
    os.kill(pid, signal.SIGSTOP)
    await eventually(lambda: state(pid) == "T")
    await launches.aclose()

    await until_gone(pid)
    own.close()


async def test_close_leaves_no_process() -> None:
    """The launcher ends with the launches; one that is not used starts none."""
    before = children()
    idle, used = Launches(), Launches()
    used.begin()
    used.begin()
    assert len(children() - before) == 1

    await idle.aclose()
    await used.aclose()
    await used.aclose()
    assert children() == before


async def test_interrupt_does_not_end_the_launcher() -> None:
    """Ctrl-C reaches a whole terminal; the launcher must be the last to go."""
    before = children()
    launches = Launches()
    pid, own = await sleeping(launches)
    (launcher,) = children() - before
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(launcher, number)
    assert await asyncio.to_thread(launches.refused, {}) == {}
    assert state(pid) == "S"

    await launches.aclose()
    await until_gone(pid)
    own.close()


async def test_taken_before_the_program_begins(tmp_path: Path) -> None:
    """What has to be done for a process is done before it can do anything itself."""
    launches, there = Launches(), []
    program = Program(["touch", str(tmp_path / "begun")], {"PATH": os.environ["PATH"]}, Path("/"))
    launch = partial(launches.launch, program, [1], lambda _: there.append((tmp_path / "begun").exists()))
    _, own = await asyncio.to_thread(launch)
    with own:
        code = exit_code(await asyncio.to_thread(own.recv, 4))
    await launches.aclose()

    assert (there, code, (tmp_path / "begun").exists()) == ([False], 0, True)
