"""Frames between the gateway and a worker process: pure, so that they can be fed byte by byte in tests.

A frame is a 4-byte big-endian length, one byte that says what it is, and that many bytes of body.  The kinds are
described in ``bootstraps/python/worker.py``, which has the other end.
"""

from collections.abc import Iterator
from typing import NamedTuple

from gateway.invocation import Invocation

HEAD_SIZE = 5
_ROOM = 64 * 1024


class Frame(NamedTuple):
    """One whole frame: its kind, one byte, and its body."""

    kind: bytes
    body: bytes


def invoke_frame(invocation: Invocation, timeout_ms: int, function_arn: str, *, ahead: bool) -> tuple[bytes, bytes]:
    """An ``I`` frame, or with ``ahead`` an ``A`` frame, as two pieces, so that a large payload is not copied."""
    arn = invocation.function_arn or function_arn
    caller = f"{invocation.client_context.decode()}\0{invocation.cognito_identity.decode()}"
    head = f"{invocation.request_id}\0{timeout_ms}\0{arn}\0{invocation.trace_id}\0{caller}".encode()
    size = 4 + len(head) + len(invocation.payload)
    return size.to_bytes(4, "big") + (b"A" if ahead else b"I") + len(head).to_bytes(4, "big") + head, invocation.payload


class FrameReader:
    """Finds frames in what arrives; the shape of `asyncio.BufferedProtocol`, so that bytes land where they stay."""

    def __init__(self) -> None:
        self._buffer = bytearray(_ROOM)
        self._filled = 0

    def room(self) -> memoryview:
        """Where the next bytes go."""
        return memoryview(self._buffer)[self._filled :]

    def fill(self, count: int) -> Iterator[Frame]:
        """Take note of ``count`` new bytes and give the frames that are complete."""
        self._filled += count
        while self._filled >= HEAD_SIZE:
            end = HEAD_SIZE + int.from_bytes(self._buffer[:4], "big")
            if self._filled < end:
                self._make_room(end)
                return
            frame = Frame(bytes(self._buffer[4:5]), bytes(memoryview(self._buffer)[HEAD_SIZE:end]))
            rest = self._buffer[end : self._filled]
            if end > _ROOM:
                self._buffer = bytearray(max(_ROOM, len(rest)))
            self._buffer[: len(rest)] = rest
            self._filled = len(rest)
            yield frame

    def _make_room(self, size: int) -> None:
        if size > len(self._buffer):
            self._buffer = self._buffer[: self._filled] + bytearray(size - self._filled)
