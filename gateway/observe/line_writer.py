"""Text that goes to a file or a terminal without ever holding up the event loop."""

import asyncio
import contextlib
import os

_DELAY_S = 0.05
_LARGE = 256 * 1024


class LineWriter:
    """Gathers what it gets and writes it in the background, in order, one write at a time.

    Args:
        descriptor: An open file descriptor; it is not closed here.
        delay_s: How long the first bytes may wait for more.
    """

    def __init__(self, descriptor: int, delay_s: float = _DELAY_S) -> None:
        self._descriptor = descriptor
        self._delay_s = delay_s
        self._loop = asyncio.get_running_loop()
        self._chunks: list[bytes] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Future[None] | None = None

    def write(self, chunk: bytes) -> None:
        """Take some text."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._timer is None and self._writing is None:
            self._timer = self._loop.call_later(0 if self._size > _LARGE else self._delay_s, self._flush)

    async def aclose(self) -> None:
        """Write everything that is still here."""
        while self._chunks or self._writing:
            if self._writing is None:
                self._flush()
            if self._writing:
                await self._writing

    def _flush(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        data = b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        self._writing = self._loop.run_in_executor(None, self._write_all, data)
        self._writing.add_done_callback(self._written)

    def _write_all(self, data: bytes) -> None:
        view = memoryview(data)
        with contextlib.suppress(OSError):  # a closed terminal or a full disk must not end the gateway
            while view:
                view = view[os.write(self._descriptor, view) :]

    def _written(self, _: asyncio.Future[None]) -> None:
        self._writing = None
        if self._chunks:
            self._timer = self._loop.call_later(self._delay_s, self._flush)
