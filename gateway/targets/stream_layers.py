"""Layers over the standard streams of this process, which come and go while other threads print.

CPython's ``print`` holds no reference to ``sys.stdout`` while it writes to it (seen with 3.11): when another thread
puts a stream in its place and nothing else keeps the first, the process crashes.  So a layer that has been taken away
is kept, and is the one that comes again.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TextIO, TypeVar

L = TypeVar("L")

_MOST: Final = 32
"""Streams whose layers are kept: the process's own, and what handlers and tests put in their place."""


class StreamLayers(Generic[L]):
    """The layers of one kind, each with the stream that it is over.

    Args:
        make: Makes a layer over a stream.
    """

    def __init__(self, make: Callable[[TextIO], L]) -> None:
        self._make = make
        self._kept: deque[tuple[TextIO, L]] = deque(maxlen=_MOST)

    def over(self, stream: TextIO) -> L:
        """The layer over a stream: the same one each time.  Not for several threads at once."""
        for below, layer in self._kept:
            if below is stream:
                return layer
        layer = self._make(stream)
        self._kept.append((stream, layer))
        return layer
