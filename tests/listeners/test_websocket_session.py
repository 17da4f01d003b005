"""Frames of one connection, byte by byte."""

import asyncio

import pytest
from websockets.frames import Frame, Opcode

from gateway.listeners.websocket_session import Times, WebSocketSession
from gateway.translation.flavours.websocket import WebSocketConnection
from gateway.translation.messages import Request
from tests.listeners.doubles import RecordingTransport
from tests.listeners.observers import Seen

pytestmark = pytest.mark.anyio


class Opened:
    """A session on a transport that records, and what it told its listener."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.ends: list[tuple[int, str]] = []
        self.seen = Seen()
        self.request = Request("GET", b"/", b"", [], b"", ("192.0.2.1", 1), ("127.0.0.1", 2))
        self.session = WebSocketSession(
            WebSocketConnection("abc=", 0, "192.0.2.1", "", "example.com"),
            self.request,
            lambda _, text: self.messages.append(text),
            lambda _, code, reason: self.ends.append((code, reason)),
            Times(),
            self.seen,
        )
        self.transport = RecordingTransport()
        self.session.open(self.transport)


def frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    """A masked frame, as clients send it."""
    return Frame(opcode, data, fin).serialize(mask=True)


async def test_what_it_keeps_of_its_handshake() -> None:
    """The request and the observer are those of all its messages."""
    opened = Opened()

    assert opened.session.request is opened.request
    assert opened.session.observer is opened.seen
    opened.session.lost()


async def test_byte_by_byte() -> None:
    """However the bytes arrive, the messages are the same."""
    opened = Opened()
    for byte in frame(Opcode.TEXT, b"a", fin=False) + frame(Opcode.PING, b"p") + frame(Opcode.CONT, b"b"):
        opened.session.received(bytes([byte]))

    assert opened.messages == ["ab"]
    assert opened.transport.writes == [b"\x8a\x01p"]
    opened.session.lost()


async def test_a_message_right_before_the_close() -> None:
    """Both may come in one packet; the message is one still, and what stands behind the close is none."""
    opened = Opened()
    close = frame(Opcode.CLOSE, b"\x03\xe8")
    opened.session.received(frame(Opcode.TEXT, b"last") + close + frame(Opcode.TEXT, b"too late"))
    opened.session.lost()

    assert (opened.messages, opened.ends) == (["last"], [(1000, "")])


async def test_text_that_is_no_utf8() -> None:
    """It closes with 1007."""
    opened = Opened()
    opened.session.received(frame(Opcode.TEXT, b"\xff"))
    opened.session.lost()

    assert opened.messages == []
    assert opened.ends[0][0] == 1007


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (frame(Opcode.TEXT, b"\xff"), "1007 Not UTF-8"),
        (frame(Opcode.BINARY, b"a"), "1003 Binary frames are not supported"),
        (frame(Opcode.TEXT, b"a" * 32_769), "1009 Frame too large"),
        (b"\x8f\x80", "1002 invalid opcode"),
        (frame(Opcode.CLOSE, b"\x03\xea"), ""),
        (frame(Opcode.CLOSE, b""), ""),
    ],
    ids=["text", "binary", "too large", "opcode", "closed", "closed without a code"],  # frames are masked by chance
)
async def test_what_a_client_has_done_wrong_is_told(sent: bytes, said: str, caplog: pytest.LogCaptureFixture) -> None:
    """In one line of the log, when the connection ends because of it; what the client says itself is not."""
    opened = Opened()
    opened.session.received(sent)
    opened.session.received(frame(Opcode.TEXT, b"later"))
    opened.session.lost()

    assert caplog.messages == ([f"connection abc= ends: {said}"] if said else [])


@pytest.mark.parametrize(
    ("close", "end"),
    [
        (b"", (1005, "Client-side close frame status not set")),
        (b"\x03\xe9away", (1001, "away")),
    ],
)
async def test_close_frames(close: bytes, end: tuple[int, str]) -> None:
    """The client's close frame is answered, and told to $disconnect."""
    opened = Opened()
    opened.session.received(frame(Opcode.CLOSE, close))
    opened.session.lost()

    assert opened.transport.writes == [b"\x88" + bytes([len(close)]) + close]
    assert opened.ends == [end]


async def test_nothing_is_sent_after_closing() -> None:
    """A message for a connection that is closing is dropped."""
    opened = Opened()
    opened.session.close(1000)
    opened.session.send(b"late")
    opened.session.lost()

    assert opened.transport.writes == [b"\x88\x02\x03\xe8"]


async def test_many_messages_at_once() -> None:
    """The client is not read while 64 messages wait for their functions."""
    opened = Opened()
    for _ in range(64):
        opened.session.received(frame(Opcode.TEXT, b"x"))
    paused = not opened.transport.reading
    opened.session.message_done()

    assert (paused, opened.transport.reading) == (True, True)
    opened.session.lost()
    await asyncio.sleep(0)
