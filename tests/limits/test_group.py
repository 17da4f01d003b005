"""One control group: what is written to it and read from it, and how it ends."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.limits.ground import Ground
from gateway.limits.group import Group, remove
from tests.limits.grounds import UNIFIED, ground, sleeper
from tests.targets.hosting import DEADLINE_S

HOLDS = "import sys; held = bytearray({megabytes} << 20); print('held', flush=True); sys.stdin.read()"


@pytest.fixture(params=["memory", UNIFIED])
def any_ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """A ground of this machine, in each of its versions."""
    with ground(request.param) as made:
        yield made


def holds(megabytes: int) -> subprocess.Popen[bytes]:
    """A process that waits and then holds memory, to be told by a line and ended by the end of its input."""
    script = "input(); " + HOLDS.format(megabytes=megabytes)
    return subprocess.Popen([sys.executable, "-S", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def go(process: subprocess.Popen[bytes]) -> bytes:
    """Let such a process begin; what it says."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"\n")
    process.stdin.flush()
    return process.stdout.readline()


@pytest.mark.parametrize(
    ("version", "files"),
    [
        (1, {"memory.limit_in_bytes": "1000", "memory.memsw.limit_in_bytes": "1000"}),
        (2, {"memory.max": "1000", "memory.swap.max": "0"}),
    ],
)
def test_memory_files(tmp_path: Path, version: int, files: dict[str, str]) -> None:
    """The limit is for memory and swap together, which each version says in its own way."""
    group = Group(tmp_path / "g", version)
    group.limit_memory(1000)

    assert {file.name: file.read_text() for file in group.folder.iterdir()} == files


@pytest.mark.parametrize(
    ("version", "files"),
    [(1, {"cpu.cfs_period_us": "20000", "cpu.cfs_quota_us": "1447"}), (2, {"cpu.max": "1447 20000"})],
)
def test_cpu_files(tmp_path: Path, version: int, files: dict[str, str]) -> None:
    """The share is a quota of microseconds in each period."""
    group = Group(tmp_path / "g", version)
    group.limit_cpu(128 / 1769)

    assert {file.name: file.read_text() for file in group.folder.iterdir()} == files


@pytest.mark.parametrize(
    ("version", "peak", "events"),
    [(1, "memory.max_usage_in_bytes", "memory.oom_control"), (2, "memory.peak", "memory.events")],
)
def test_what_is_read(tmp_path: Path, version: int, peak: str, events: str) -> None:
    """The peak without the file pages that are still there, and how many processes were killed."""
    group = Group(tmp_path / "g", version)
    (group.folder / peak).write_text("5000\n")
    (group.folder / "memory.stat").write_text("cache 9000\nactive_file 1000\ninactive_file 2000\n")
    (group.folder / events).write_text("under_oom 0\noom_kill 3\n")

    assert (group.peak, group.killed) == (2000, 3)


@pytest.mark.parametrize("version", [1, 2])
def test_what_the_kernel_does_not_tell(tmp_path: Path, version: int) -> None:
    """Kernels that lack a file give nothing."""
    group = Group(tmp_path / "g", version)

    assert (group.peak, group.killed) == (0, 0)


def test_kernel_kills_what_is_over_the_limit(memory_ground: Ground) -> None:
    """A process that holds more than the limit is killed and counted; one below it is not."""
    group = memory_ground.group()
    group.limit_memory(60 << 20)
    for megabytes, said in ((20, b"held\n"), (80, b"")):
        with holds(megabytes) as process:
            group.take(process.pid)
            assert go(process) == said
    assert process.returncode == -9
    assert group.killed == 1
    assert 20 << 20 < group.peak <= 60 << 20


def test_peak_leaves_out_files(memory_ground: Ground, tmp_path: Path) -> None:
    """What was only written can be given back, and is not what the processes need."""
    group = memory_ground.group()
    script = f"""
import sys
input()
with open({str(tmp_path / "large")!r}, "wb") as file:
    for _ in range(50):
        file.write(bytes(1 << 20))
print("written", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-S", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        group.take(process.pid)
        assert go(process) == b"written\n"
        peak = group.peak

    assert peak < 20 << 20


def test_process_that_has_ended(any_ground: Ground) -> None:
    """Nothing happens; a process may be quicker than who moves it."""
    any_ground.group().take(2**22 + 1)


def test_remove_ends_what_is_left(any_ground: Ground) -> None:
    """Also what has left its session, which no signal to a process group reaches."""
    group = any_ground.group()
    with sleeper() as process:
        group.take(process.pid)
        remove(group.folder)
        assert process.wait(DEADLINE_S) == -9
    assert not group.folder.exists()
    remove(group.folder)
