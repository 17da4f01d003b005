"""One control group: its limits, what it has used, and its end.

Facts, from the kernel's documentation ("Memory Resource Controller", "CFS Bandwidth Control", "Control Group v2"):

- A group that is at its memory limit first gives back file pages; then the kernel kills one of its processes and
  counts that.
- The largest use that the kernel remembers counts file pages too, and what its processes took after they came into
  the group.
- A group can be removed when no process is in it.
"""

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Final, NamedTuple

PROCESSES: Final = "cgroup.procs"
_PERIOD_US: Final = 20_000
"""Short, so that a handler that needs a few ms more than its share is held up for a few ms only."""
_END_LIMIT_S: Final = 2.0
_LOOK_S: Final = 0.005


class _Files(NamedTuple):
    """The names of the files in one version, and what says that nothing may be swapped out in place of the limit."""

    limit: str
    swap: str
    peak: str
    events: str


_FILES: Final = {
    1: _Files(
        "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.max_usage_in_bytes", "memory.oom_control"
    ),
    2: _Files("memory.max", "memory.swap.max", "memory.peak", "memory.events"),
}


class Group:
    """One control group, made at once.

    Args:
        folder: Of the group.
        version: Of its tree.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, folder: Path, version: int) -> None:
        self.folder = folder
        self._version = version
        self._files = _FILES[version]
        folder.mkdir()

    def limit_memory(self, size: int) -> None:
        """Let all processes together hold this many bytes, swap included.

        Raises:
            OSError: The group has no such limit.
        """
        (self.folder / self._files.limit).write_text(f"{size}")
        with contextlib.suppress(OSError):  # a kernel that does not count swap has no such file
            (self.folder / self._files.swap).write_text(f"{size if self._version == 1 else 0}")

    def limit_cpu(self, share: float) -> None:
        """Let all processes together have this many CPUs.

        Raises:
            OSError: The group has no such limit.
        """
        quota_us = round(share * _PERIOD_US)
        if self._version == 1:
            (self.folder / "cpu.cfs_period_us").write_text(f"{_PERIOD_US}")
            (self.folder / "cpu.cfs_quota_us").write_text(f"{quota_us}")
        else:
            (self.folder / "cpu.max").write_text(f"{quota_us} {_PERIOD_US}")

    def take(self, pid: int) -> None:
        """Move a process here; nothing happens when it has ended.

        Raises:
            OSError: It may not be moved.
        """
        with contextlib.suppress(ProcessLookupError):
            (self.folder / PROCESSES).write_text(f"{pid}")

    @property
    def killed(self) -> int:
        """How many of its processes the kernel killed for their memory."""
        return _pairs(self.folder / self._files.events).get("oom_kill", 0)

    @property
    def peak(self) -> int:
        """The most that its processes held together, in bytes; 0 when the kernel does not tell.

        File pages that are still there are taken off: the kernel gives them back when memory is needed, and whoever
        reads a large file would otherwise seem to need all of his memory.  Those that went before cannot be told
        from the rest.
        """
        with contextlib.suppress(OSError, ValueError):
            pages = _pairs(self.folder / "memory.stat")
            files = pages.get("active_file", 0) + pages.get("inactive_file", 0)
            return max(int((self.folder / self._files.peak).read_text()) - files, 0)
        return 0


def remove(folder: Path) -> None:
    """Kill what is still in a group and remove it; waits at most two seconds for the end of the processes."""
    deadline = time.monotonic() + _END_LIMIT_S
    while not _removed(folder) and time.monotonic() < deadline:
        for pid in processes_in(folder):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_LOOK_S)


def processes_in(folder: Path) -> set[int]:
    """The processes in a group, none when it is not there."""
    try:
        return set(map(int, (folder / PROCESSES).read_text().split()))
    except OSError:
        return set()


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _pairs(file: Path) -> dict[str, int]:
    """Lines of a name and a number."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return {}
    return {name: int(value) for name, _, value in (line.partition(" ") for line in lines)}
