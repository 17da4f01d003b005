"""The reaper: nothing outlives a gateway that was killed."""

import asyncio
import os
import signal
import socket
import sys
from functools import partial
from pathlib import Path

import pytest

from gateway.errors import UsageError
from gateway.targets.reaper import Program, Reaper, exit_code
from tests.limits.grounds import UNIFIED, place
from tests.targets.hosting import DEADLINE_S, children, eventually, state, until_gone

pytestmark = pytest.mark.anyio

GATEWAY = """
import asyncio, subprocess, sys, time
from pathlib import Path
from gateway.limits.ground import Ground
from gateway.limits.places import ControlGroup
from gateway.targets.reaper import Reaper

reaper = Reaper()
ground = Ground(ControlGroup(Path(sys.argv[1]), int(sys.argv[2])))
reaper.remove_groups(ground.folder)
workspace = Path(sys.argv[3])
reaper.remove_workspace(workspace)
child = subprocess.Popen(["sleep", "600"], start_new_session=True, stdout=subprocess.DEVNULL)
group = ground.group()
group.take(child.pid)
print(child.pid, ground.folder, flush=True)
if sys.argv[4] == "closes":
    asyncio.run(reaper.aclose())
    print("closed", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("controller", ["memory", UNIFIED])
@pytest.mark.parametrize("end", ["killed", "closes"])
async def test_control_groups_and_workspace(tmp_path: Path, controller: str, end: str) -> None:
    """Control groups are removed with the processes in them, also those that are on no list, and so are files."""
    where, workspace = place(controller), tmp_path / "work space"
    (workspace / "folder").mkdir(parents=True)
    argv = [sys.executable, "-c", GATEWAY, str(where.folder), str(where.version), str(workspace), end]
    owner = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    assert owner.stdout
    said = (await asyncio.wait_for(owner.stdout.readline(), DEADLINE_S)).decode().split()
    if not said:
        await owner.communicate()
        pytest.skip("control groups cannot be made")
    folder = Path(said[1])
    if end == "closes":
        await asyncio.wait_for(owner.stdout.readline(), DEADLINE_S)
        assert not await asyncio.to_thread(folder.exists)
    owner.kill()
    await owner.wait()

    await until_gone(int(said[0]))
    await eventually(lambda: not folder.exists() and not workspace.exists())


async def sleeping(reaper: Reaper) -> tuple[int, socket.socket]:
    """A process that does nothing."""
    program = Program(["sleep", "600"], {"PATH": os.environ["PATH"]}, Path("/"))
    return await asyncio.to_thread(reaper.launch, program, [1])


async def test_stopped_processes_end_too() -> None:
    """A process that was stopped cannot escape."""
    reaper = Reaper()
    pid, own = await sleeping(reaper)
    os.kill(pid, signal.SIGSTOP)
    await eventually(lambda: state(pid) == "T")
    await reaper.aclose()

    await until_gone(pid)
    own.close()


async def test_close_leaves_no_process() -> None:
    """The launcher ends with the reaper; one that is not used starts none."""
    before = children()
    idle, used = Reaper(), Reaper()
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
    reaper = Reaper()
    pid, own = await sleeping(reaper)
    (launcher,) = children() - before
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(launcher, number)
    another, its_own = await sleeping(reaper)
    await eventually(lambda: [state(pid), state(another)] == ["S", "S"])
    its_own.close()

    await reaper.aclose()
    await until_gone(pid)
    own.close()


async def test_taken_before_the_program_begins(tmp_path: Path) -> None:
    """What has to be done for a process is done before it can do anything itself."""
    reaper, there = Reaper(), []
    program = Program(["touch", str(tmp_path / "begun")], {"PATH": os.environ["PATH"]}, Path("/"))
    launch = partial(reaper.launch, program, [1], lambda _: there.append((tmp_path / "begun").exists()))
    _, own = await asyncio.to_thread(launch)
    with own:
        code = exit_code(await asyncio.to_thread(own.recv, 4))
    await reaper.aclose()

    assert (there, code, (tmp_path / "begun").exists()) == ([False], 0, True)


def test_python_that_cannot_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what to do."""
    monkeypatch.setattr("sys.executable", "/no/such/python")

    with pytest.raises(UsageError, match=r"^/no/such/python cannot be run \(No such file .*; take --in-process$"):
        Reaper().begin()
