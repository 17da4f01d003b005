"""What the processes of an environment find at ``/tmp``, ``/opt`` and ``/var/task``, in mount namespaces of their own.

Root may mount.  An ordinary user needs a user namespace, in which all files of others seem to belong to nobody and
programs that are set-user-ID lose that, so it is not done unless it is asked for.  What is mounted, and how, is in
`gateway.bootstraps.launcher.mounts`; what this system allows is tried once.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from gateway.errors import UsageError
from gateway.limits.image import Images

TMP: Final = Path("/tmp")  # noqa: S108 - not a file in it
PLACES: Final = {"tmp": TMP, "opt": Path("/opt"), "task": Path("/var/task")}
_CAP_SYS_ADMIN: Final = 21

Refused = Callable[[Mapping[str, str]], Mapping[str, int]]
"""Tries mounts: which of them are not possible, with the errno."""


class Sandbox:
    """What can be mounted here.

    Args:
        user: Use user namespaces, for who may not mount.
        refused: Tries it.

    Attributes:
        reasons: What cannot be had, and why, in words.

    Raises:
        OSError: Nothing can be mounted.
    """

    def __init__(self, *, user: bool, refused: Refused) -> None:
        self.reasons: list[str] = []
        self.images: Images | None = None
        self._user = user
        self._names = set(PLACES)
        images = None if user else Images()
        here = str(Path(__file__).parent)
        wanted = {**self.way, "tmp": here, "opt": here, "task": here}
        if images and not images.problem:
            wanted["size"] = images.sample
        found = refused(wanted)
        if number := found.get("namespace"):
            raise OSError(number, os.strerror(number), str(TMP))
        for name in self._names & found.keys():
            self.reasons.append(f"functions find no {PLACES[name]} of their own: {os.strerror(found[name])}")
        self._names -= found.keys()
        problem = "only root can mount a file system" if images is None else images.problem
        if number := found.get("size"):
            problem = f"no loop device can be mounted ({os.strerror(number)})"
        if problem:
            self.reasons.append(f"the size of /tmp is not kept: {problem}")
        else:
            self.images = images

    def close(self) -> None:
        """Give back what is held for images."""
        if self.images:
            self.images.close()

    @property
    def way(self) -> dict[str, str]:
        """By which kind of namespaces."""
        return {"user": "yes"} if self._user else {}

    def allows(self, name: str) -> bool:
        """Whether ``tmp``, ``opt`` or ``task`` can be mounted."""
        return name in self._names


class Seen(NamedTuple):
    """What the processes of a function are to find.

    Attributes:
        tmp_mb: The size of ``/tmp``; 0 leaves ``/tmp`` as it is.
        opt: The folder of the layers; None leaves ``/opt`` as it is.
        task: The folder of the code; None leaves ``/var/task`` as it is.
    """

    tmp_mb: int = 0
    opt: Path | None = None
    task: Path | None = None


NOTHING: Final = Seen()


@dataclass(frozen=True, slots=True)
class View:
    """What the environments of one function find, and how it is mounted."""

    sandbox: Sandbox
    seen: Seen

    def prepare(self, folder: Path) -> dict[str, str]:
        """What the launcher is to mount for the environment with this folder; makes files, so not for the event loop.

        Raises:
            OSError: There is no place on disk.
        """
        mounts, seen = dict(self.sandbox.way), self.seen
        if seen.opt:
            mounts["opt"] = str(seen.opt)
        if seen.task:
            mounts["task"] = str(seen.task)
        if seen.tmp_mb and self.sandbox.images:
            mounts["size"] = str(self.sandbox.images.make(folder / "tmp.img", seen.tmp_mb))
        elif seen.tmp_mb:
            mounts["tmp"] = str(_open_to_all(folder / "tmp"))
        return mounts


def _open_to_all(folder: Path) -> Path:
    """A folder as ``/tmp`` is; nobody else can reach it, since those above it are closed."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o1777)
    return folder


def find_sandbox(*, asked: bool, refused: Refused) -> Sandbox | None:
    """What can be mounted without being asked for, or with all that comes with it; None for nothing.

    Raises:
        UsageError: It was asked for, and the system does not allow it.
    """
    user = not _may_mount()
    if user and not asked:
        return None
    try:
        return Sandbox(user=user, refused=refused)
    except OSError as error:
        if not asked:
            return None
        raise UsageError(
            f"--sandbox: this user may mount nothing ({error.strerror}); run the gateway as root, or let the system "
            "allow user namespaces, or leave the option out"
        ) from error


def _may_mount() -> bool:
    """Whether this process has the capability: most users have not, and pay nothing for trying."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return False
    held = next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)
    return bool(held >> _CAP_SYS_ADMIN & 1)


def what_is_below(place: Path, argv: Sequence[str], variables: Mapping[str, str], folders: Sequence[Path]) -> str:
    """What of an environment's own lies below a place and would be hidden by a mount there, "" for nothing.

    What a variable names below ``/tmp`` may be there later; elsewhere it means what Lambda has there, unless it exists.

    Args:
        place: Such as ``/tmp``.
        argv: Of its process.
        variables: All of them but ``TMPDIR``.
        folders: What it reads; links are followed.
    """
    program = shutil.which(argv[0])
    named = [*argv, *(part for name in variables for part in variables[name].split(os.pathsep))]
    paths = [*(Path(text) for text in named if text.startswith("/")), *folders, *([Path(program)] if program else [])]
    for path in paths:
        for form in (path, path.resolve()):
            if place in form.parents and (place == TMP or form.exists()):
                return str(form)
    return ""
