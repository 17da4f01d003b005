"""From a streamed outcome to a response whose body is the stream.

The head leaves as soon as the prelude is complete, each piece as the function writes it, and the function waits while
the client is slower.  A client that leaves ends the stream; a function that fails half-way truncates the response.
"""

from collections.abc import AsyncIterator
from typing import Protocol

from gateway.chunks import close_chunks, close_later
from gateway.errors import Fault, FaultKind
from gateway.invocation import StreamBroken, Streamed
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.stream_prelude import CONTENT_TYPE, Prelude, PreludeParser, plain_prelude


class StreamFlavour(Protocol):
    """A flavour that can begin a response before its body is known."""

    def begin(self, prelude: Prelude, request: Request, arrival: Arrival) -> Response:
        """The head of the response."""
        ...


class StreamBody(AsyncIterator[bytes]):
    """The body of a streamed response: what came with the prelude, then the rest."""

    def __init__(self, first: bytes, chunks: AsyncIterator[bytes]) -> None:
        self._first = first
        self._chunks = chunks

    async def __anext__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        return await anext(self._chunks)

    async def aclose(self) -> None:
        """Nobody reads on."""
        await close_chunks(self._chunks)


async def begin_stream(flavour: StreamFlavour, outcome: Streamed, request: Request, arrival: Arrival) -> Response:
    """The response for a stream, once its prelude is there.

    Raises:
        BadResult: What the function announced as a prelude is none.
        Fault: The function failed before the prelude was complete.
    """
    try:
        prelude = await _prelude(outcome)
        head = flavour.begin(prelude, request, arrival)
    except BaseException as error:
        close_later(outcome.chunks)
        if isinstance(error, StreamBroken):
            raise Fault(FaultKind.FUNCTION_ERROR, f"{error.error_type} before the response began") from error
        raise
    return head._replace(body=StreamBody(prelude.body, outcome.chunks))


async def _prelude(outcome: Streamed) -> Prelude:
    if outcome.content_type != CONTENT_TYPE:
        return plain_prelude(outcome.content_type)
    parser = PreludeParser()
    async for chunk in outcome.chunks:
        prelude = parser.feed(chunk)
        if prelude is not None:
            return prelude
    return parser.finish()
