"""Frames, whatever the pieces in which they arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.invocation import Invocation
from gateway.targets.worker.framing import Frame, FrameReader, invoke_frame


def wire(frame: Frame) -> bytes:
    """A frame as it is sent."""
    return len(frame.body).to_bytes(4, "big") + frame.kind + frame.body


def feed(reader: FrameReader, data: bytes, step: int) -> list[Frame]:
    """Give the reader its bytes, at most ``step`` at once and never more than it has room for."""
    frames = []
    while data:
        room = reader.room()
        count = min(step, len(room), len(data))
        assert count, "a reader always has room for another byte"
        room[:count] = data[:count]
        room.release()
        frames += list(reader.fill(count))
        data = data[count:]
    return frames


@given(
    frames=st.lists(st.builds(Frame, st.sampled_from([b"r", b"e", b"R"]), st.binary(max_size=300)), max_size=6),
    step=st.integers(1, 400),
)
def test_pieces_do_not_matter(frames: list[Frame], step: int) -> None:
    """Byte by byte, several frames at once: the frames that were sent are the frames that arrive."""
    assert feed(FrameReader(), b"".join(map(wire, frames)), step) == frames


@pytest.mark.parametrize("size", [64 * 1024 - 5, 64 * 1024, 6 * 1024 * 1024 + 100])
def test_large_frames(size: int) -> None:
    """A frame larger than the buffer is whole, and so are the small ones before and behind it."""
    frames = [Frame(b"R", b"{}"), Frame(b"r", b"x" * size), Frame(b"e", b"small"), Frame(b"r", b"y" * size)]

    assert feed(FrameReader(), b"".join(map(wire, frames)), 100_000) == frames


def test_buffer_of_a_large_frame_is_given_back() -> None:
    """An environment that once returned 6 MB does not keep 6 MB."""
    reader = FrameReader()
    feed(reader, wire(Frame(b"r", b"x" * 6_000_000)), 1_000_000)

    assert len(reader.room()) == 64 * 1024


@pytest.mark.parametrize(("ahead", "kind"), [(False, b"I"), (True, b"A")])
def test_invoke_frame(ahead: bool, kind: bytes) -> None:
    """The head's members stand in order, joined by NUL; the payload is not copied."""
    invocation = Invocation(b'{"a":1}', "id", trace_id="Root=1", client_context=b"{}", cognito_identity=b"")

    head, payload = invoke_frame(invocation, 3000, "arn:own", ahead=ahead)

    text = b"id\x003000\x00arn:own\x00Root=1\x00{}\x00"
    assert head[5:] == len(text).to_bytes(4, "big") + text
    assert (head[4:5], payload) == (kind, invocation.payload)
    assert int.from_bytes(head[:4], "big") == len(head) - 5 + len(payload)
    assert payload is invocation.payload


def test_invoked_arn_wins() -> None:
    """The ARN that the caller used is what the handler is told."""
    head, _ = invoke_frame(Invocation(b"", "id", "arn:own:alias"), 0, "arn:own", ahead=False)

    assert b"\0arn:own:alias\0" in head
