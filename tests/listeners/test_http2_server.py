"""What the gateway adds to hypercorn's server of a connection."""

import asyncio

import pytest

from tests.attacks import http2
from tests.attacks.frames import FrameReader
from tests.listeners.doubles import EchoListener
from tests.listeners.test_http2 import raw_client, request_head, serving

pytestmark = pytest.mark.anyio


async def test_a_path_that_is_not_ascii(caplog: pytest.LogCaptureFixture) -> None:
    """Its stream is reset, body and all; the others of the connection are answered, and the log says why."""
    listener = EchoListener()
    listener.gates[b"/slow"] = asyncio.Event()
    async with serving(listener) as (server, _), raw_client(server) as (reader, writer):
        writer.write(request_head(b"/slow", http2.END_STREAM))
        await listener.entered.wait()
        writer.write(request_head(b"/\xff", 0, stream=3) + http2.frame(http2.DATA, http2.END_STREAM, 3, b"body"))
        writer.write(http2.frame(http2.PING, 0, 0, http2.LAST_PING))
        frames, data = FrameReader(), bytearray()
        while not frames.has_all(frozenset({1})):
            data += await reader.read(1000)
            frames.read(data)
            if frames.pinged:
                listener.gates[b"/slow"].set()

    assert (frames.statuses, frames.reset) == ({1: 200}, {3})
    assert caplog.messages == ["an HTTP/2 request is refused: its client sent b'/\\xff'"]


@pytest.mark.parametrize("piece", [1000, 16_384, 50_000], ids="{} bytes at once".format)
async def test_a_frame_that_is_too_long(piece: int, caplog: pytest.LogCaptureFixture) -> None:
    """A client that announces one loses its connection before it has sent all of it; one as long as may be passes."""
    listener = EchoListener()
    async with serving(listener) as (server, _), raw_client(server) as (reader, writer):
        longest = request_head(b"/" + b"x" * 16_322, http2.END_STREAM)
        for at in range(0, len(longest), piece):
            writer.write(longest[at : at + piece])
            await writer.drain()
        await listener.entered.wait()
        for part in (b"\0\x40", b"\x01" + http2.frame(http2.DATA, 0, 3)[3:]):
            writer.write(part)
            await writer.drain()
        answer = await reader.read()

    assert len(longest) == 9 + 16_384
    assert answer.endswith(http2.frame(http2.GOAWAY, 0, 0, b"\0\0\0\x01\0\0\0\x06"))
    assert caplog.messages == ["an HTTP/2 connection ends: its client announced a frame of 16385 bytes"]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (http2.frame(http2.DATA, 0, 1, b"x"), "RECV_DATA in state"),
        (b"\xff" * 9, "frame of 16777215 bytes"),
        (http2.frame(http2.HEADERS, http2.END_STREAM | http2.END_HEADERS, 1, b"\xff"), "Error decoding header block"),
    ],
)
async def test_what_is_no_request(sent: bytes, told: str, caplog: pytest.LogCaptureFixture) -> None:
    """Ends the connection, and the log says what was wrong with it."""
    async with serving(EchoListener()) as (server, _), raw_client(server) as (reader, writer):
        writer.write(sent)
        await reader.read()

    (message,) = caplog.messages
    assert message.startswith("an HTTP/2 connection ends: ")
    assert told in message
