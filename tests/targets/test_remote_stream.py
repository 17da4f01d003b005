"""Event-stream frames as outcomes; the frames are made by our own encoder, which botocore's decoder reads."""

from collections.abc import AsyncIterator
from zlib import crc32

import pytest

from gateway.invocation import Failed, Outcome, StreamBroken, Streamed, TimedOut
from gateway.lambda_api.eventstream import frame, invoke_complete, payload_chunks
from gateway.targets.http_transport import ConnectionLost, HttpResponse
from gateway.targets.remote_stream import streamed_outcome

pytestmark = pytest.mark.anyio


END_HEADERS = invoke_complete()[12:-6]


def announcing(total: int, headers: int) -> bytes:
    """The first bytes of a frame of these lengths."""
    prelude = total.to_bytes(4, "big") + headers.to_bytes(4, "big")
    return prelude + crc32(prelude).to_bytes(4, "big")


async def outcome(*pieces: bytes, content_type: bytes = b"text/plain") -> Outcome:
    """The outcome of an answer that comes in these pieces."""

    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return await streamed_outcome(HttpResponse(200, b"OK", [(b"Content-Type", content_type)], body()))


async def read(found: Outcome) -> list[bytes]:
    """All chunks of a streamed outcome."""
    assert isinstance(found, Streamed)
    return [chunk async for chunk in found.chunks]


async def test_chunks_come_as_they_were_written() -> None:
    """However the frames are cut on their way."""
    frames = b"".join([*payload_chunks(b"one"), *payload_chunks(b"two"), invoke_complete()])
    found = await outcome(*(frames[at : at + 5] for at in range(0, len(frames), 5)))

    assert await read(found) == [b"one", b"two"]
    assert isinstance(found, Streamed)
    assert found.content_type == "text/plain"


@pytest.mark.parametrize("declared", [b"", b"application/vnd.amazon.eventstream"])
async def test_the_framing_is_not_the_content_type(declared: bytes) -> None:
    """Without a type of the function's own it is bytes."""
    found = await outcome(invoke_complete(), content_type=declared)

    assert isinstance(found, Streamed)
    assert found.content_type == "application/octet-stream"
    assert await read(found) == []


async def test_events_that_nobody_knows_are_passed_over() -> None:
    """The service may add some."""
    assert await read(await outcome(frame(b"", b"?"), *payload_chunks(b"x"), invoke_complete())) == [b"x"]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (
            invoke_complete("Function.X", b'{"errorType":"X","errorMessage":"no"}'),
            Failed(b'{"errorType":"X","errorMessage":"no"}', "X", "no"),
        ),
        (invoke_complete("Runtime.ExitError", b"gone"), Failed(b"gone", "Runtime.ExitError", "")),
        (
            invoke_complete("Sandbox.Timedout", b'{"errorMessage":"Task timed out after 3.00 seconds"}'),
            TimedOut(b'{"errorMessage":"Task timed out after 3.00 seconds"}', 3000),
        ),
    ],
)
async def test_a_function_that_failed_before_it_wrote(end: bytes, expected: Outcome) -> None:
    """It is not a stream at all."""
    assert await outcome(end) == expected


async def test_a_function_that_failed_half_way() -> None:
    """What was written is read before the error."""
    found = await outcome(*payload_chunks(b"x"), invoke_complete("Function.X", b"why"))
    assert isinstance(found, Streamed)

    assert await anext(found.chunks) == b"x"
    with pytest.raises(StreamBroken) as broken:
        await anext(found.chunks)
    assert (broken.value.error_type, broken.value.payload) == ("Function.X", b"why")


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"\0\0\0\x20garbage that is long enough to be a prelude",
        frame(END_HEADERS, b"[]"),
        frame(END_HEADERS, b"{"),
    ],
)
async def test_a_stream_without_its_end(rest: bytes) -> None:
    """Neither a cut nor bytes that are no frame, or no end of a stream, pass as the end."""
    found = await outcome(*payload_chunks(b"x"), rest)
    assert isinstance(found, Streamed)

    assert await anext(found.chunks) == b"x"
    with pytest.raises(StreamBroken, match="ConnectionError"):
        await anext(found.chunks)


@pytest.mark.parametrize(("total", "headers"), [(1500 * 2**20, 0), (1500 * 2**20, 1499 * 2**20), (16, 2**32 - 1)])
async def test_a_frame_of_1_5_gb(total: int, headers: int) -> None:
    """What it announces is refused, not waited for."""
    found = await outcome(*payload_chunks(b"x"), announcing(total, headers))
    assert isinstance(found, Streamed)

    assert await anext(found.chunks) == b"x"
    with pytest.raises(StreamBroken) as caught:
        await anext(found.chunks)
    assert b"exceeded the maximum" in caught.value.payload


async def test_a_connection_that_breaks() -> None:
    """The transport's error stays inside."""

    async def body() -> AsyncIterator[bytes]:
        yield payload_chunks(b"x")[0]
        raise ConnectionLost("reset")

    found = await streamed_outcome(HttpResponse(200, b"OK", [], body()))
    assert isinstance(found, Streamed)
    await anext(found.chunks)
    with pytest.raises(StreamBroken, match="ConnectionError"):
        await anext(found.chunks)
