"""A ``/tmp`` of its own for each environment: its folder, mounted there for its processes alone.

Facts, from mount_namespaces(7) and user_namespaces(7): a namespace belongs to a thread, and what the thread starts
inherits it, so root needs no program in between: a thread takes a namespace, mounts, starts the process and ends.  An
ordinary user needs a user namespace first, which a process with more than one thread cannot take; util-linux's
``unshare`` does it on the way to the process.  In a user namespace all files of others seem to belong to nobody and
programs that are set-user-ID lose that, so it is not done unless it is asked for.
"""

import contextlib
import errno
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeAlias, TypeVar

from gateway.errors import UsageError

T = TypeVar("T")

TMP: Final = Path("/tmp")  # noqa: S108 - not a file in it
_CLONE_NEWNS: Final = 0x0002_0000
_MS_BIND, _MS_REC, _MS_SLAVE = 0x1000, 0x4000, 0x8_0000
_CAP_SYS_ADMIN: Final = 21

Started: TypeAlias = "subprocess.Popen[bytes]"
Start: TypeAlias = Callable[[Sequence[str]], Started]
"""Starts a process from its program and arguments; raises OSError when that cannot be run."""


class PrivateTmp(Protocol):
    """A way to mount the folder."""

    def start(self, argv: Sequence[str], folder: Path, start: Start) -> Started:
        """Start a process to which ``folder`` is ``/tmp``; waits for it.

        Raises:
            OSError: The program cannot be run, or the folder cannot be mounted.
        """
        ...


class ThreadNamespace:
    """The mount namespace of a thread that does nothing else; needs the rights of root.

    Raises:
        OSError: It does not work here.
    """

    def __init__(self) -> None:
        if not _may_mount():
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(TMP))
        import ctypes  # noqa: PLC0415 - only who has the rights pays for it

        self._libc = ctypes.CDLL(None, use_errno=True)
        self._errno = ctypes.get_errno
        self._in_namespace(Path("/"), lambda: None)

    def start(self, argv: Sequence[str], folder: Path, start: Start) -> Started:
        """Start a process in a new namespace."""
        return self._in_namespace(folder, lambda: start(argv))

    def _in_namespace(self, folder: Path, work: Callable[[], T]) -> T:
        done: list[T] = []
        failed: list[OSError] = []

        def run() -> None:
            try:
                self._mount(folder)
                done.append(work())
            except OSError as error:
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        return done[0]

    def _mount(self, folder: Path) -> None:
        self._check(self._libc.unshare(_CLONE_NEWNS))
        # Mounts of the system still come and go here, ours stay here.
        self._check(self._libc.mount(b"none", b"/", None, _MS_REC | _MS_SLAVE, None))
        self._check(self._libc.mount(bytes(folder), bytes(TMP), None, _MS_BIND, None))

    def _check(self, result: int) -> None:
        if result:
            raise OSError(self._errno(), os.strerror(self._errno()), str(TMP))


class UserNamespace:
    """A user and a mount namespace by the program ``unshare``; user and group keep their numbers.

    Raises:
        OSError: It does not work here.
    """

    def __init__(self) -> None:
        none = subprocess.DEVNULL
        self._unshare, *self._programs = (shutil.which(name) or name for name in ("unshare", "sh", "mount", "setpriv"))
        with tempfile.TemporaryDirectory() as folder:
            argv = [*self._before(Path(folder)), "true"]
            tried = subprocess.run(argv, stdin=none, stdout=none, stderr=none, check=False)
        if tried.returncode:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), str(TMP))

    def start(self, argv: Sequence[str], folder: Path, start: Start) -> Started:
        """Start a process in new namespaces; a program that is not there is started outside, for the error."""
        return start(argv if shutil.which(argv[0]) is None else [*self._before(folder), *argv])

    def _before(self, folder: Path) -> list[str]:
        namespaces = ("--user", "--map-current-user", "--keep-caps", "--mount")
        shell, mount, setpriv = self._programs
        # The rights that the mount needs must not stay: they read files that are closed to their own user.
        script = '"$0" --bind "$1" /tmp && shift && exec "$@"'
        drop = (setpriv, "--inh-caps=-all", "--ambient-caps=-all")
        return [self._unshare, *namespaces, shell, "-c", script, mount, str(folder), *drop]


def find_means(
    *, asked: bool, plain: Callable[[], PrivateTmp] = ThreadNamespace, other: Callable[[], PrivateTmp] = UserNamespace
) -> PrivateTmp | None:
    """A way that works here, tried once; None when there is none.

    Args:
        asked: The user wants a private ``/tmp``, whatever else comes with it.
        plain: Makes the way that changes nothing else, or raises OSError.
        other: Makes the way to take when that is not there.

    Raises:
        UsageError: It was asked for, and the system does not allow it.
    """
    with contextlib.suppress(OSError):
        return plain()
    if not asked:
        return None
    try:
        return other()
    except OSError as error:
        raise UsageError(
            "--private-tmp: this user may mount nothing at /tmp; run the gateway as root, or let the system allow user "
            "namespaces and have unshare, mount and setpriv of util-linux"
        ) from error


def _may_mount() -> bool:
    """Whether this process has the capability: most users have not, and pay nothing for trying."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return False
    held = next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)
    return bool(held >> _CAP_SYS_ADMIN & 1)


def what_is_below(argv: Sequence[str], variables: Mapping[str, str], folders: Sequence[Path]) -> str:
    """What of an environment's own lies below ``/tmp`` and would be hidden by a mount there, "" for nothing.

    Args:
        argv: Of its process.
        variables: All of them but ``TMPDIR``.
        folders: What it reads; links are followed.
    """
    program = shutil.which(argv[0])
    named = [*argv, *(part for name in variables for part in variables[name].split(os.pathsep))]
    paths = [*(Path(text) for text in named if text.startswith("/")), *folders, *([Path(program)] if program else [])]
    for path in paths:
        for form in (path, path.resolve()):
            if TMP in form.parents:
                return str(form)
    return ""
