"""A request body that is too long to hold, as a stream with flow control."""

from asyncio import Event
from collections import deque
from collections.abc import Callable
from typing import Final

_HIGH_WATER: Final = 128 * 1024
_LOW_WATER: Final = 64 * 1024


class BodyStream:
    """The bytes of one request body, in arrival order; an async iterator that is read once.

    Reading raises `ConnectionResetError` when the client went away before the body was complete.

    Attributes:
        full: More than 128 KiB wait to be read; the connection reads no more until less than 64 KiB wait.
        complete: The client has sent all of it.
    """

    def __init__(self, on_flow: Callable[[], None]) -> None:
        self.full = False
        self.complete = False
        self._on_flow = on_flow
        self._chunks: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._broken = False
        self._arrived = Event()

    def feed(self, chunk: bytes) -> None:
        """Add what arrived."""
        self._chunks.append(chunk)
        self._waiting_bytes += len(chunk)
        self._arrived.set()
        if self._waiting_bytes > _HIGH_WATER and not self.full:
            self.full = True
            self._on_flow()

    def end(self) -> None:
        """The body is complete."""
        self.complete = True
        self._arrived.set()

    def break_off(self) -> None:
        """The client is gone: what has arrived can still be read, then reading raises."""
        self._broken = True
        self._arrived.set()

    def __aiter__(self) -> "BodyStream":
        return self

    async def __anext__(self) -> bytes:
        while not self._chunks:
            if self.complete:
                raise StopAsyncIteration
            if self._broken:
                raise ConnectionResetError("the client went away before its request body was complete")
            self._arrived.clear()
            await self._arrived.wait()
        chunk = self._chunks.popleft()
        self._waiting_bytes -= len(chunk)
        if self.full and self._waiting_bytes < _LOW_WATER:
            self.full = False
            self._on_flow()
        return chunk
