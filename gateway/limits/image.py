"""File systems of a given size, each in a file that takes only what is written to it.

``/tmp`` of a function is on disk: what is in memory (tmpfs) would count as the function's, in its control group.
"""

import errno
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Final

_OPTIONS: Final = ("-q", "-F", "-m", "0", "-O", "^has_journal,^resize_inode", "-E", "lazy_itable_init=1,nodiscard")
"""No journal, since nothing outlives the environment, and nothing written that a new file has as zeros."""
_INODES: Final = 1 / 60
"""What the file system needs beside the files, as a share of their size."""
_MB: Final = 1024 * 1024
_SAMPLE_MB: Final = 512
_WHERE: Final = os.pathsep.join(("/usr/sbin", "/sbin"))
"""Where ``mkfs.ext4`` is on most systems; the PATH of many users does not name it."""


class Images:
    """Makes such files; the first of each size by ``mkfs.ext4``, those that follow from what it wrote.

    Attributes:
        problem: Why none can be made, "" when they can.
        sample: One of 512 MB, for a try.
    """

    def __init__(self) -> None:
        self._program = shutil.which("mkfs.ext4") or shutil.which("mkfs.ext4", path=_WHERE)
        self._written: dict[int, list[tuple[int, bytes]]] = {}
        self._descriptor = -1
        self._lock = threading.Lock()
        self.problem = "" if self._program else "mkfs.ext4 is not there, of e2fsprogs"
        if not self.problem:
            try:
                self._descriptor = os.memfd_create("tmp")
                self._blocks(_SAMPLE_MB)
            except (OSError, subprocess.SubprocessError) as error:
                self.problem = f"mkfs.ext4 does not work here ({error})"

    @property
    def sample(self) -> str:
        """The file's name."""
        return f"/proc/{os.getpid()}/fd/{self._descriptor}"

    def make(self, file: Path, size_mb: int) -> Path:
        """The file, made unless it is there.

        Raises:
            OSError: There is no place for it, or ``mkfs.ext4`` fails.
        """
        if not file.exists():
            with self._lock:
                blocks = self._blocks(size_mb)
            with file.open("xb") as opened:
                opened.truncate(_bytes_of(size_mb))
                for offset, block in blocks:
                    opened.seek(offset)
                    opened.write(block)
        return file

    def close(self) -> None:
        """Make no more of them; may be called twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _blocks(self, size_mb: int) -> list[tuple[int, bytes]]:
        if size_mb not in self._written:
            os.ftruncate(self._descriptor, 0)
            os.ftruncate(self._descriptor, _bytes_of(size_mb))
            argv = [str(self._program), *_OPTIONS, self.sample]
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
            )
            if done.returncode:
                raise OSError(errno.EIO, done.stderr.strip().splitlines()[-1])
            self._written[size_mb] = _data_of(self._descriptor)
        return self._written[size_mb]


def _bytes_of(size_mb: int) -> int:
    return int(size_mb * _MB * (1 + _INODES)) // 4096 * 4096


def _data_of(descriptor: int) -> list[tuple[int, bytes]]:
    """The parts of a file that were written."""
    found: list[tuple[int, bytes]] = []
    offset = 0
    while True:
        try:
            begin = os.lseek(descriptor, offset, os.SEEK_DATA)
        except OSError:
            return found
        offset = os.lseek(descriptor, begin, os.SEEK_HOLE)
        found.append((begin, os.pread(descriptor, offset - begin, begin)))
