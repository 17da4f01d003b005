"""From responses to bytes: one connection's writing side, with back-pressure for what is streamed."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from time import perf_counter
from typing import Any, Final

from gateway.chunks import close_chunks
from gateway.defects import report
from gateway.invocation import StreamBroken
from gateway.listeners.failing import tell_cut
from gateway.listeners.listener import Listener, observed
from gateway.listeners.wire import (
    LAST_CHUNK,
    Reading,
    has_content,
    head_lines,
)
from gateway.observe.record import COMPLIANT, Exchange, Transfer, described, end
from gateway.translation.headers import values_of
from gateway.translation.messages import Request, Response

_JOINED_BYTES: Final = 64 * 1024
"""Up to here one copy is cheaper than a second system call."""


class Delivery:
    """Writes the responses of one connection and tells the listener's observer.

    Attributes:
        streaming: A streamed answer is being written.
        ends_connection: Only the end of the connection shows the client where the last answer ends.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, listener: Listener) -> None:
        self._transport = transport
        self._loop = loop
        self._listener = listener
        self._writable: asyncio.Event | None = None
        self.streaming = False
        self.ends_connection = False
        self._sent = 0  # bytes of the present stream
        self._lost = False

    def pause(self) -> None:
        """Writing must wait."""
        self._writable = asyncio.Event()

    def resume(self) -> None:
        """Writing may go on."""
        if self._writable is not None:
            self._writable.set()
            self._writable = None

    def lost(self) -> bool:
        """The connection is gone; True when a stream is being written, whose task must be cancelled."""
        self._lost = True
        self.resume()
        return self.streaming

    def write(
        self, request: Request, response: Response, reading: Reading | None, exchange: Exchange | None = None
    ) -> Coroutine[Any, Any, None] | None:
        """Write an answer; what is returned must be awaited before the next one.

        What this or the awaiting raises is a defect, and nothing was written then.
        """
        body = response.body
        if not isinstance(body, bytes):
            return self._stream(request, response, body, (reading, exchange))
        if self._lost:
            sent = 0
        else:
            sent = self._write_whole(response, body if has_content(request.method, response.status) else b"")
        if reading is not None and exchange is not None:
            now = perf_counter()
            self._tell(exchange, response, Transfer(reading[0], sent, *reading[1:], now, now, self._lost))
        return None if self._writable is None else self._drain()

    def write_rejection(
        self,
        response: Response,
        received_bytes: int,
        heard_at: float,
        classification: tuple[str, str] = COMPLIANT,
    ) -> None:
        """Write the answer to bytes that were no request."""
        body = response.body if isinstance(response.body, bytes) else b""
        sent = self._write_whole(response, body)
        exchange = observed(self._listener, None)
        if exchange is not None:
            now = perf_counter()
            heard_at += now - self._loop.time()
            exchange.classification = classification
            self._tell(exchange, response, Transfer(received_bytes, sent, heard_at, heard_at, heard_at, now, now))

    def _write_whole(self, response: Response, body: bytes) -> int:
        lines = head_lines(response)
        if len(body) <= _JOINED_BYTES:
            lines += (b"", body)
            joined = b"\r\n".join(lines)
            self._transport.write(joined)
            return len(joined)
        lines += (b"", b"")
        head = b"\r\n".join(lines)
        self._transport.write(head)
        self._transport.write(body)
        return len(head) + len(body)

    def _tell(self, exchange: Exchange, response: Response, transfer: Transfer) -> None:
        exchange.response, exchange.transfer = response, transfer
        # Through the loop: an observer can neither delay the connection nor break it.
        self._loop.call_soon(end, exchange)

    async def _drain(self) -> None:
        while self._writable is not None and not self._lost:
            await self._writable.wait()

    async def _stream(
        self,
        request: Request,
        response: Response,
        chunks: AsyncIterator[bytes],
        seen: tuple[Reading | None, Exchange | None],
    ) -> None:
        responded_at = perf_counter()
        self._sent = 0
        broken = False
        try:
            if not self._lost:
                self.streaming = True
                await self._pump(self._framed(request, response, chunks))
        except StreamBroken as error:
            broken = True
            tell_cut(request, error)
            self._transport.abort()  # without the last chunk, so that the client sees a truncated answer
        except Exception as error:
            if not self._sent:
                raise
            broken = True
            self._transport.abort()
            report(f"the streamed answer to {described(request)}", error)
        except asyncio.CancelledError:
            if not self._lost:
                raise
            _uncancel()
        finally:
            self.streaming = False
            await close_body(request, chunks)
        reading, exchange = seen
        if reading is not None and exchange is not None:
            instants = *reading[1:], responded_at, perf_counter()
            self._tell(exchange, response, Transfer(reading[0], self._sent, *instants, broken or self._lost))

    async def _pump(self, pieces: AsyncIterator[bytes]) -> None:
        async for piece in pieces:
            self._transport.write(piece)
            self._sent += len(piece)
            if self._writable is not None:
                await self._drain()

    async def _framed(self, request: Request, response: Response, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The pieces to write: a chunked body where the client knows that, bytes up to the end of connection else."""
        lines = head_lines(response)
        content = has_content(request.method, response.status)
        unknown = content and not values_of(response.headers, b"content-length")
        chunked = unknown and request.http_version == "1.1"
        self.ends_connection = unknown and not chunked
        if chunked and not values_of(response.headers, b"transfer-encoding"):
            lines.append(b"Transfer-Encoding: chunked")
        lines += (b"", b"")
        yield b"\r\n".join(lines)
        if not content:
            return
        if not unknown:
            chunks = exactly(chunks, response)
        async for chunk in chunks:
            if chunk:
                yield b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk
        if chunked:
            yield LAST_CHUNK


async def exactly(chunks: AsyncIterator[bytes], response: Response) -> AsyncIterator[bytes]:
    """The chunks of a stream, which must have as many bytes as its ``Content-Length``, if any, says.

    Raises:
        StreamBroken: There are more, which the client would take for the next answer, or fewer.
    """
    said = values_of(response.headers, b"content-length")
    left = int(said[0]) if said else None
    async for chunk in chunks:
        if left is not None:
            left -= len(chunk)
            if left < 0:
                raise StreamBroken("LengthMismatch", b"the stream is longer than its Content-Length")
        yield chunk
    if left:
        raise StreamBroken("LengthMismatch", b"the stream is shorter than its Content-Length")


def _uncancel() -> None:
    """The task was cancelled by us to leave a stream, and may go on."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()


async def close_body(request: Request, chunks: AsyncIterator[bytes]) -> None:
    """End a streamed answer that may not be at its end; its source learns that nobody reads on."""
    try:
        await close_chunks(chunks)
    except Exception as error:  # noqa: BLE001 - the answer stands, whatever it is
        report(f"the end of the streamed answer to {described(request)}", error)
