"""A body that is read while it arrives."""

import asyncio

import pytest

from gateway.targets.http_body import AnswerBody
from gateway.targets.http_transport import ConnectionLost

pytestmark = pytest.mark.anyio


class Recorded:
    """A source that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def pause_reading(self) -> None:
        """Too much waits."""
        self.told.append("pause")

    def resume_reading(self) -> None:
        """There is room."""
        self.told.append("resume")

    def abort(self) -> None:
        """Nobody reads on."""
        self.told.append("abort")


async def test_chunks_are_read_as_they_come() -> None:
    """A reader that was first waits."""
    body = AnswerBody(Recorded())
    reading = asyncio.create_task(anext(body))
    await asyncio.sleep(0)
    body.feed(b"one")
    assert await reading == b"one"
    body.feed(b"two")
    body.end()
    assert [chunk async for chunk in body] == [b"two"]


async def test_the_source_is_held_back_between_two_marks() -> None:
    """Over 256 KiB it must wait, below 64 KiB it may go on."""
    source = Recorded()
    body = AnswerBody(source)
    for _ in range(3):
        body.feed(bytes(100_000))
    assert source.told == ["pause"]
    await anext(body)
    await anext(body)
    assert source.told == ["pause"]
    await anext(body)
    assert source.told == ["pause", "resume"]


async def test_a_complete_body_leaves_the_source_alone() -> None:
    """It may be serving another answer by now."""
    source = Recorded()
    body = AnswerBody(source)
    body.feed(b"x")
    body.end()
    assert await anext(body) == b"x"
    await body.aclose()
    assert source.told == []


async def test_leaving_ends_the_source_once() -> None:
    """Whoever still reads is told."""
    source = Recorded()
    body = AnswerBody(source)
    await body.aclose()
    await body.aclose()
    assert source.told == ["abort"]
    with pytest.raises(ConnectionLost):
        await anext(body)


async def test_an_error_comes_after_the_last_chunk() -> None:
    """Nothing that arrived is lost."""
    body = AnswerBody(Recorded())
    body.feed(b"x")
    body.end(ConnectionLost("reset"))
    assert await anext(body) == b"x"
    with pytest.raises(ConnectionLost, match="reset"):
        await anext(body)
