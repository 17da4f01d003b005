"""One HTTP/1.1 connection of a runtime or an extension.

A protocol of its own: a runtime makes two requests per invocation, and a web framework would be most of their cost.
httptools hands trailers over as further headers between the last piece of the body and the end of the message.
"""

import asyncio
import logging
from collections import deque
from http import HTTPStatus
from time import monotonic
from typing import Final, Protocol

import httptools

from gateway.defects import report
from gateway.targets.runtime_api.state import RESPONSE_LIMIT, TRUNCATED, ErrorResponse
from gateway.types import Address

log = logging.getLogger("gateway")

Headers = dict[bytes, bytes]
"""Names in lower case; of a repeated header the last line stands."""

_ACCEPTED: Final = b"HTTP/1.1 202"
_HOLD_S: Final = 0.001
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_TRUNCATED_TEXT: Final = (
    b'{"errorMessage":"' + TRUNCATED.message.encode() + b'","errorType":"' + TRUNCATED.error_type.encode() + b'"}'
)
_CONTAINER_ERROR: Final = b'{"errorMessage":"Container error","errorType":"InternalServerError"}'
"""With 500: "Container error. Non-recoverable state. Runtime should exit promptly." (AWS Lambda guide, Runtime API)"""
_HEAD_LIMIT: Final = 1_048_576 + 65_536
"""Bytes of a head, or of trailers; AWS's clients send up to 1 MiB of an error's trace in one header line."""
_WAITING_LIMIT: Final = 64
"""Requests of one client that wait for their answers; AWS's clients send two at most."""


def _last_reply(status: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


_TRUNCATED_REPLY: Final = _last_reply(b"400 Bad Request", _TRUNCATED_TEXT)
_FAILED_REPLY: Final = _last_reply(b"500 Internal Server Error", _CONTAINER_ERROR)
_HEAD_TOO_LARGE_REPLY: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)


class BodySink(Protocol):
    """Takes a body in pieces, as it arrives."""

    def feed(self, chunk: bytes) -> None:
        """One piece."""
        ...

    def finish(self, trailers: Headers) -> None:
        """The body is complete."""
        ...

    def abort(self) -> None:
        """The body ends here, incomplete."""
        ...


class RuntimeApiService(Protocol):
    """What answers the calls of a connection."""

    def opened(self, connection: "RuntimeApiConnection") -> None:
        """A client has connected."""
        ...

    def closed(self, connection: "RuntimeApiConnection") -> None:
        """A client is gone; calls without an answer are void."""
        ...

    def begin(self, call: "RuntimeApiCall") -> BodySink | None:
        """The head has arrived: where the body goes, None to have it in `RuntimeApiCall.body`."""
        ...

    def complete(self, call: "RuntimeApiCall") -> None:
        """Everything has arrived, and no sink took the body."""
        ...

    def truncated(self, call: "RuntimeApiCall") -> None:
        """The body ended half-way, and no sink took it."""
        ...


class RuntimeApiCall:
    """One request, and the place for its answer.

    Attributes:
        method: In capitals.
        path: Without the query string.
        headers: The request's.
        body: Complete in `RuntimeApiService.complete`; empty when ``body_bytes`` is over the limit.
        body_bytes: How long the body is.
    """

    __slots__ = ("_parts", "body_bytes", "connection", "headers", "keep_alive", "method", "path", "reply")

    def __init__(self, connection: "RuntimeApiConnection", method: bytes, path: bytes, headers: Headers) -> None:
        self.connection = connection
        self.method = method
        self.path = path
        self.headers = headers
        self.body_bytes = 0
        self.keep_alive = True
        self.reply: bytes | None = None
        self._parts: list[bytes] = []

    @property
    def body(self) -> bytes:
        """The body, in one piece."""
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def feed(self, chunk: bytes) -> None:
        """Keep one piece of the body; what is over the limit is counted and dropped."""
        self.body_bytes += len(chunk)
        if self.body_bytes <= RESPONSE_LIMIT:
            self._parts.append(chunk)
        else:
            self._parts.clear()

    def header(self, name: bytes) -> str:
        """A header's value, "" when it is absent."""
        return self.headers.get(name, b"").decode("latin-1")

    def answer(self, status: int, body: bytes = b"", head: str = "Content-Type: application/json\r\n") -> None:
        """Answer with these header lines, each with its line end."""
        line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{head}Content-Length: {len(body)}\r\n\r\n"
        self.send(line.encode("latin-1") + body)

    def send(self, reply: bytes) -> None:
        """Answer with these bytes, a whole HTTP response."""
        self.reply = reply
        self.connection.flush()


def refuse(call: RuntimeApiCall, refusal: ErrorResponse) -> None:
    """Answer with an error of the Runtime API."""
    body = f'{{"errorMessage":"{refusal.message}","errorType":"{refusal.error_type}"}}'
    call.answer(refusal.status, body.encode())


class RuntimeApiConnection(asyncio.Protocol):
    """Reads requests, keeps their answers in order, stays open between them.

    Attributes:
        stranger: Whose process has its other end, in words, when that is none of the environment's; None otherwise.
    """

    def __init__(self, service: RuntimeApiService) -> None:
        self.stranger: str | None = None
        self._service = service
        self._parser = httptools.HttpRequestParser(self)
        self._calls: deque[RuntimeApiCall] = deque()
        self._transport: asyncio.Transport | None = None
        self._held: list[bytes] = []
        self._held_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._feeding = False
        self._closing = False
        self._call: RuntimeApiCall | None = None
        self._sink: BodySink | None = None
        self._url = b""
        self._headers: Headers = {}
        self._trailers: Headers = {}
        self._complete = True  # the parser is between two requests
        self._quiet = 0  # bytes since the last ones of a body, or since the end of a request
        self._repeated = b""  # the bytes of a request that a runtime sends again and again, and what they are
        self._repeated_call: RuntimeApiCall | None = None
        self._begun = 0  # requests in the present piece, and the last one that is complete
        self._last: RuntimeApiCall | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # what a server gives
        """The client has connected."""
        self._transport = transport
        self._service.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """The client is gone: a body half-way in ends there, an answer not yet given has no reader."""
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        self._truncate()
        self._service.closed(self)

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived."""
        if len(self._calls) > _WAITING_LIMIT:
            self._refuse_bytes(_TRUNCATED_REPLY, f"over {_WAITING_LIMIT} requests wait for their answers")
            return
        if self._repeated_call is not None and self._complete and data == self._repeated:
            try:
                self._repeat(self._repeated_call)
            except Exception as error:  # noqa: BLE001 - a defect, whatever it is
                self._fail(error)
            return
        whole = self._complete
        self._begun = 0
        self._feeding = True
        self._quiet += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            self._feeding = False
            self._fail(error)
        except httptools.HttpParserUpgrade:
            self._feeding = False
            self._refuse_bytes(_TRUNCATED_REPLY, "a request asks for another protocol")
        except httptools.HttpParserError as error:
            self._feeding = False
            self._refuse_bytes(_TRUNCATED_REPLY, str(error))
        self._feeding = False
        if self._quiet > _HEAD_LIMIT:
            self._refuse_bytes(_HEAD_TOO_LARGE_REPLY, "a head, or the trailers of a body, are too long")
        last, self._last = self._last, None
        if last is not None and self._begun == 1 and whole and self._complete and not last.body_bytes:
            self._repeated, self._repeated_call = data, last
        self.flush()

    def _repeat(self, before: RuntimeApiCall) -> None:
        """Take a request of the same bytes as one before: it is the poll for the next invocation as a rule."""
        call = RuntimeApiCall(self, before.method, before.path, before.headers)
        call.keep_alive = before.keep_alive
        self._calls.append(call)
        self._service.complete(call)

    def eof_received(self) -> None:
        """The client sends no more; a body that is half-way in will not become complete."""
        if self._call is not None:
            self._refuse_bytes(_TRUNCATED_REPLY)

    @property
    def ends(self) -> tuple[Address, Address] | None:
        """The client's address and this one, None when the connection is over."""
        if self._transport is None or self._transport.is_closing():
            return None
        return self._transport.get_extra_info("peername"), self._transport.get_extra_info("sockname")

    def close(self) -> None:
        """Drop the client; an answer it still waits for never comes."""
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        """Stop reading: the client's writes will wait."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def flush(self) -> None:
        """Send the answers whose turn it is; a client may send requests ahead of them.

        A client that sent its result together with the next request waits for the answer to that one: the first
        answer is held for a moment, since as a rule both can leave in one write and wake the client once.
        """
        calls, held = self._calls, self._held
        while calls and (reply := calls[0].reply) is not None and not self._closing:
            held.append(reply)
            self._closing = not calls.popleft().keep_alive
        if not held or self._feeding:
            return
        if calls and not self._closing and len(held) == 1 and held[0].startswith(_ACCEPTED):
            self._held_at = monotonic()
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(_HOLD_S, self._release)
            return
        self._send()
        if self._closing and self._transport is not None:
            self._transport.close()

    def _release(self) -> None:
        """The moment is over, or another one has begun: the timer is not moved with each answer."""
        self._timer = None
        if not self._held:
            return
        left = self._held_at + _HOLD_S - monotonic()
        if left > 0:
            self._timer = asyncio.get_running_loop().call_later(left, self._release)
        else:
            self._send()

    def _send(self) -> None:
        held, self._held = self._held, []
        if self._transport is not None:
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))

    # What httptools calls.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._url = b""
        self._headers = {}
        self._trailers = {}
        self._complete = False
        self._begun += 1

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer when the head is already complete; two lines of ``Host`` make a value that is none."""
        headers, name = self._headers if self._call is None else self._trailers, name.lower()
        headers[name] = value if name != b"host" or name not in headers else headers[name] + b", " + value

    def on_headers_complete(self) -> None:
        """The head is complete."""
        call = RuntimeApiCall(self, self._parser.get_method(), self._url.partition(b"?")[0], self._headers)
        self._call = call
        self._calls.append(call)
        self._sink = self._service.begin(call)
        if call.reply is None and self._headers.get(b"expect", b"").lower() == b"100-continue" and self._transport:
            self._transport.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._quiet = 0
        if self._sink is not None:
            self._sink.feed(body)
        elif self._call is not None:
            self._call.feed(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        call, sink = self._call, self._sink
        self._call = self._sink = None
        self._complete = True
        self._quiet = 0
        if call is None:
            return
        if sink is not None:
            call.keep_alive = call.keep_alive and self._parser.should_keep_alive()
            sink.finish(self._trailers)
        else:
            call.keep_alive = self._parser.should_keep_alive()
            self._last = call  # only a call without a sink can be taken again without its head
            self._service.complete(call)

    def _truncate(self) -> None:
        call, sink = self._call, self._sink
        self._call = self._sink = None
        if sink is not None:
            sink.abort()
        elif call is not None:
            self._service.truncated(call)

    def _refuse_bytes(self, reply: bytes, why: str = "") -> None:
        """Answer and end: after bytes that make no sense, or no end, there is no next request.

        The log is told why, but not that a client has gone, which its environment says for itself.
        """
        if why:
            log.warning("a client of the Runtime API is refused: %s", why)
        self._truncate()
        self.flush()
        self._end(reply)

    def _fail(self, error: Exception) -> None:
        """A defect: 500 and the end, after which a runtime must exit, and with that its invocation ends."""
        report("a call of the Runtime API", error)
        self._call = self._sink = None
        self._end(_FAILED_REPLY)

    def _end(self, reply: bytes) -> None:
        if self._transport is not None:
            self._transport.write(reply)
            self._transport.close()
