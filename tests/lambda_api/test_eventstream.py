"""Frames, read by the decoder of botocore."""

import base64
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.lambda_api.eventstream import CHUNK_LIMIT, invoke_complete, payload_chunks

HELLO = (
    "000000700000005a174e874c0d3a6d6573736167652d747970650700056576656e740b3a6576656e742d7479706507000c5061796c6f"
    "61644368756e6b0d3a636f6e74656e742d747970650700186170706c69636174696f6e2f6f637465742d73747265616d68656c6c6f20"
    "7316ee1f"
)
COMPLETE = (
    "00000066000000541f56c8690d3a6d6573736167652d747970650700056576656e740b3a6576656e742d7479706507000e496e766f6b"
    "65436f6d706c6574650d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e7b7dface259a"
)


def decoded(data: bytes) -> list[tuple[dict[str, Any], bytes]]:
    """All frames in ``data``, checksums verified by botocore."""
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [(event.headers, event.payload) for event in buffer]


def test_frames_are_byte_for_byte() -> None:
    """A chunk and the end, as botocore 1.44.5 accepts them."""
    assert payload_chunks(b"hello ") == [bytes.fromhex(HELLO)]
    assert invoke_complete() == bytes.fromhex(COMPLETE)


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=3000))
def test_any_payload_survives(payload: bytes) -> None:
    """Botocore gets back what was put in."""
    ((headers, got),) = decoded(b"".join(payload_chunks(payload)))

    assert got == payload
    assert headers == {
        ":message-type": "event",
        ":event-type": "PayloadChunk",
        ":content-type": "application/octet-stream",
    }


@pytest.mark.parametrize(("size", "frames"), [(0, 0), (CHUNK_LIMIT, 1), (CHUNK_LIMIT + 1, 2), (6 * CHUNK_LIMIT, 6)])
def test_a_long_payload_is_several_chunks(size: int, frames: int) -> None:
    """A frame holds at most 1 MiB; an empty piece needs none."""
    chunks = payload_chunks(b"x" * size)

    assert len(chunks) == frames
    assert sum(len(payload) for _, payload in decoded(b"".join(chunks))) == size


def test_the_end_tells_the_error_and_the_log() -> None:
    """The runtime's error type and object, and the log as base64."""
    ((headers, payload),) = decoded(invoke_complete("E", b'{"errorMessage":"m"}', b"log"))

    assert headers[":event-type"] == "InvokeComplete"
    log = base64.b64encode(b"log")
    expected = b'{"ErrorCode":"E","ErrorDetails":"{\\"errorMessage\\":\\"m\\"}","LogResult":"' + log + b'"}'
    assert payload == expected
