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
from gateway.limits.sandbox import NOTHING, PLACES, TMP, Refused, Seen, View, find_sandbox

log = logging.getLogger("gateway")

_PROC: Final = Path("/proc/self")
_ON_DISK: Final = "/var/tmp"  # noqa: S108 - only made folders with names of their own


@dataclass(frozen=True, slots=True)
class Means:
    """How the environments of one function are held to their limits.

    Attributes:
        memory: Where groups with a memory limit are made; None leaves the limit to who watches the process.
        cpu: Where groups with a CPU share are made; None for all of the CPU.
        view: What is mounted for their processes; None for nothing, and ``/tmp`` is left to ``TMPDIR``.
    """

    memory: Ground | None = None
    cpu: Ground | None = None
    view: View | None = None


NO_MEANS: Final = Means()


class ResourceLimits:
    """The means of one gateway, found once.

    Args:
        sandbox: True asks for mounts with all that comes with them, False for none; None takes those that change
            nothing else.
        opened: Hears of each folder with the gateway's control groups, to remove it when the gateway dies.
        refused: Tries mounts.

    Attributes:
        reasons: Why a function is not limited by better means, in words.
        missing: What a function does not find, and why, in words.

    Raises:
        UsageError: Mounts were asked for, and the system does not allow them.
    """

    def __init__(self, *, sandbox: bool | None, opened: Callable[[Path], None], refused: Refused) -> None:
        self.reasons: list[str] = []
        self._off = sandbox is False
        self._opened = opened
        self._grounds: dict[ControlGroup, Ground] = {}
        self._found: dict[str, Ground | NoGround] = {}
        self._sandbox = None if self._off else find_sandbox(asked=sandbox is True, refused=refused)
        self.missing: list[str] = list(self._sandbox.reasons) if self._sandbox else []
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
        return Path(_ON_DISK) if counts or self._sandbox else usual

    def means(
        self, name: str, *, cpu_share: bool, seen: Seen = NOTHING, below: Callable[[Path], str] = lambda _: ""
    ) -> Means:
        """The means for one function.

        Args:
            name: Of the function.
            cpu_share: Limit its CPU.
            seen: What its processes are to find.
            below: What of its own a mount at a place would hide, "" for nothing.
        """
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
            self._view(name, seen, below) if self._sandbox else None,
        )
        return given

    def __str__(self) -> str:
        """The means in words, for one line of the log."""
        if not self._given:
            return "none, since no function has a process of its own"
        memory, cpu = self._found["memory"], self._found.get("cpu")
        share = "CPU share off" if cpu is None else "no CPU share" if isinstance(cpu, NoGround) else "CPU share on"
        functions, mounted = len(self._given), sum(bool(it.view and it.view.seen.tmp_mb) for it in self._given.values())
        where = "a folder that TMPDIR names"
        if mounted:
            where = "mounted" if mounted == functions else f"mounted for {mounted} of {functions} functions"
        how = "by watching" if isinstance(memory, NoGround) else "by control groups"
        asking = "" if self._sandbox or self._off else ", no /opt and no /var/task (--sandbox mounts all three)"
        return f"memory {how}, {share}, /tmp {where}{asking}"

    def close(self) -> None:
        """End what is left in the control groups and remove them."""
        for ground in self._grounds.values():
            ground.close()
        self._grounds.clear()
        if self._sandbox:
            self._sandbox.close()

    def _view(self, name: str, seen: Seen, below: Callable[[Path], str]) -> View:
        assert self._sandbox  # noqa: S101 - else nothing is mounted
        allowed = {}
        for (what, place), wanted in zip(PLACES.items(), seen, strict=True):
            possible = bool(wanted) and self._sandbox.allows(what)
            hidden = below(place) if possible else ""
            allowed[what] = possible and not hidden
            if hidden:
                self.missing.append(f"{name} finds no {place} of its own, since {hidden} is below {place}")
        opt, task = seen.opt if allowed["opt"] else None, seen.task if allowed["task"] else None
        return View(self._sandbox, Seen(seen.tmp_mb if allowed["tmp"] else 0, opt, task))

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
