"""Doubles for listeners: functions whose answers are written in the test, and ports to reach them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import TypeAlias

import httpx
import orjson

from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.invocation import Failed, Invocation, Outcome, Returned, StreamBroken, Streamed
from gateway.listeners.pipeline import PipelineListener
from gateway.listeners.server import ListenerServer
from gateway.types import Json

Answer: TypeAlias = "Callable[[dict[str, Json]], Json | Outcome | Awaitable[Json | Outcome]]"


class Scripted:
    """A target that answers as the test says, and remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.events: list[dict[str, Json]] = []
        self.invocations: list[Invocation] = []
        self.renewed = 0

    async def start(self) -> None:
        """Nothing to make ready."""

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Answer one invocation."""
        self.invocations.append(invocation)
        event = orjson.loads(invocation.payload)
        self.events.append(event)
        result = self.answer(event)
        if isawaitable(result):
            result = await result
        return result if isinstance(result, tuple) else Returned(orjson.dumps(result))

    def renew(self) -> None:
        """Count."""
        self.renewed += 1

    async def aclose(self) -> None:
        """Nothing to stop."""


def scripted(answer: Answer, name: str = "f", timeout_ms: int = 3000) -> tuple[Function, Scripted]:
    """A function that answers as the test says."""
    target = Scripted(answer)
    return Function(FunctionConfiguration(name, "app.handler", timeout_ms=timeout_ms), target), target


def ok(event: dict[str, Json]) -> Json:  # noqa: ARG001 - an Answer
    """An answer with a body."""
    return {"statusCode": 200, "body": "fine"}


def failing(message: str) -> Failed:
    """A function that raised."""
    return Failed(orjson.dumps({"errorType": "Exception", "errorMessage": message}), "Exception", message)


class ScriptedStream(AsyncIterator[bytes]):
    """A stream that the test writes; it breaks when the test says so.

    Attributes:
        closed: Set when the reader closed it.
        read: How many pieces were taken.
    """

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | StreamBroken | None] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.read = 0

    def write(self, piece: bytes) -> None:
        """Hand over a piece."""
        self._pieces.put_nowait(piece)

    def end(self, broken: StreamBroken | None = None) -> None:
        """End, well or badly."""
        self._pieces.put_nowait(broken)

    async def __anext__(self) -> bytes:
        piece = await self._pieces.get()
        if isinstance(piece, StreamBroken):
            raise piece
        if piece is None:
            self.end()  # as streams do that are asked again
            raise StopAsyncIteration
        self.read += 1
        return piece

    async def aclose(self) -> None:
        """The reader has gone."""
        self.closed.set()


def streamed(stream: AsyncIterator[bytes], content_type: str = "text/plain") -> Streamed:
    """A streamed outcome."""
    return Streamed(content_type, stream)


class Port:
    """A listener's port."""

    def __init__(self, number: int, client: httpx.AsyncClient) -> None:
        self.number = number
        self.client = client

    async def ask(
        self, path: str = "/", method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> httpx.Response:
        """One request and its answer."""
        return await self.client.request(method, path, headers=headers, content=body or None)


@asynccontextmanager
async def opened(listener: PipelineListener) -> AsyncIterator[Port]:
    """A listener on a port of its own."""
    server = ListenerServer(listener)
    await server.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
            yield Port(server.port, client)
    finally:
        await server.stop(0)
        await listener.aclose()


def lines(response: httpx.Response) -> list[tuple[str, str]]:
    """Header lines as they came, without those that change with each request."""
    changing = {"date", "x-amzn-requestid", "x-amz-apigw-id", "apigw-requestid", "x-amzn-trace-id"}
    pairs = [(name.decode(), value.decode()) for name, value in response.headers.raw]
    return [pair for pair in pairs if pair[0].lower() not in changing]


def context_of(event: dict[str, Json]) -> dict[str, Json]:
    """The request context of an event."""
    context = event["requestContext"]
    assert isinstance(context, dict)
    return context
