"""One outgoing HTTP/1.1 connection: a request goes out, its answer comes back, then the next one.

Facts: answers to HEAD and answers with 1xx, 204 and 304 have no body (RFC 9110, 6.4.1); a body without a length ends
with the connection (RFC 9112, 6.3).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

import httptools

from gateway.targets.http_body import AnswerBody
from gateway.targets.http_transport import (
    MAX_HEAD_BYTES,
    MAX_WHOLE_BYTES,
    TOO_LONG,
    Answer,
    AnswerTimeout,
    BadAnswer,
    Body,
    ConnectionLost,
    TransportError,
)

_JOINED_BYTES: Final = 64 * 1024
"""Up to here one copy is cheaper than a second system call."""


class Connection(asyncio.Protocol):
    """A client's end of one connection.

    Args:
        on_free: Called when the connection can take another request.
        on_lost: Called once when it is gone.
        silence_s: How long the server may be silent while a request is on its way, in seconds.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_free: Callable[["Connection"], None],
        on_lost: Callable[["Connection"], None],
        silence_s: float,
    ) -> None:
        self.free_since = 0.0
        self._loop = loop
        self._on_free = on_free
        self._on_lost = on_lost
        self._silence_s = silence_s
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[Answer] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._writable: asyncio.Event | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._closed = False
        self._paused = False
        self._begin("", stream=False)

    def _begin(self, method: str, *, stream: bool) -> None:
        """Forget the answer before this one."""
        self._method = method
        self._stream = stream
        self._headers: list[tuple[bytes, bytes]] = []
        self._reason = b""
        self._head_bytes = 0
        self._quiet = 0  # bytes since the last ones of a body
        self._held = 0
        self._parts: list[bytes] = []
        self._body: AnswerBody | None = None
        self._status = 0
        self._keep_alive = False
        self._framed = False
        self._complete = False

    async def request(self, head: bytes, body: Body, method: str, *, chunked: bool, stream: bool) -> Answer:
        """Send a request and wait for its answer; ``head`` ends with the empty line.

        Raises:
            TransportError: There is no answer.
        """
        self._begin(method, stream=stream)
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._answer = answer
        self._heard_at = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._silence_s, self._maybe_silent)
        if isinstance(body, bytes):
            self._write(head, body)
        else:
            self._transport.write(head)
            self._sending = self._loop.create_task(self._send_stream(body, chunked=chunked))
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

    async def _send_stream(self, body: AsyncIterator[bytes], *, chunked: bool) -> None:
        try:
            async for chunk in body:
                if chunk:
                    self._transport.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
                self._heard_at = self._loop.time()  # the server need not speak before it has heard everything
                while self._writable is not None:
                    await self._writable.wait()
            if chunked:
                self._transport.write(b"0\r\n\r\n")
        except Exception as error:  # noqa: BLE001 - whatever the source of the body raises belongs to the sender
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(error)
            self.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Connected."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Read what arrived."""
        if self._answer is None:
            self.abort()  # nobody asked
            return
        self._heard_at = self._loop.time()
        self._quiet += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(BadAnswer("the server switched to another protocol without being asked"))
            return
        except httptools.HttpParserError as error:
            if self._complete:  # the answer is good, what follows it is not
                self._keep_alive = False
                self._finish()
                return
            cause = error.__context__
            self._fail(cause if isinstance(cause, BadAnswer) else BadAnswer(f"not an HTTP/1.1 answer: {error}"))
            return
        if self._complete:
            self._finish()
        elif self._quiet > MAX_HEAD_BYTES:
            self._fail(BadAnswer(f"more than {MAX_HEAD_BYTES} bytes of a head, or of trailers"))
        elif self._stream and self._status and self._body is None:
            self._hand_over()

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
        if self._answer is not None and self._status and not self._framed and exc is None:
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

    # What the parser calls.

    def on_status(self, status: bytes) -> None:
        """The reason phrase, possibly in pieces."""
        self._reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        """One line."""
        self._headers.append((name, value))
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MAX_HEAD_BYTES:
            raise BadAnswer(f"more than {MAX_HEAD_BYTES} bytes of header lines")
        lower = name.lower()
        if lower == b"content-length" or (lower == b"transfer-encoding" and value.lower().endswith(b"chunked")):
            self._framed = True

    def on_headers_complete(self) -> None:
        """The head is complete; an interim answer is followed by another one."""
        status = self._parser.get_status_code()
        if status >= 200:
            self._status = status
            self._keep_alive = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        """Some of the body, chunked coding removed."""
        self._quiet = 0
        if self._body is not None:
            self._body.feed(body)
            return
        self._parts.append(body)
        self._held += len(body)
        if self._held > MAX_WHOLE_BYTES:
            raise BadAnswer(TOO_LONG)

    def on_message_complete(self) -> None:
        """The answer is complete, or an interim one."""
        if self._status:
            self._complete = True
        else:
            self._begin(self._method, stream=self._stream)

    # The answer.

    def _hand_over(self) -> None:
        """Give the head to the one who waits; the body follows."""
        if self._method == "HEAD":  # the parser waits for a body that never comes
            self._parser = httptools.HttpResponseParser(self)
            self._finish()
            return
        self._body = AnswerBody(self)
        for part in self._parts:
            self._body.feed(part)
        self._give(self._body)

    def _give(self, body: Body) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Answer(self._status, self._reason, self._headers, body))

    def _finish(self) -> None:
        parts = self._parts
        if self._method == "HEAD" and parts:  # a server that sends what nobody may send
            parts = []
            self._keep_alive = False
        if self._body is None:
            self._give(parts[0] if len(parts) == 1 else b"".join(parts))
        else:
            self._body.end()
        self._answer = None
        if self._sending is not None and not self._sending.done():
            self._sending.cancel()  # the server has answered without reading everything
            self.abort()
        elif self._closed or not self._keep_alive:
            self.close()
        else:
            self.resume_reading()
            self.free_since = self._heard_at
            self._on_free(self)
        self._sending = None

    def _fail(self, error: TransportError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        if self._body is not None:
            self._body.end(error)
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
