"""By which means the limits hold: control groups and mounts where the system allows them, something else where not."""

import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.limits.ground import Ground, NoGround
from gateway.limits.places import ControlGroup, file_system_of, place_of
from gateway.limits.private_tmp import TMP, PrivateTmp, find_means

log = logging.getLogger("gateway")

_PROC: Final = Path("/proc/self")
_ON_DISK: Final = "/var/tmp"  # noqa: S108 - only made folders with names of their own


@dataclass(frozen=True, slots=True)
class Means:
    """How the environments of one function are held to their limits.

    Attributes:
        memory: Where groups with a memory limit are made; None leaves the limit to who watches the process.
        cpu: Where groups with a CPU share are made; None for all of the CPU.
        private_tmp: Mounts an environment's folder at ``/tmp``; None leaves it to ``TMPDIR``.
    """

    memory: Ground | None = None
    cpu: Ground | None = None
    private_tmp: PrivateTmp | None = None


NO_MEANS: Final = Means()


class ResourceLimits:
    """The means of one gateway, found once.

    Args:
        private_tmp: True asks for a mounted ``/tmp`` with all that comes with it, False for none; None takes one that
            changes nothing else.
        opened: Hears of each folder with the gateway's control groups, to remove it when the gateway dies.

    Attributes:
        reasons: Why a function is not limited by better means, in words.

    Raises:
        UsageError: A private ``/tmp`` was asked for, and the system does not allow it.
    """

    def __init__(self, *, private_tmp: bool | None, opened: Callable[[Path], None]) -> None:
        self.reasons: list[str] = []
        self._opened = opened
        self._grounds: dict[ControlGroup, Ground] = {}
        self._found: dict[str, Ground | NoGround] = {}
        self._private_tmp = None if private_tmp is False else find_means(asked=private_tmp is True)
        self._given: dict[str, Means] = {}
        self._warned = False
        # Read once: in version 2 the gateway itself moves when the first controller is enabled.
        self._cgroup, self._mounts = _read("cgroup"), _read("mountinfo")

    @property
    def folder(self) -> Path:
        """Where folders of environments can be made.

        They do not stand in ``/tmp`` when that is mounted over, nor when it is in memory and would count as theirs.
        """
        usual = Path(tempfile.gettempdir())
        on_disk = os.access(_ON_DISK, os.W_OK)
        if usual != TMP or not on_disk:
            return usual
        counts = isinstance(self._ground("memory"), Ground) and file_system_of(TMP, self._mounts) == "tmpfs"
        return Path(_ON_DISK) if counts or self._private_tmp else usual

    def means(self, name: str, *, cpu_share: bool, hidden: str) -> Means:
        """The means for one function.

        Args:
            name: Of the function.
            cpu_share: Limit its CPU.
            hidden: What of its own a mount at ``/tmp`` would hide, "" for nothing.
        """
        if self._private_tmp and hidden:
            self.reasons.append(f"{name} has no /tmp of its own, since {hidden} is below /tmp")
        memory, cpu = self._ground("memory"), self._ground("cpu") if cpu_share else None
        if isinstance(memory, NoGround) and not self._given:
            self.reasons.append(f"memory is only watched, since there are no control groups: {memory}")
        if isinstance(cpu, NoGround) and not self._warned:
            self._warned = True
            log.warning(
                "the CPU is not limited, since there are no control groups: %s; run the gateway as root, or in a "
                "control group of its own that is delegated to this user",
                cpu,
            )
        given = self._given[name] = Means(
            memory if isinstance(memory, Ground) else None,
            cpu if isinstance(cpu, Ground) else None,
            None if hidden else self._private_tmp,
        )
        return given

    def __str__(self) -> str:
        """The means in words, for one line of the log."""
        if not self._given:
            return "none, since no function has a process of its own"
        memory, cpu = self._found["memory"], self._found.get("cpu")
        share = "CPU share off" if cpu is None else "no CPU share" if isinstance(cpu, NoGround) else "CPU share on"
        functions, mounted = len(self._given), sum(it.private_tmp is not None for it in self._given.values())
        where = "a folder that TMPDIR names"
        if mounted:
            where = "mounted" if mounted == functions else f"mounted for {mounted} of {functions} functions"
        how = "by watching" if isinstance(memory, NoGround) else "by control groups"
        return f"memory {how}, {share}, /tmp {where}"

    def close(self) -> None:
        """End what is left in the control groups and remove them."""
        for ground in self._grounds.values():
            ground.close()
        self._grounds.clear()

    def _ground(self, controller: str) -> Ground | NoGround:
        if controller not in self._found:
            try:
                self._found[controller] = self._open(controller)
            except NoGround as reason:
                self._found[controller] = reason
        return self._found[controller]

    def _open(self, controller: str) -> Ground:
        place = place_of(controller, self._cgroup, self._mounts)
        if place is None:
            raise NoGround("this system shows none")
        ground = self._grounds.get(place)
        if ground is None:
            ground = Ground(place)
            self._opened(ground.folder)
        try:
            ground.enable(controller)
        except NoGround:
            if place not in self._grounds:
                ground.close()
            raise
        self._grounds[place] = ground
        return ground


def _read(name: str) -> str:
    """What the system says of this process, "" when it has no such file."""
    try:
        return (_PROC / name).read_text()
    except OSError:
        return ""
