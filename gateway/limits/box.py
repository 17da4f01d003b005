"""What holds the processes of one execution environment to their limits.

AWS's guide "Configure Lambda function memory": 1,769 MB of memory come with one vCPU, and the share is linear.
"""

import asyncio
import logging
import threading
from pathlib import Path
from typing import Final
from uuid import uuid4

from gateway.limits.ground import Ground
from gateway.limits.group import Group, processes_in, remove
from gateway.limits.means import Means
from gateway.limits.sandbox import TMP

log = logging.getLogger("gateway")

VCPU_MB: Final = 1769
"""The memory size that has one vCPU."""


class Box:
    """The limits of one environment, all of its processes together.

    Args:
        memory_mb: The function's memory size.
        folder: What stands for ``/tmp``.
        means: How.

    Attributes:
        memory_mb: As above.
        tmp: Where the processes find the folder.
        mark: What its processes are known by where no control group holds them, "" elsewhere.
    """

    def __init__(self, memory_mb: int, folder: Path, means: Means) -> None:
        self.tmp = TMP if means.view and means.view.seen.tmp_mb else folder
        self.memory_mb = memory_mb
        self._folder = folder
        self._means = means
        self._groups: dict[Ground, Group] = {}
        self._lock = threading.Lock()
        self._shares = False
        self.mark = "" if self.has_groups else uuid4().hex

    @property
    def has_groups(self) -> bool:
        """Whether processes are to be moved into control groups."""
        return bool(self._means.memory or self._means.cpu)

    @property
    def out_of_memory(self) -> bool:
        """Whether the kernel has killed one of the processes for its memory."""
        group = self._memory_group
        return group is not None and group.killed > 0

    @property
    def peak_kib(self) -> int:
        """The most memory that all processes held together, 0 when nobody has counted."""
        group = self._memory_group
        return group.peak // 1024 if group else 0

    def processes(self) -> set[int]:
        """The processes in its control groups."""
        return {process for group in tuple(self._groups.values()) for process in processes_in(group.folder)}

    def mounts(self) -> dict[str, str] | None:
        """What is to be mounted for its processes; takes files, so not for the event loop.

        Raises:
            OSError: There is no place on disk.
        """
        return self._means.view.prepare(self._folder) if self._means.view else None

    def take(self, pid: int) -> bool:
        """Move a process into the groups, before it starts others; tells whether they limit its memory.

        Moving takes up to 20 ms: the kernel waits until no CPU uses the old group any more.  So not for the event loop.
        """
        limited = False
        with self._lock:  # an extension may still be on its way when the runtime comes
            for ground in filter(None, (self._means.memory, self._means.cpu)):
                try:
                    if ground not in self._groups:
                        self._groups[ground] = self._new(ground)
                    self._groups[ground].take(pid)
                    limited = limited or ground is self._means.memory
                except OSError as error:
                    log.warning("a process is in no control group, so that its limits may not hold: %s", error)
            self._limit_cpu()
        return limited

    def share_cpu(self) -> None:
        """Hold the processes to their share of the CPU from now on: the init phase has all of it, as on Lambda."""
        self._shares = True
        self._limit_cpu()

    async def aclose(self) -> None:
        """End the processes that are left, also those that left their process group."""
        if self._groups:
            await asyncio.to_thread(self._remove)

    @property
    def _memory_group(self) -> Group | None:
        return self._groups.get(self._means.memory) if self._means.memory else None

    def _limit_cpu(self) -> None:
        group = self._groups.get(self._means.cpu) if self._means.cpu else None
        if group and self._shares:
            try:
                group.limit_cpu(self.memory_mb / VCPU_MB)
            except OSError as error:  # such as more than the gateway itself has
                log.warning("an environment has all of the CPU: %s", error)

    def _new(self, ground: Ground) -> Group:
        group = ground.group()
        if ground is self._means.memory:
            group.limit_memory(self.memory_mb * 1024 * 1024)
        return group

    def _remove(self) -> None:
        groups, self._groups = self._groups, {}
        for group in groups.values():
            remove(group.folder)
