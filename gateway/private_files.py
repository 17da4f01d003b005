"""Files and folders that only their user can read: keys, recordings, logs.

A file has its mode from its first moment, whatever the umask, and stands in its place only when it is whole.  What was
there before keeps the mode that it has.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FILE = 0o600
_FOLDER = 0o700
_OTHERS = 0o077


def make_private_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing; raises OSError."""
    if not folder.is_dir():
        if not folder.parent.exists():
            make_private_folder(folder.parent)
        folder.mkdir(mode=_FOLDER, exist_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Write a file, in the place of one that is there; raises OSError."""
    with _draft(path, content) as draft:
        draft.replace(path)


def write_private_once(path: Path, content: bytes) -> None:
    """Write a file unless there is one, which another process may have written meanwhile; raises OSError."""
    with _draft(path, content) as draft:
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return


def open_private_log(path: Path) -> int:
    """A descriptor that appends to a file, which is made when it is missing; raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _FILE)


def read_private(path: Path) -> bytes:
    """A file that nobody else can know.

    Raises:
        OSError: It cannot be read, belongs to another user, or others may read or write it.
    """
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        if found.st_uid != os.geteuid():
            raise PermissionError(f"{path} belongs to another user (uid {found.st_uid})")
        if found.st_mode & _OTHERS:
            raise PermissionError(f"others may read or write {path} (mode {found.st_mode & 0o777:03o}, allowed: 600)")
        return file.read()


@contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """The content under another name, which is gone afterwards."""
    draft = path.with_name(f"{path.name}.{os.urandom(4).hex()}.unfinished")
    # O_EXCL: neither a file nor a symbolic link that somebody has put there is written to.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
