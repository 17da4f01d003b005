"""Folders named by the hash of what they are made from.

Such a folder is complete from the moment that it is there, and nothing changes it: an execution environment that reads
from it, however late, finds what it began with, while the next version stands beside it.  The same content is there
once, whatever it is called and whoever uses it.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from gateway.errors import UsageError

_TRIES: Final = 3
_NAME: Final = 32
"""Hexadecimal digits of a folder's name, which stands in search paths and tracebacks."""
_SMALL: Final = 64 * 1024


def folder_of(sources: Sequence[Path], workspace: Path, fill: Callable[[Path], None]) -> Path:
    """The folder below ``workspace`` that is made from these sources.

    Args:
        sources: Files and folders, whose order counts.
        workspace: Where the folder stands beside others of its kind.
        fill: Puts into an empty folder what the sources make; it is called only for content that is not there yet.

    Raises:
        UsageError: A source cannot be read, or changes all the time; or what ``fill`` raises.
    """
    for _ in range(_TRIES):
        name = digest_of(sources)
        folder = workspace / name
        if folder.is_dir():
            return folder
        part = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=workspace))
        try:
            fill(part)
            if digest_of(sources) == name:  # else what was read may be half of the one and half of the other
                return part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    raise UsageError(f"{', '.join(map(str, sources))}: changes while it is read; try again when it is written")


def digest_of(sources: Sequence[Path]) -> str:
    """The name for the content of these sources: the bytes of files; names, modes and bytes of what is in folders.

    50 MB take 40 ms where the processor computes SHA-256 itself.

    Raises:
        UsageError: One of them cannot be read.
    """
    from hashlib import file_digest, sha256  # noqa: PLC0415 - code and layers are mostly folders

    def bytes_of(file: Path) -> str:
        with file.open("rb") as opened:
            begin = opened.read(_SMALL)  # most files of a layer, and `file_digest` takes a larger buffer for each
            if len(begin) < _SMALL:
                return sha256(begin).hexdigest()
            opened.seek(0)
            return file_digest(opened, "sha256").hexdigest()

    digest = sha256()
    for source in sources:
        try:
            if source.is_dir():
                for name, mode in _members(source):
                    path = Path(f"{source}{name}")
                    held = str(path.readlink()) if stat.S_ISLNK(mode) else bytes_of(path) if stat.S_ISREG(mode) else ""
                    digest.update(repr((name, mode, held)).encode())
                digest.update(b"folder")
            else:
                digest.update(repr(bytes_of(source)).encode())
        except OSError as error:
            raise UsageError(f"{error.filename or source} cannot be read: {error.strerror}") from error
    return digest.hexdigest()[:_NAME]


def _members(folder: Path) -> Iterator[tuple[str, int]]:
    """The path behind the folder's and the mode of everything in it, in one order on every system."""
    for top, folders, files in os.walk(folder, onerror=_raise):
        folders.sort()
        for name in sorted([*folders, *files]):
            path = os.path.join(top, name)  # noqa: PTH118 - a layer has thousands of files
            yield path[len(str(folder)) :], os.lstat(path).st_mode


def _raise(error: OSError) -> None:
    raise error
