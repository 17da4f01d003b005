"""The end of bodies that come in chunks and may not be read to their end."""

from collections.abc import AsyncIterator
from typing import Final

from gateway.tasks import Tasks

_closing: Final = Tasks("the end of a stream")


async def close_chunks(chunks: bytes | AsyncIterator[bytes]) -> None:
    """Tell a source that nobody reads on; bytes, and iterators without ``aclose``, need not know."""
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()


def close_later(chunks: AsyncIterator[bytes]) -> None:
    """Close a stream in the background: its function may run on for a while, and the client shall not wait for it."""
    _closing.start(close_chunks(chunks))
