"""A streamed answer of the Invoke API: event-stream frames as an outcome.

Facts, from botocore's Lambda model (``InvokeWithResponseStreamResponseEvent``): ``PayloadChunk`` carries bytes of the
result, ``InvokeComplete`` ends it, with ``ErrorCode`` and ``ErrorDetails`` when the function failed; the status is 200
in any case.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, NamedTuple

from gateway.chunks import close_chunks
from gateway.invocation import Failed, Outcome, StreamBroken, Streamed, TimedOut
from gateway.targets.http_transport import Body, HttpResponse, TransportError
from gateway.targets.remote_answers import function_error, header_values

if TYPE_CHECKING:
    from botocore.eventstream import EventStreamBuffer

_FRAMING = "application/vnd.amazon.eventstream"
_OCTETS = "application/octet-stream"


class _Complete(NamedTuple):
    """The end of the stream."""

    error_code: str
    error_details: bytes


class ResultChunks:
    """The pieces of a result: an async iterator that raises `StreamBroken` when the function failed half-way."""

    def __init__(self, body: Body, buffer: "EventStreamBuffer") -> None:
        self._body = body
        self._source = _source(body)
        self._buffer = buffer
        self._events: Iterator[object] = iter(())
        self._first: bytes | None = None
        self._complete = False

    def __aiter__(self) -> "ResultChunks":
        return self

    async def begin(self) -> _Complete | None:
        """Wait for the first piece; what is returned instead is the end of a stream that had none."""
        event = await self._event()
        if isinstance(event, _Complete):
            self._complete = True
            return event
        self._first = event
        return None

    async def __anext__(self) -> bytes:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        if self._complete:
            raise StopAsyncIteration
        event = await self._event()
        if isinstance(event, bytes):
            return event
        self._complete = True
        if event.error_code:
            raise StreamBroken(event.error_code, event.error_details)
        raise StopAsyncIteration

    async def _event(self) -> bytes | _Complete:
        """The next event that matters."""
        from botocore.eventstream import ParserError  # noqa: PLC0415
        from botocore.exceptions import EventStreamError  # noqa: PLC0415 - only who calls AWS has botocore

        try:
            while True:
                for message in self._buffer:
                    event = _read(message.headers.get(":event-type"), message.payload)
                    if event is not None:
                        return event
                self._buffer.add_data(await anext(self._source))
        except StopAsyncIteration:
            raise StreamBroken("ConnectionError", b"the stream ended without InvokeComplete") from None
        except (TransportError, ParserError, EventStreamError, ValueError) as error:
            raise StreamBroken("ConnectionError", str(error).encode()) from error

    async def aclose(self) -> None:
        """Leave the rest."""
        await close_chunks(self._body)


async def _source(body: Body) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    async for chunk in body:
        yield chunk


def _read(kind: str | None, payload: bytes) -> bytes | _Complete | None:
    if kind == "PayloadChunk":
        return payload
    if kind != "InvokeComplete":
        return None
    match json.loads(payload or b"{}"):
        case dict(end):
            return _Complete(str(end.get("ErrorCode") or ""), str(end.get("ErrorDetails") or "").encode())
    raise ValueError("InvokeComplete is no object")


async def streamed_outcome(answer: HttpResponse) -> Outcome:
    """The outcome of a streaming call that was answered with 200.

    Raises:
        StreamBroken: The stream ended before it began.
    """
    from botocore.eventstream import EventStreamBuffer  # noqa: PLC0415 - only who calls AWS has botocore

    chunks = ResultChunks(answer.body, EventStreamBuffer())
    end = await chunks.begin()
    if end is not None and end.error_code:
        await chunks.aclose()
        return _failure(end)
    content_type = header_values(answer).get(b"content-type", b"").decode("latin-1")
    return Streamed(_OCTETS if content_type in {"", _FRAMING} else content_type, chunks)


def _failure(end: _Complete) -> Failed | TimedOut:
    """A function that failed before it wrote anything."""
    failed = function_error(end.error_details)
    if isinstance(failed, Failed) and not failed.error_type:
        return failed._replace(error_type=end.error_code)
    return failed
