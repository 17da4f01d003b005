"""Sources of chunks learn that nobody reads on."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.chunks import close_chunks, close_later

pytestmark = pytest.mark.anyio


class Source:
    """An iterator that is no generator, as the targets' are."""

    def __init__(self, error: Exception | None = None) -> None:
        self.closed = asyncio.Event()
        self._error = error

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return b"more"

    async def aclose(self) -> None:
        """Nobody reads on."""
        self.closed.set()
        if self._error:
            raise self._error


async def test_every_source_that_can_be_closed_is() -> None:
    """Generators and other iterators with ``aclose`` alike."""
    source, left = Source(), asyncio.Event()

    async def generated() -> AsyncIterator[bytes]:
        try:
            yield b"first"
        finally:
            left.set()

    begun = generated()
    await anext(begun)
    await close_chunks(begun)
    await close_chunks(source)

    assert left.is_set()
    assert source.closed.is_set()


async def test_what_cannot_be_closed_is_left_alone() -> None:
    """A whole body, and an iterator that holds nothing."""

    class Plain(AsyncIterator[bytes]):
        async def __anext__(self) -> bytes:
            raise StopAsyncIteration

    await close_chunks(b"whole")
    await close_chunks(Plain())


async def test_closing_in_the_background(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for it, and what it raises is a defect in the log."""
    source = Source(LookupError("tail"))
    close_later(source)
    before = source.closed.is_set()
    await asyncio.wait_for(source.closed.wait(), 5)
    await asyncio.sleep(0)

    assert not before
    assert [record.getMessage().split(" met ")[0] for record in caplog.records] == ["the end of a stream"]
