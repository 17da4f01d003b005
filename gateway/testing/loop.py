"""The event loop that handlers find with ``asyncio.get_event_loop``.

On Lambda a handler runs in the main thread of its process, where there has always been one loop for all invocations;
adapters for ASGI applications count on it.  In a test there may be none: on other threads, and after `asyncio.run`.
"""

import asyncio
import contextlib
import sys
import threading
import weakref
from collections.abc import Iterator


class HandlerLoops:
    """One loop for each thread that calls the handler, kept between calls and closed with this object."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._loops: list[asyncio.AbstractEventLoop] = []
        self.close = weakref.finalize(self, _close, self._loops)

    @contextlib.contextmanager
    def current(self) -> Iterator[None]:
        """Make a loop the current one, unless the thread has one already."""
        if _has_loop():
            yield
            return
        loop: asyncio.AbstractEventLoop | None = getattr(self._local, "loop", None)
        if loop is None:
            loop = self._local.loop = asyncio.new_event_loop()
            self._loops.append(loop)
        asyncio.set_event_loop(loop)
        try:
            yield
        finally:
            asyncio.set_event_loop(None)


def _close(loops: list[asyncio.AbstractEventLoop]) -> None:
    for loop in loops:
        loop.close()


def _has_loop() -> bool:
    """Whether ``get_event_loop`` gives an open loop that is there already."""
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        return True
    if sys.version_info >= (3, 14):
        with contextlib.suppress(RuntimeError):
            return not asyncio.get_event_loop().is_closed()
        return False
    # Before 3.14 the question itself would make one
    local = getattr(asyncio.get_event_loop_policy(), "_local", None)
    loop: asyncio.AbstractEventLoop | None = getattr(local, "_loop", None)
    return loop is not None and not loop.is_closed()
