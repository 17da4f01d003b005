"""Frames between the gateway and a worker process: pure, so that they can be fed byte by byte in tests.

A frame is a 4-byte big-endian length, one byte that says what it is, and that many bytes of body.  The kinds are
described in ``bootstraps/python/worker.py``, which has the other end.
"""

from struct import Struct
from typing import NamedTuple

from gateway.invocation import Invocation

_HEAD = Struct(">Ic")
_INVOKE = Struct(">IcI")
_ROOM = 64 * 1024


class Frame(NamedTuple):
    """One whole frame: its kind, one byte, and its body."""

    kind: bytes
    body: bytes


def invoke_frame(invocation: Invocation, timeout_ms: int, function_arn: str, *, ahead: bool) -> tuple[bytes, bytes]:
    """An ``I`` frame, or with ``ahead`` an ``A`` frame, as two pieces, so that a large payload is not copied."""
    payload, request_id, arn, trace_id, client_context, identity, *_ = invocation
    caller = f"{client_context.decode()}\0{identity.decode()}" if client_context or identity else "\0"
    head = f"{request_id}\0{timeout_ms}\0{arn or function_arn}\0{trace_id}\0{caller}".encode()
    return _INVOKE.pack(4 + len(head) + len(payload), b"A" if ahead else b"I", len(head)) + head, payload


class FrameReader:
    """Finds frames in what arrives; the shape of `asyncio.BufferedProtocol`, so that bytes land where they stay."""

    def __init__(self) -> None:
        self._buffer = bytearray(_ROOM)
        self._filled = 0

    def room(self) -> memoryview:
        """Where the next bytes go."""
        return memoryview(self._buffer)[self._filled :]

    def fill(self, count: int) -> list[Frame]:
        """Take note of ``count`` new bytes and give the frames that are complete."""
        buffer = self._buffer
        filled = self._filled + count
        frames, begin = [], 0
        while filled - begin >= _HEAD.size:
            size, kind = _HEAD.unpack_from(buffer, begin)
            body = begin + _HEAD.size
            end = body + size
            if filled < end:
                break
            with memoryview(buffer) as view:
                frames.append(Frame(kind, bytes(view[body:end])))
            begin = end
        self._filled = filled - begin
        if begin:
            self._keep(buffer[begin:filled])
        if self._filled >= _HEAD.size:
            self._make_room(_HEAD.size + _HEAD.unpack_from(self._buffer)[0])
        return frames

    def _keep(self, rest: bytearray) -> None:
        """Begin the buffer with what belongs to no frame yet; a large buffer is given back."""
        if len(self._buffer) > _ROOM:
            self._buffer = bytearray(max(_ROOM, len(rest)))
        self._buffer[: len(rest)] = rest

    def _make_room(self, size: int) -> None:
        if size > len(self._buffer):
            self._buffer = self._buffer[: self._filled] + bytearray(size - self._filled)
