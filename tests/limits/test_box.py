"""What holds the processes of one environment, however many they are."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.limits.box import Box
from gateway.limits.ground import Ground
from gateway.limits.group import Group, processes_in
from gateway.limits.means import NO_MEANS, Means
from gateway.limits.places import ControlGroup
from gateway.limits.sandbox import Sandbox, Seen, View
from tests.limits.grounds import ground, sleeper
from tests.limits.test_group import go, holds
from tests.targets.hosting import DEADLINE_S

pytestmark = pytest.mark.anyio


class Refusing(Ground):
    """A ground whose groups cannot be made."""

    def group(self) -> Group:
        """Fail as when the system has too many."""
        raise OSError(28, "No space left on device")


def works() -> "subprocess.Popen[bytes]":
    """A process that works when it is told to."""
    script = "import time; input()\nwhile time.process_time() < 0.2: pass\nprint('done', flush=True)"
    argv = [sys.executable, "-S", "-c", script]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


async def test_memory_of_all_processes(memory_ground: Ground) -> None:
    """Two processes that are each within the limit and together are not: one of them is killed."""
    box = Box(60, Path("/"), Means(memory=memory_ground))
    with holds(40) as first, holds(40) as second:
        assert box.take(first.pid)
        assert box.take(second.pid)
        said = [go(first), go(second)]
        killed = box.out_of_memory
        peak_kib = box.peak_kib
        await box.aclose()

    assert said[0] == b"held\n"
    assert killed
    assert 40 << 10 < peak_kib <= 60 << 10


async def test_within_the_limit(memory_ground: Ground) -> None:
    """Nobody is killed, and closing ends what is left and removes the group."""
    box = Box(60, Path("/"), Means(memory=memory_ground))
    with sleeper() as process:
        assert box.take(process.pid)
        (folder,) = memory_ground.folder.glob("*/")
        assert processes_in(folder) == {process.pid}
        assert not box.out_of_memory
        await box.aclose()
        assert process.wait(DEADLINE_S) == -9

    assert not folder.exists()
    assert (box.out_of_memory, box.peak_kib) == (False, 0)


async def test_cpu_share_begins_late(tmp_path: Path) -> None:
    """All of the CPU until the init phase is over, then the share of the memory size."""
    made = Ground(ControlGroup(tmp_path, 2))
    box = Box(3538, Path("/"), Means(cpu=made))
    with sleeper() as process:
        assert not box.take(process.pid)
        file = made.folder / "0" / "cpu.max"
        before = file.exists()
        box.share_cpu()
        await asyncio.sleep(0)

    assert not before
    assert file.read_text() == "40000 20000"


async def test_cpu_share_of_another_process(tmp_path: Path) -> None:
    """A runtime that takes another one's place after the init phase has its share from the start."""
    made = Ground(ControlGroup(tmp_path, 2))
    box = Box(1769, Path("/"), Means(cpu=made))
    with sleeper() as process:
        box.share_cpu()
        box.take(process.pid)

    assert (made.folder / "0" / "cpu.max").read_text() == "20000 20000"


async def test_cpu_share_in_fact() -> None:
    """The kernel holds up a process that works for longer than a tenth of a CPU allows."""
    with ground("cpu") as made:
        box = Box(177, Path("/"), Means(cpu=made))
        with works() as process:
            box.take(process.pid)
            box.share_cpu()
            await asyncio.sleep(0)
            said = await asyncio.to_thread(go, process)
            statistics = (made.folder / "0" / "cpu.stat").read_text().split()
        await box.aclose()

    assert said == b"done\n"
    assert int(statistics[statistics.index("nr_throttled") + 1]) > 0


async def test_one_group_for_both(tmp_path: Path) -> None:
    """In version 2 memory and CPU are limited in the same group."""
    made = Ground(ControlGroup(tmp_path, 2))
    box = Box(128, Path("/"), Means(memory=made, cpu=made))
    with sleeper() as process:
        assert box.take(process.pid)
        box.share_cpu()
        await asyncio.sleep(0)

    assert [path.name for path in made.folder.iterdir()] == ["0"]
    assert (made.folder / "0" / "memory.max").read_text() == "134217728"
    assert (made.folder / "0" / "cpu.max").read_text() == "1447 20000"


async def test_no_group(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A group that cannot be made leaves the limit to who watches, and the log says so."""
    box = Box(128, Path("/"), Means(memory=Refusing(ControlGroup(tmp_path, 1))))
    with sleeper() as process:
        assert box.has_groups
        assert not box.take(process.pid)
        await box.aclose()

    assert "a process is in no control group, so that its limits may not hold: [Errno 28]" in caplog.text


async def test_share_that_cannot_be_had(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log says so; the environment goes on."""
    made = Ground(ControlGroup(tmp_path, 2))
    box = Box(128, Path("/"), Means(cpu=made))
    with sleeper() as process:
        box.take(process.pid)
        (made.folder / "0" / "cpu.max").mkdir()
        box.share_cpu()
        await asyncio.sleep(0)

    assert "an environment has all of the CPU: [Errno 21]" in caplog.text


async def test_without_means(tmp_path: Path) -> None:
    """There is nothing to wait for, and the folder is where it is."""
    box = Box(128, tmp_path, NO_MEANS)
    box.share_cpu()
    await box.aclose()

    assert (box.tmp, box.has_groups, box.out_of_memory, box.peak_kib) == (tmp_path, False, False, 0)


def test_tmp(tmp_path: Path) -> None:
    """Where the folder is mounted, the processes find it at ``/tmp``, and the box says what is to be mounted."""
    sandbox = Sandbox(user=True, refused=lambda _: {})
    boxes = [Box(128, tmp_path, Means(view=it)) for it in (None, View(sandbox, Seen(512)), View(sandbox, Seen()))]

    assert [box.tmp for box in boxes] == [tmp_path, Path("/tmp"), tmp_path]
    assert [box.mounts() for box in boxes] == [None, {"user": "yes", "tmp": f"{tmp_path}/tmp"}, {"user": "yes"}]


def test_mark(memory_ground: Ground) -> None:
    """Where no control group holds the processes they have a mark, another one for each environment."""
    marks = [Box(128, Path("/"), means).mark for means in (Means(memory=memory_ground), NO_MEANS, NO_MEANS)]

    assert marks[0] == ""
    assert len({*marks}) == 3
