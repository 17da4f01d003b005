"""The reaper: nothing outlives a gateway that was killed."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.targets.reaper import Reaper
from tests.limits.grounds import UNIFIED, place
from tests.targets.hosting import DEADLINE_S, children, eventually, state, until_gone

pytestmark = pytest.mark.anyio

OWNER = """
import subprocess, sys, time
from gateway.targets.reaper import Reaper

reaper = Reaper()
groups = [
    subprocess.Popen(["sleep", "600"], start_new_session=True, stdout=subprocess.DEVNULL) for _ in range(3)
]
for group in groups:
    reaper.add(group.pid)
reaper.remove(groups[1].pid)
print(*(group.pid for group in groups), flush=True)
time.sleep(600)
"""


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
reaper.add(2**22 + 1)
child = subprocess.Popen(["sleep", "600"], start_new_session=True, stdout=subprocess.DEVNULL)
group = ground.group()
group.take(child.pid)
print(child.pid, ground.folder, flush=True)
if sys.argv[4] == "closes":
    asyncio.run(reaper.aclose())
    print("closed", flush=True)
time.sleep(600)
"""


def sleeper() -> subprocess.Popen[bytes]:
    """A process in a group of its own."""
    return subprocess.Popen(["sleep", "600"], start_new_session=True)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_groups_of_a_killed_owner_end(number: signal.Signals) -> None:
    """Whatever ends the owner, the groups on the list are killed; one that was taken off is left alone."""
    owner = await asyncio.create_subprocess_exec(sys.executable, "-c", OWNER, stdout=asyncio.subprocess.PIPE)
    assert owner.stdout
    first, forgotten, last = map(int, (await asyncio.wait_for(owner.stdout.readline(), DEADLINE_S)).split())

    owner.send_signal(number)
    await owner.wait()

    await until_gone(first)
    await until_gone(last)
    assert state(forgotten) == "S"
    os.kill(forgotten, signal.SIGKILL)
    await until_gone(forgotten)


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


async def test_stopped_groups_end_too() -> None:
    """A process that was stopped cannot escape."""
    child = sleeper()
    os.kill(child.pid, signal.SIGSTOP)
    await eventually(lambda: state(child.pid) == "T")
    reaper = Reaper()
    reaper.add(child.pid)
    await reaper.aclose()

    assert child.wait(DEADLINE_S) == -signal.SIGKILL


async def test_close_leaves_no_process() -> None:
    """The shell ends with the reaper; one that never had a group starts none."""
    before = children()
    idle, used = Reaper(), Reaper()
    used.add(2**22 + 1)
    used.remove(2**22 + 1)
    assert len(children() - before) == 1

    await idle.aclose()
    await used.aclose()
    await used.aclose()
    assert children() == before


async def test_interrupt_does_not_end_the_shell() -> None:
    """Ctrl-C reaches a whole terminal; the shell must be the last to go."""
    before = children()
    child = sleeper()
    reaper = Reaper()
    reaper.add(child.pid)
    (shell,) = children() - before - {child.pid}
    await eventually(lambda: b"sh" in Path(f"/proc/{shell}/cmdline").read_bytes() and ignores_interrupt(shell))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(shell, number)
    await reaper.aclose()

    assert child.wait(DEADLINE_S) == -signal.SIGKILL


def ignores_interrupt(pid: int) -> bool:
    """Whether SIGINT, number 2, is in the mask of ignored signals."""
    lines = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool(int(lines["SigIgn"], 16) & 2)
