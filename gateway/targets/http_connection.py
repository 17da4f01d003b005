"""One outgoing HTTP/1.1 connection: a request goes out, its answer comes back, then the next one.

Another request follows only when the one before it has left to its last byte, and its answer ended exactly.
"""

import asyncio
import select
from collections.abc import AsyncIterator, Callable
from typing import Final

from gateway.targets.http_answer import AnswerReader
from gateway.targets.http_body import AnswerBody
from gateway.targets.http_framing import exactly
from gateway.targets.http_transport import (
    AnswerTimeout,
    BadAnswer,
    Body,
    ConnectionLost,
    HttpResponse,
    TransportError,
)

_JOINED_BYTES: Final = 64 * 1024
"""Up to here one copy is cheaper than a second system call."""


class HttpConnection(asyncio.Protocol):
    """A client's end of one connection.

    Args:
        on_free: Called when the connection can take another request.
        on_lost: Called once when it is gone.
        silence_s: How long the server may be silent while a request is on its way, in seconds.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_free: Callable[["HttpConnection"], None],
        on_lost: Callable[["HttpConnection"], None],
        silence_s: float,
    ) -> None:
        self.free_since = 0.0
        self._loop = loop
        self._on_free = on_free
        self._on_lost = on_lost
        self._silence_s = silence_s
        self._reader = AnswerReader()
        self._answer: asyncio.Future[HttpResponse] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._writable: asyncio.Event | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._closed = False
        self._paused = False
        self._stream = False
        self._last = False

    async def request(
        self, head: bytes, body: Body, method: str, length: int | None, *, stream: bool, last: bool = False
    ) -> HttpResponse:
        """Send a request and wait for its answer.

        Args:
            head: The whole head, the empty line included.
            body: Bytes, or a stream.
            method: The method in the head.
            length: How long the head says that a stream is; None for one in chunks.
            stream: Return as soon as the answer's head is there.
            last: Close the connection afterwards.

        Raises:
            TransportError: There is no answer.
        """
        self._reader.begin(method)
        self._stream = stream
        self._last = last
        answer: asyncio.Future[HttpResponse] = self._loop.create_future()
        self._answer = answer
        self._heard_at = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._silence_s, self._maybe_silent)
        if isinstance(body, bytes):
            self._write(head, body)
        else:
            self._transport.write(head)
            self._sending = self._loop.create_task(self._send_stream(body, length))
        try:
            return await answer
        except BaseException:
            if self._answer is answer:  # else the connection may serve another request by now
                self.abort()
            raise

    def _write(self, head: bytes, body: bytes) -> None:
        if len(body) <= _JOINED_BYTES:
            self._transport.write(head + body if body else head)
        else:
            self._transport.write(head)
            self._transport.write(body)

    async def _send_stream(self, body: AsyncIterator[bytes], length: int | None) -> None:
        try:
            async for chunk in body if length is None else exactly(body, length):
                if chunk:
                    self._transport.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if length is None else chunk)
                self._heard_at = self._loop.time()  # the server need not speak before it has heard everything
                while self._writable is not None:
                    await self._writable.wait()
            if length is None:
                self._transport.write(b"0\r\n\r\n")
        except Exception as error:  # noqa: BLE001 - whatever the source of the body raises belongs to the sender
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(error)
            self.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Connected."""
        self._transport = transport
        self._poll = select.poll()
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        """Read what arrived."""
        if self._answer is None:
            self.abort()  # nobody asked
            return
        self._heard_at = self._loop.time()
        reader = self._reader
        try:
            is_over = reader.feed(data)
        except BadAnswer as error:
            self._fail(error)
            return
        if is_over:
            self._finish()
        elif self._stream and reader.status and reader.body is None:
            reader.body = body = AnswerBody(self)
            first = reader.whole()
            if first:
                body.feed(first)
            self._give(body)

    def eof_received(self) -> bool:
        """The server sends no more."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._closed = True
        self._on_lost(self)
        if self._timer is not None:
            self._timer.cancel()
        self.resume_writing()
        if self._answer is not None and exc is None and self._reader.ends_with_connection:
            self._finish()
        elif self._answer is not None:
            self._fail(ConnectionLost(f"the server closed the connection before its answer was complete ({exc})"))

    def pause_writing(self) -> None:
        """The server reads more slowly than we write."""
        self._writable = asyncio.Event()

    def resume_writing(self) -> None:
        """The server has caught up."""
        if self._writable is not None:
            self._writable.set()
            self._writable = None

    # The answer.

    def _give(self, body: Body) -> None:
        if self._answer is not None and not self._answer.done():
            reader = self._reader
            self._answer.set_result(HttpResponse(reader.status, reader.reason, reader.headers, body))

    def _finish(self) -> None:
        reader = self._reader
        if reader.body is None:
            self._give(reader.whole())
        else:
            reader.body.end()
        self._answer = None
        if self._is_sending():
            self.abort()  # the server has answered without reading everything
        elif self._closed or self._last or not reader.keep_alive:
            self.close()
        else:
            self.resume_reading()
            self.free_since = self._heard_at
            self._on_free(self)
        self._sending = None

    def _is_sending(self) -> bool:
        """Some of the request is still here."""
        return (self._sending is not None and not self._sending.done()) or self._transport.get_write_buffer_size() > 0

    def _fail(self, error: TransportError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        if self._reader.body is not None:
            self._reader.body.end(error)
        self._answer = None
        self.abort()

    def _maybe_silent(self) -> None:
        """The timer is not moved with each byte; it looks how long the server was silent when it fires."""
        self._timer = None
        if self._answer is None:
            return
        left = self._heard_at + self._silence_s - self._loop.time()
        if self._paused or left > 0:  # a server that may not send is not to blame
            self._timer = self._loop.call_later(left if left > 0 else self._silence_s, self._maybe_silent)
        else:
            self._fail(AnswerTimeout(f"the server was silent for {self._silence_s:g} s"))

    # The connection.

    def pause_reading(self) -> None:
        """Take no more from the server for now."""
        if not self._paused and not self._closed:
            self._paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Go on after `pause_reading`."""
        if self._paused and not self._closed:
            self._paused = False
            self._heard_at = self._loop.time()
            self._transport.resume_reading()

    def is_quiet(self) -> bool:
        """Whether nothing has come since the last answer, not even the connection's end."""
        return not self._poll.poll(0)

    def close(self) -> None:
        """Close after what was written."""
        self._closed = True
        self._transport.close()

    def abort(self) -> None:
        """Drop the connection now."""
        self._closed = True
        if self._sending is not None and self._sending is not asyncio.current_task():
            self._sending.cancel()
        self._transport.abort()
