"""The body of an answer that is read while it arrives."""

import asyncio
from collections import deque
from typing import Final, Protocol

from gateway.targets.http_transport import ConnectionLost, TransportError

_HIGH_WATER: Final = 256 * 1024
_LOW_WATER: Final = 64 * 1024


class BodySource(Protocol):
    """Where the chunks come from."""

    def pause_reading(self) -> None:
        """Take no more from the server for now."""
        ...

    def resume_reading(self) -> None:
        """Go on after `pause_reading`."""
        ...

    def abort(self) -> None:
        """Nobody reads on."""
        ...


class AnswerBody:
    """The chunks of an answer's body with flow control: an async iterator that is read once."""

    def __init__(self, connection: BodySource) -> None:
        self._connection = connection
        self._chunks: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._complete = False
        self._error: TransportError | None = None
        self._arrived = asyncio.Event()

    def feed(self, chunk: bytes) -> None:
        """Add what arrived."""
        self._chunks.append(chunk)
        self._waiting_bytes += len(chunk)
        self._arrived.set()
        if self._waiting_bytes > _HIGH_WATER:
            self._connection.pause_reading()

    def end(self, error: TransportError | None = None) -> None:
        """The body is complete, or broken."""
        self._complete = True
        self._error = error
        self._arrived.set()

    def __aiter__(self) -> "AnswerBody":
        return self

    async def __anext__(self) -> bytes:
        while not self._chunks:
            if self._error:
                raise self._error
            if self._complete:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        chunk = self._chunks.popleft()
        self._waiting_bytes -= len(chunk)
        if self._waiting_bytes < _LOW_WATER and not self._complete:
            self._connection.resume_reading()
        return chunk

    async def aclose(self) -> None:
        """Leave the rest; the connection cannot be used again when there is one."""
        if not self._complete:
            self.end(ConnectionLost("the answer was left unread"))
            self._connection.abort()
