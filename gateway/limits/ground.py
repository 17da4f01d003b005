"""The gateway's own control groups, in which those of its environments are made.

Facts, from the kernel's documentation "Control Group v2": a group gives controllers to those below it only while no
process is in it itself ("no internal processes"; the root of the tree may).  So where version 2's tree is used, the
gateway moves itself to a group beside those of its environments.  It moves nobody else: in a group that it shares with
other processes, such as those of a login session, it makes none.

Each gateway has a lock on its folder while it lives; what has none is of a gateway that died.
"""

import contextlib
import fcntl
import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.limits.group import PROCESSES, Group, processes_in, remove
from gateway.limits.places import ControlGroup

PREFIX: Final = "lambda-gateway-"
_SELF: Final = "gateway"
_DELEGATE: Final = "cgroup.subtree_control"


class NoGround(Exception):
    """Control groups cannot be made; the text says why."""


class Ground:
    """A folder for the groups of one gateway's environments.

    Args:
        place: Where the gateway is.

    Raises:
        NoGround: None can be made there.
    """

    def __init__(self, place: ControlGroup) -> None:
        self._place = place
        self._numbers = itertools.count()
        self._delegated: list[str] = []
        try:
            with _locked(place.folder):
                _sweep(place.folder)
                self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place.folder))
                self._lock = os.open(self.folder, os.O_RDONLY)
                fcntl.flock(self._lock, fcntl.LOCK_EX)
        except OSError as error:
            raise NoGround(f"none may be made in {place.folder} ({error.strerror})") from error

    def enable(self, controller: str) -> None:
        """Make a controller count in the groups to come; nothing is needed in version 1.

        Raises:
            NoGround: The controller is not for this user, or other processes are in the way.
        """
        if self._place.version == 1 or controller in self._delegated:
            return
        above = self._place.folder
        try:
            if controller not in (above / "cgroup.controllers").read_text().split():
                raise NoGround(f"the controller {controller} is not delegated to {above}")
            self._delegate(above, controller)
        except OSError as error:
            raise NoGround(f"{controller} cannot be limited below {above} ({error.strerror})") from error
        self._delegated.append(controller)

    def group(self) -> Group:
        """A new group.

        Raises:
            OSError: It cannot be made.
        """
        return Group(self.folder / str(next(self._numbers)), self._place.version)

    def close(self) -> None:
        """End what is left in the groups and remove them; may be called twice."""
        if self._lock < 0:
            return
        _clear(self.folder)
        with contextlib.suppress(OSError):
            self._go_back()
        _clear(self.folder)
        os.close(self._lock)
        self._lock = -1

    def _delegate(self, above: Path, controller: str) -> None:
        if controller not in (above / _DELEGATE).read_text().split():
            inside = processes_in(above) if (above / "cgroup.type").exists() else set()  # the root has no such file
            if inside - {os.getpid()}:
                raise NoGround(f"other processes are in {above} too")
            if inside:
                (self.folder / _SELF).mkdir(exist_ok=True)
                (self.folder / _SELF / PROCESSES).write_text(f"{os.getpid()}")
            (above / _DELEGATE).write_text(f"+{controller}")
        (self.folder / _DELEGATE).write_text(f"+{controller}")

    def _go_back(self) -> None:
        if (self.folder / _SELF).is_dir():
            for folder in (self.folder, self._place.folder):
                (folder / _DELEGATE).write_text(" ".join(f"-{name}" for name in self._delegated))
            (self._place.folder / PROCESSES).write_text(f"{os.getpid()}")


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Nobody else sweeps or begins here meanwhile: a folder that has just been made is not locked yet."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sweep(above: Path) -> None:
    """Remove what gateways that died have left."""
    for folder in above.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _clear(folder)
            finally:
                os.close(descriptor)


def _clear(folder: Path) -> None:
    """Remove a gateway's folder with its groups, except the one that a gateway itself is in."""
    groups = [entry for entry in folder.glob("*/") if entry.name.isdigit()]
    for entry in groups:
        remove(entry)
    for entry in (folder / _SELF, folder):
        with contextlib.suppress(OSError):
            entry.rmdir()
