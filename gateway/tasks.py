"""Tasks that go on by themselves: kept until they end, waited for or cancelled together."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from gateway.defects import reported

_T = TypeVar("_T")


class Tasks:
    """A set of running tasks.  The event loop itself holds tasks weakly: without a set one could vanish half-way.

    Args:
        what: What they do, for the report of a defect that one raises; with "" nothing is reported, which is for tasks
            that somebody awaits.
    """

    def __init__(self, what: str = "") -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._reported = reported(what) if what else None

    def __len__(self) -> int:
        """How many have not ended."""
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """Begin another one; it may be awaited or not."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        if self._reported is not None:
            task.add_done_callback(self._reported)
        return task

    async def wait(self) -> None:
        """Wait for all, those that running ones start included."""
        while self._running:
            await asyncio.wait(self._running)

    def cancel(self) -> None:
        """Cancel all."""
        for task in self._running:
            task.cancel()

    async def aclose(self) -> None:
        """Cancel all and wait for their end; those that they start while they end are cancelled too."""
        while self._running:
            self.cancel()
            await asyncio.wait(self._running)
