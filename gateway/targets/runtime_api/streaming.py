"""A streamed response on its way from the runtime to the caller.

Facts: the runtime announces it with ``Lambda-Runtime-Function-Response-Mode: streaming`` and sends chunks.  A failure
in the middle comes as the trailers ``Lambda-Runtime-Function-Error-Type`` and ``Lambda-Runtime-Function-Error-Body``
(base64 of the error object); AWS custom runtimes guide, "Implementing response streaming in a custom runtime".
"""

import asyncio
import binascii
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final

import pybase64

from gateway.invocation import StreamBroken
from gateway.targets.runtime_api.connection import Headers, RuntimeApiCall, RuntimeApiConnection, refuse
from gateway.targets.runtime_api.state import RESPONSE_LIMIT, STREAM_LIMIT, ErrorResponse

TRUNCATED_RESPONSE: Final = "Runtime.TruncatedResponse"
RESPONSE_TOO_LARGE: Final = "Function.ResponseSizeTooLarge"

_HIGH_WATER: Final = 256 * 1024
"""Bytes held for the caller before the runtime has to wait."""

Ended = Callable[[StreamBroken | None], None]
"""Called once at the end of the runtime's request, with what broke the stream."""


def error_of(trailers: Headers) -> StreamBroken | None:
    """The failure that trailers report, None when they report none.

    A body that is not base64 is passed on as it is: the error is the function's, and so is its wording.
    """
    error_type = trailers.get(b"lambda-runtime-function-error-type")
    if error_type is None:
        return None
    body = trailers.get(b"lambda-runtime-function-error-body", b"")
    try:
        payload = pybase64.b64decode(body, validate=True)
    except binascii.Error:
        payload = body
    return StreamBroken(error_type.decode("latin-1"), payload)


class CollectedResponse:
    """A streamed response for a caller that wants it whole."""

    def __init__(self, ended: Ended) -> None:
        self._ended = ended
        self._parts: list[bytes] = []
        self._bytes = 0

    @property
    def payload(self) -> bytes:
        """What has arrived."""
        return b"".join(self._parts)

    def feed(self, chunk: bytes) -> None:
        """Keep a piece; nothing is kept of a response over the limit."""
        self._bytes += len(chunk)
        if self._bytes <= RESPONSE_LIMIT:
            self._parts.append(chunk)
        else:
            self._parts.clear()

    def finish(self, trailers: Headers) -> None:
        """The runtime has sent everything."""
        self._ended(StreamBroken(RESPONSE_TOO_LARGE) if self._bytes > RESPONSE_LIMIT else error_of(trailers))

    def abort(self) -> None:
        """The runtime's request was cut off."""
        self._ended(StreamBroken(TRUNCATED_RESPONSE))


class ResponseStream(AsyncIterator[bytes]):
    """The pieces of a streamed response; the runtime waits while the caller is slower.

    ``aclose()`` drops what is still to come and returns when the function has ended: on Lambda too the function runs
    on when its client leaves.
    """

    def __init__(
        self, connection: RuntimeApiConnection, began: "Callable[[ResponseStream], None]", ended: Ended
    ) -> None:
        self._connection = connection
        self._began = began
        self._ended = ended
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._total = 0
        self._paused = False
        self._dropping = False
        self._broken: StreamBroken | None = None
        self._news = asyncio.Event()
        self._over = asyncio.Event()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has arrived yet: a failure now is the invocation's, not the stream's."""
        return not self._total

    async def __anext__(self) -> bytes:
        while not self._pieces:
            if self._over.is_set():
                if self._broken is not None:
                    raise self._broken
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        piece = self._pieces.popleft()
        self._held -= len(piece)
        if self._paused and self._held < _HIGH_WATER // 2:
            self._paused = False
            self._connection.resume()
        return piece

    async def aclose(self) -> None:
        """Drop the rest, and wait for the end of the invocation."""
        self._dropping = True
        self._pieces.clear()
        self._held = 0
        if self._paused:
            self._paused = False
            self._connection.resume()
        await self._over.wait()

    def feed(self, chunk: bytes) -> None:
        """Hand a piece on; over AWS's limit the stream breaks."""
        if not self._total:
            self._began(self)
        self._total += len(chunk)
        if self._dropping or self._over.is_set():
            return
        if self._total > STREAM_LIMIT:
            self.end(StreamBroken(RESPONSE_TOO_LARGE))
            return
        self._pieces.append(chunk)
        self._held += len(chunk)
        self._news.set()
        if not self._paused and self._held >= _HIGH_WATER:
            self._paused = True
            self._connection.pause()

    def finish(self, trailers: Headers) -> None:
        """The runtime has sent everything."""
        self._ended(error_of(trailers))

    def abort(self) -> None:
        """The runtime's request was cut off."""
        self._ended(StreamBroken(TRUNCATED_RESPONSE))

    def end(self, broken: StreamBroken | None) -> None:
        """Let the caller see the end, after the pieces that it has not taken yet."""
        if not self._over.is_set():
            self._broken = broken
            self._over.set()
            self._news.set()


class RefusedResponse:
    """Takes a body that nobody wants, to answer when it has ended."""

    def __init__(self, call: RuntimeApiCall, refusal: ErrorResponse) -> None:
        self._call = call
        self._refusal = refusal

    def feed(self, chunk: bytes) -> None:
        """Drop it."""

    def finish(self, trailers: Headers) -> None:  # noqa: ARG002
        """Say why."""
        refuse(self._call, self._refusal)

    def abort(self) -> None:
        """Nobody is left to be told."""
