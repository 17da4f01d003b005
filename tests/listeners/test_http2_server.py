"""What the gateway adds to hypercorn's server of a connection."""

import asyncio

import pytest

from tests.attacks import http2
from tests.attacks.frames import FrameReader
from tests.listeners.doubles import EchoListener
from tests.listeners.test_http2 import raw_client, request_head, serving

pytestmark = pytest.mark.anyio


async def test_a_path_that_is_not_ascii(caplog: pytest.LogCaptureFixture) -> None:
    """Such a client loses its connection with all of its requests, and the log says why in one line."""
    listener = EchoListener()
    listener.gates[b"/slow"] = asyncio.Event()
    async with serving(listener) as (server, client), raw_client(server) as (reader, writer):
        writer.write(request_head(b"/slow", http2.END_STREAM))
        await listener.entered.wait()
        writer.write(request_head(b"/\xff", http2.END_STREAM, stream=3))
        frames = FrameReader()
        frames.read(await reader.read())
        listener.gates[b"/slow"].set()
        answer = await client.get("/other")

    assert (frames.statuses, answer.status_code) == ({}, 200)
    assert caplog.messages == ["an HTTP/2 connection ends: its client sent b'/\\xff'"]
