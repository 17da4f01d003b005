"""When an environment's invocations have had their time."""

import asyncio
import time
from collections.abc import Callable


class Deadline:
    """Tells when the invocation under way has had its time; there is one at a time.

    One timer serves all invocations, since setting one for each would cost more than most of them: when it finds
    another one than it was set for, it is set again for what that one has left.

    Args:
        limit_s: How long each invocation may take.
        passed: Called when one has taken as long and has not ended; it counts as ended then.
    """

    __slots__ = ("_began", "_limit_s", "_loop", "_passed", "_timer")

    def __init__(self, limit_s: float, passed: Callable[[], None]) -> None:
        self._limit_s = limit_s
        self._passed = passed
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._began: float | None = None

    def begin(self, began: float) -> None:
        """An invocation began, at an instant of `time.perf_counter`."""
        self._began = began
        if self._timer is None:
            self._timer = self._loop.call_later(self._limit_s, self._look)

    def end(self) -> None:
        """The invocation has ended."""
        self._began = None

    def cancel(self) -> None:
        """Do not tell of the invocation under way; may be called twice, and another one may begin afterwards."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._began is None:
            return
        left = self._began + self._limit_s - time.perf_counter()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._began = None
            self._passed()
