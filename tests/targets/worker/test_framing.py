"""Frames, whatever the pieces in which they arrive, and whoever wrote them."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.invocation import Invocation
from gateway.targets.worker.framing import INIT_ATTEMPT, Frame, FrameReader, invoke_frame

FIRST = 0x0123_4567_89AB_CDEF
READY = Frame(b"R", b"{}")
LIMIT = 6_291_556


def wire(frame: Frame, attempt: int = INIT_ATTEMPT) -> bytes:
    """A frame as it is sent."""
    return len(frame.body).to_bytes(4, "big") + frame.kind + attempt.to_bytes(8, "big") + frame.body


def all_wired(answers: list[Frame]) -> bytes:
    """The frame that ends the init phase, and answers to attempts in their order."""
    return wire(READY) + b"".join(wire(frame, FIRST + index) for index, frame in enumerate(answers))


def reader_for(*attempts: int) -> FrameReader:
    """A reader that waits for the end of the init phase, and for these."""
    return FrameReader(deque([INIT_ATTEMPT, *attempts]))


def feed(reader: FrameReader, data: bytes, step: int = 100_000) -> list[Frame]:
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


answers_of_a_worker = st.lists(
    st.builds(Frame, st.sampled_from([b"r", b"b", b"e"]), st.binary(max_size=300)) | st.just(Frame(b"t", b"")),
    max_size=6,
)


@given(answers=answers_of_a_worker, step=st.integers(1, 400))
def test_pieces_do_not_matter(answers: list[Frame], step: int) -> None:
    """Byte by byte, several frames at once: the frames that were sent are the frames that arrive."""
    reader = reader_for(*range(FIRST, FIRST + len(answers)))

    assert feed(reader, all_wired(answers), step) == [READY, *answers]
    assert not reader.fault


@pytest.mark.parametrize("size", [64 * 1024 - 13, 64 * 1024, 300_000, LIMIT])
def test_large_frames(size: int) -> None:
    """A frame larger than the buffer is whole, and so are the small ones before and behind it."""
    answers = [Frame(b"r", b"x" * size), Frame(b"e", b"small"), Frame(b"r", b"y" * size)]

    assert feed(reader_for(FIRST, FIRST + 1, FIRST + 2), all_wired(answers)) == [READY, *answers]


def test_buffer_of_a_large_frame_is_given_back() -> None:
    """An environment that once returned 6 MB does not keep 6 MB."""
    reader = reader_for(FIRST)
    feed(reader, all_wired([Frame(b"r", b"x" * 6_000_000)]), 1_000_000)

    assert len(reader.room()) == 64 * 1024


def test_room_grows_with_what_has_arrived() -> None:
    """6 MB that are announced take no memory; those that have come make room for four times as many."""
    reader = reader_for(FIRST)
    data = all_wired([Frame(b"r", b"x" * LIMIT)])
    held, done = [], 0
    for arrived in (20, 60_000, 70_000, 270_000):
        feed(reader, data[done:arrived])
        done = arrived
        held.append(arrived - len(wire(READY)) + len(reader.room()))

    assert held == [64 * 1024, 64 * 1024, 256 * 1024, 1024 * 1024]


HEADS = {
    "1.5 GB": (1500 * 2**20, b"r", FIRST),
    "a result of a byte too much": (LIMIT + 1, b"r", FIRST),
    "bytes of a byte too much": (LIMIT + 1, b"b", FIRST),
    "an error of a byte too much": (LIMIT + 1, b"e", FIRST),
    "too large, with a body": (1, b"t", FIRST),
    "a past attempt": (0, b"r", FIRST - 1),
    "the attempt after the next": (0, b"r", FIRST + 1),
    "no attempt": (0, b"r", INIT_ATTEMPT),
    "ready again": (2, b"R", INIT_ATTEMPT),
    "ready with an attempt": (2, b"R", FIRST),
    "init failed after it went well": (2, b"X", INIT_ATTEMPT),
    "what the gateway sends": (2, b"I", FIRST),
    "letters": (0x61626364, b"e", FIRST),
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
@pytest.mark.parametrize("step", [1, 100_000])
def test_what_no_worker_sends(head: tuple[int, bytes, int], step: int) -> None:
    """Its head is enough: no room is made, no frame comes, nor the right one behind it; what came before stays."""
    size, kind, attempt = head
    reader = reader_for(FIRST, FIRST + 1)
    stray = size.to_bytes(4, "big") + kind + attempt.to_bytes(8, "big")

    frames = feed(reader, wire(READY) + stray + wire(Frame(b"r", b"1"), FIRST), step)

    assert frames == [READY]
    assert reader.fault
    assert 64 * 1024 - len(stray) < len(reader.room()) <= 64 * 1024


@given(kind=st.binary(min_size=1, max_size=1).filter(lambda kind: kind not in b"rbet"), size=st.integers(0, 2**32 - 1))
def test_unknown_kinds(kind: bytes, size: int) -> None:
    """None of them is an answer, however long it is."""
    reader = reader_for(FIRST)

    assert feed(reader, wire(READY) + size.to_bytes(4, "big") + kind + FIRST.to_bytes(8, "big")) == [READY]
    assert reader.fault == f"a frame of the kind {kind!r} cannot come now"


@pytest.mark.parametrize(
    "data",
    [
        wire(Frame(b"r", b"1"), FIRST),
        wire(READY, FIRST),
        (64 * 1024 + 1).to_bytes(4, "big") + b"R" + bytes(8),
        (1024 * 1024 + 1).to_bytes(4, "big") + b"X" + bytes(8),
    ],
    ids=["an answer", "ready with an attempt", "too long", "too long an error"],
)
def test_what_does_not_end_the_init_phase(data: bytes) -> None:
    """Only one of two kinds does, and it is short."""
    reader = reader_for(FIRST)

    assert feed(reader, data) == []
    assert reader.fault


def test_answer_that_nobody_waits_for() -> None:
    """A second answer to an invocation that has one is a fault when it comes, not at the next invocation."""
    reader = reader_for(FIRST)

    assert feed(reader, all_wired([Frame(b"r", b"1"), Frame(b"r", b"2")])) == [READY, Frame(b"r", b"1")]
    assert reader.fault == "an answer is not for the invocation that is next in line"


@given(stray=st.binary(min_size=1, max_size=40), step=st.integers(1, 60))
def test_bytes_of_somebody_else(stray: bytes, step: int) -> None:
    """Whatever stands before an answer, and in however many pieces: nobody gets a wrong one."""
    reader = reader_for(FIRST)
    frames = feed(reader, wire(READY) + stray + wire(Frame(b"r", b"right"), FIRST), step)

    assert frames == [READY]


@pytest.mark.parametrize(("ahead", "kind"), [(False, b"I"), (True, b"A")])
def test_invoke_frame(ahead: bool, kind: bytes) -> None:
    """The head's members stand in order, joined by NUL; the payload is not copied."""
    invocation = Invocation(b'{"a":1}', "id", trace_id="Root=1", client_context=b"{}", cognito_identity=b"")

    head, payload = invoke_frame(invocation, 3000, "arn:own", FIRST, ahead=ahead)

    text = b"id\x003000\x00arn:own\x00Root=1\x00{}\x00"
    assert head[5:13] == FIRST.to_bytes(8, "big")
    assert head[13:] == len(text).to_bytes(4, "big") + text
    assert (head[4:5], payload) == (kind, invocation.payload)
    assert int.from_bytes(head[:4], "big") == len(head) - 13 + len(payload)
    assert payload is invocation.payload


def test_invoked_arn_wins() -> None:
    """The ARN that the caller used is what the handler is told."""
    head, _ = invoke_frame(Invocation(b"", "id", "arn:own:alias"), 0, "arn:own", FIRST, ahead=False)

    assert b"\0arn:own:alias\0" in head
