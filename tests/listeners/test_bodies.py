"""A body that is handed over in pieces."""

import asyncio

import pytest

from gateway.listeners.bodies import BodyStream

pytestmark = pytest.mark.anyio


async def test_in_order_to_the_end() -> None:
    """The chunks come in order, then the stream ends."""
    stream = BodyStream(lambda: None)
    stream.feed(b"a")
    stream.feed(b"b")
    stream.end()

    assert [chunk async for chunk in stream] == [b"a", b"b"]


async def test_reading_waits_for_more() -> None:
    """A reader that is faster than the client waits."""
    stream = BodyStream(lambda: None)
    reading = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    assert not reading.done()

    stream.feed(b"a")

    assert await reading == b"a"


async def test_flow() -> None:
    """Over 128 KiB it is full, under 64 KiB it has room again, and it says so both times."""
    changes: list[bool] = []
    stream = BodyStream(lambda: changes.append(stream.full))
    for _ in range(5):
        stream.feed(b"x" * 32 * 1024)
    assert changes == [True]

    for _ in range(4):
        await anext(stream)

    assert changes == [True, False]


async def test_client_goes_away() -> None:
    """What had arrived can be read, then reading raises."""
    stream = BodyStream(lambda: None)
    stream.feed(b"a")
    stream.break_off()

    assert await anext(stream) == b"a"
    with pytest.raises(ConnectionResetError, match="before its request body was complete"):
        await anext(stream)
