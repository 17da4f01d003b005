"""Frames between the gateway and a worker process: pure, so that they can be fed byte by byte in tests.

A frame is a 4-byte big-endian length, one byte that says what it is, 8 bytes that name the attempt, and a body of that
length.  The kinds are described in ``bootstraps/python/worker.py``, which has the other end.

The attempt names one handing-out of one invocation, as ``Lambda-Runtime-Invocation-Id`` does in the Runtime API, and
comes back with the answer.  It is a number that begins anywhere in 63 bits and goes up by one: a handler can reach the
socket, and bytes that it writes there by accident do not hit a number that it has never seen, while one more integer in
a head that is unpacked anyway costs nothing that can be measured, unlike the 36 letters of a request id.
"""

from collections import deque
from collections.abc import Mapping
from struct import Struct
from typing import Final, NamedTuple

from gateway.invocation import Invocation
from gateway.targets.failures import RESULT_LIMIT

_HEAD: Final = Struct(">IcQ")
_INVOKE: Final = Struct(">IcQI")
_HEAD_BYTES: Final = _HEAD.size
_INVOKE_REST: Final = _INVOKE.size - _HEAD.size
_ROOM: Final = 64 * 1024
_GROWTH: Final = 4

INIT_ATTEMPT: Final = 0
"""The attempt in the frame that ends the init phase."""

_INIT_LIMITS: Final = {b"R": 64 * 1024, b"X": 1024 * 1024}
"""Bytes of body that a frame may have at most, by its kind: those that end the init phase."""

_ANSWER_LIMITS: Final = {b"r": RESULT_LIMIT, b"b": RESULT_LIMIT, b"e": RESULT_LIMIT, b"t": 0}
"""The same of those that answer an invocation."""


class Frame(NamedTuple):
    """One whole frame of the worker: its kind, one byte, and its body."""

    kind: bytes
    body: bytes


def invoke_frame(
    invocation: Invocation, timeout_ms: int, function_arn: str, attempt: int, *, ahead: bool
) -> tuple[bytes, bytes]:
    """An ``I`` frame, or with ``ahead`` an ``A`` frame, as two pieces, so that a large payload is not copied."""
    payload, request_id, arn, trace_id, client_context, identity, *_ = invocation
    caller = f"{client_context.decode()}\0{identity.decode()}" if client_context or identity else "\0"
    head = f"{request_id}\0{timeout_ms}\0{arn or function_arn}\0{trace_id}\0{caller}".encode()
    size = _INVOKE_REST + len(head) + len(payload)
    return _INVOKE.pack(size, b"A" if ahead else b"I", attempt, len(head)) + head, payload


class FrameReader:
    """Finds frames in what arrives; the shape of `asyncio.BufferedProtocol`, so that bytes land where they stay.

    Nothing that arrives is believed: the handler can write to the socket, and so can what it has started.  The first
    frame has to end the init phase, each one after it has to answer the attempt that is next in line, and none may be
    longer than its kind allows.  Room is made for what has arrived, not for what is announced.

    Args:
        due: The attempts that have no answer yet, in their order, `INIT_ATTEMPT` first; each leaves with its answer.

    Attributes:
        fault: Why what arrived cannot come from the worker's runtime; "" while it can.  No frames come after it.
    """

    def __init__(self, due: deque[int]) -> None:
        self.fault = ""
        self._due = due
        self._limits: Mapping[bytes, int] = _INIT_LIMITS
        self._buffer = bytearray(_ROOM)
        self._filled = 0

    def room(self) -> memoryview:
        """Where the next bytes go."""
        return memoryview(self._buffer)[self._filled :]

    def fill(self, count: int) -> list[Frame]:
        """Take note of ``count`` new bytes and give the frames that are complete."""
        buffer, due, limits = self._buffer, self._due, self._limits
        filled = self._filled + count
        frames: list[Frame] = []
        begin = end = 0
        while filled - begin >= _HEAD_BYTES:
            size, kind, attempt = _HEAD.unpack_from(buffer, begin)
            if size > limits.get(kind, -1) or not due or attempt != due[0]:
                self._refuse(size, kind)
                return frames
            body = begin + _HEAD_BYTES
            end = body + size
            if filled < end:
                break
            with memoryview(buffer) as view:
                frames.append(Frame(kind, bytes(view[body:end])))
            due.popleft()
            if limits is _INIT_LIMITS:
                limits = self._limits = _ANSWER_LIMITS
            begin = end
        self._filled = left = filled - begin
        if begin and (left or len(buffer) > _ROOM):
            self._keep(buffer[begin:filled])
        if left == len(self._buffer):
            self._grow(end - begin)
        return frames

    def _refuse(self, size: int, kind: bytes) -> None:
        """Say what is wrong with a head, once, and take nothing more."""
        if not self.fault:
            limit = self._limits.get(kind)
            if limit is None:
                self.fault = f"a frame of the kind {kind!r} cannot come now"
            elif size > limit:
                self.fault = f"a frame announces {size} bytes where {limit} are the most"
            else:
                self.fault = "an answer is not for the invocation that is next in line"
        self._limits = {}
        self._filled = 0

    def _keep(self, rest: bytearray) -> None:
        """Begin the buffer with what belongs to no frame yet; a large buffer is given back."""
        if len(self._buffer) > _ROOM:
            self._buffer = bytearray(max(_ROOM, len(rest)))
        self._buffer[: len(rest)] = rest

    def _grow(self, size: int) -> None:
        """Make room for more of a frame of ``size`` bytes, head included: some times what has arrived of it."""
        grown = bytearray(min(size, _GROWTH * self._filled))
        grown[: self._filled] = self._buffer
        self._buffer = grown
