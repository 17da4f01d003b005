"""InvokeWithResponseStream over real HTTP, read by boto3's decoder."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from botocore.eventstream import EventStreamBuffer

from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.invocation import Failed, Outcome, Returned, StreamBroken, Streamed, Throttled, TimedOut
from gateway.lambda_api.app import build_control_app
from gateway.lambda_api.server import ControlServer
from tests.lambda_api.conftest import STREAM, ControlPort, ScriptedTarget, chunks_of


async def broken_after(*pieces: bytes) -> AsyncIterator[bytes]:
    """A stream that fails half-way."""
    for piece in pieces:
        yield piece
    raise StreamBroken("Runtime.TruncatedResponse", b'{"errorMessage":"m"}')


@asynccontextmanager
async def streaming_server(chunks: AsyncIterator[bytes]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a control port whose function streams ``chunks``."""

    async def reset() -> None: ...

    function = Function(FunctionConfiguration("demo-lambda", "app.handler"), ScriptedTarget(Streamed("", chunks)))
    server = ControlServer(lambda: build_control_app(LambdaService([function]), reset), "127.0.0.1", 0)
    await server.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
        yield client
    await server.stop(5)


def events(data: bytes) -> list[tuple[str, bytes]]:
    """Type and payload of every frame."""
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [(event.headers[":event-type"], event.payload) for event in buffer]


@pytest.mark.parametrize(
    ("outcome", "content_type", "chunks", "complete"),
    [
        (Streamed("text/html", chunks_of(b"a", b"", b"b")), "text/html", [b"a", b"b"], {}),
        (Streamed("", chunks_of()), "application/octet-stream", [], {}),
        (Returned(b'{"a":1}'), "application/json", [b'{"a":1}'], {}),
        (
            Streamed("text/plain", broken_after(b"a")),
            "text/plain",
            [b"a"],
            {"ErrorCode": "Runtime.TruncatedResponse", "ErrorDetails": '{"errorMessage":"m"}'},
        ),
        (
            Failed(b'{"errorType":"E"}', "E", "m"),
            "application/octet-stream",
            [],
            {"ErrorCode": "E", "ErrorDetails": '{"errorType":"E"}'},
        ),
        (
            TimedOut(b"{}", 3000),
            "application/octet-stream",
            [],
            {"ErrorCode": "Sandbox.Timedout", "ErrorDetails": "{}"},
        ),
    ],
    ids=["streamed", "empty", "buffered", "broken", "failed", "timed out"],
)
def test_every_outcome_is_a_stream(
    control: ControlPort, outcome: Outcome, content_type: str, chunks: list[bytes], complete: dict[str, Any]
) -> None:
    """200 with chunks and one ``InvokeComplete``, whatever happened to the function."""
    control.target.outcome = outcome

    answer = control.client.post(STREAM, content=b"{}")

    *got, last = events(answer.content)
    assert [("PayloadChunk", chunk) for chunk in chunks] == got
    assert (last[0], json.loads(last[1])) == ("InvokeComplete", complete)
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    assert answer.headers["x-amz-executed-version"] == "$LATEST"
    assert "x-amz-function-error" not in answer.headers
    assert control.target.seen[0].streaming


def test_the_log_comes_with_the_end(control: ControlPort) -> None:
    """``Tail`` puts the log into ``InvokeComplete``."""
    control.target.outcome = Returned(b"1", b"log")

    answer = control.client.post(STREAM, headers={"X-Amz-Log-Type": "Tail"})

    assert events(answer.content)[-1] == ("InvokeComplete", b'{"LogResult":"bG9n"}')


def test_a_throttle_is_an_http_error(control: ControlPort) -> None:
    """What did not begin to run has no stream."""
    control.target.outcome = Throttled("ConcurrentInvocationLimitExceeded")

    answer = control.client.post(STREAM)

    assert (answer.status_code, answer.json()["Reason"]) == (429, "ConcurrentInvocationLimitExceeded")


def test_a_dry_run_has_no_stream(control: ControlPort) -> None:
    """204, and the function is not called."""
    answer = control.client.post(STREAM, headers={"X-Amz-Invocation-Type": "DryRun"})

    assert (answer.status_code, answer.content, control.target.seen) == (204, b"", [])


@pytest.mark.anyio
async def test_a_piece_arrives_before_the_next_one_is_made() -> None:
    """The function's second piece is written only after the caller has seen the first."""
    seen = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.wait_for(seen.wait(), 10)
        yield b"second"

    buffer, got = EventStreamBuffer(), []
    async with streaming_server(pieces()) as client, client.stream("POST", STREAM) as answer:
        async for data in answer.aiter_bytes():
            buffer.add_data(data)
            got += [event.payload for event in buffer]
            seen.set()

    assert got == [b"first", b"second", b"{}"]


async def generated(closed: asyncio.Event) -> AsyncIterator[bytes]:
    """An endless stream from a generator."""
    try:
        while True:
            yield b"x" * 100_000
            await asyncio.sleep(0)
    finally:
        closed.set()


class Iterated(AsyncIterator[bytes]):
    """An endless stream from an iterator that is no generator, as those of the Runtime API and of AWS are."""

    def __init__(self, closed: asyncio.Event) -> None:
        self._closed = closed

    async def __anext__(self) -> bytes:
        await asyncio.sleep(0)
        return b"x" * 100_000

    async def aclose(self) -> None:
        """Nobody reads on."""
        self._closed.set()


@pytest.mark.anyio
@pytest.mark.parametrize("endless", [generated, Iterated])
async def test_a_caller_that_leaves_stops_the_stream(endless: Callable[[asyncio.Event], AsyncIterator[bytes]]) -> None:
    """The function's stream is closed, however much it has still to say."""
    closed = asyncio.Event()
    async with streaming_server(endless(closed)) as client:
        async with client.stream("POST", STREAM) as answer:
            assert answer.status_code == 200
        await asyncio.wait_for(closed.wait(), 10)
