"""A streamed outcome as the body of a response."""

import asyncio
import os
from pathlib import Path

import pytest

from gateway.config.doors import FunctionUrlSettings
from gateway.errors import BadResult, Fault, FaultKind
from gateway.invocation import StreamBroken
from gateway.listeners.function_url import function_url
from gateway.listeners.streaming import StreamBody, begin_stream
from gateway.translation.flavours.function_url import FunctionUrl
from gateway.translation.messages import Arrival, Request
from gateway.translation.stream_prelude import CONTENT_TYPE
from tests.listeners.scripted import ScriptedStream, opened, scripted, streamed
from tests.services import listener_context

pytestmark = pytest.mark.anyio

REQUEST = Request("GET", b"/", b"", [], b"", ("192.0.2.1", 1), ("127.0.0.1", 2))
ARRIVAL = Arrival("id", 0, "1-0-0")
URL = FunctionUrl(invoke_mode="RESPONSE_STREAM")


async def test_the_prelude_may_come_in_pieces() -> None:
    """However the pieces are cut, head and body are the same."""
    stream = ScriptedStream()
    for byte in b'{"statusCode":202}' + b"\0" * 8 + b"body":
        stream.write(bytes([byte]))
    stream.end()
    response = await begin_stream(URL, streamed(stream, CONTENT_TYPE), REQUEST, ARRIVAL)

    assert not isinstance(response.body, bytes)
    assert response.status == 202
    assert b"".join([piece async for piece in response.body]) == b"body"


async def test_nothing_at_all() -> None:
    """A stream that announces metadata and ends is an empty answer."""
    stream = ScriptedStream()
    stream.end()
    response = await begin_stream(URL, streamed(stream, CONTENT_TYPE), REQUEST, ARRIVAL)

    assert not isinstance(response.body, bytes)
    assert (response.status, b"".join([piece async for piece in response.body])) == (200, b"")
    assert (b"Content-Type", b"application/octet-stream") in response.headers


@pytest.mark.parametrize("pieces", [[b"no json" + b"\0" * 8], [b"{}"], [b"x" * 20_000]])
async def test_what_is_no_prelude(pieces: list[bytes]) -> None:
    """It is refused, and the stream closed without the client waiting for it."""
    stream = ScriptedStream()
    for piece in pieces:
        stream.write(piece)
    stream.end()
    with pytest.raises(BadResult):
        await begin_stream(URL, streamed(stream, CONTENT_TYPE), REQUEST, ARRIVAL)
    await asyncio.wait_for(stream.closed.wait(), 5)


async def test_a_function_that_fails_first() -> None:
    """Before the prelude it is the function's failure."""
    stream = ScriptedStream()
    stream.end(StreamBroken("Runtime.Exit"))
    with pytest.raises(Fault) as caught:
        await begin_stream(URL, streamed(stream, CONTENT_TYPE), REQUEST, ARRIVAL)

    assert caught.value.kind is FaultKind.FUNCTION_ERROR
    assert "Runtime.Exit" in caught.value.detail


async def test_a_body_that_nobody_began_to_read() -> None:
    """Closing it closes the stream."""
    stream = ScriptedStream()
    await StreamBody(b"first", stream).aclose()

    assert stream.closed.is_set()


class Endless(ScriptedStream):
    """Writes as long as it is asked."""

    async def __anext__(self) -> bytes:
        self.read += 1
        await asyncio.sleep(0)
        return bytes(64 * 1024)


async def test_the_function_waits_for_a_slow_client() -> None:
    """What a client does not read is not taken from the function: memory stays flat."""
    stream = Endless()
    function, _ = scripted(lambda _: streamed(stream))
    async with opened(
        function_url(FunctionUrlSettings(0, "f", invoke_mode="RESPONSE_STREAM"), listener_context({"f": function}))
    ) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port.number, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        before = -1
        async with asyncio.timeout(20):
            while before != stream.read or not stream.read:
                before = stream.read
                for _ in range(1000):
                    await asyncio.sleep(0)
            held = stream.read
            for _ in range(500):
                await reader.readexactly(64 * 1024)
        writer.close()
        await asyncio.wait_for(stream.closed.wait(), 5)

    assert held < 300
    assert stream.read > held


MEGABYTE = 1024 * 1024


class Counted(ScriptedStream):
    """200 MB in pieces of 64 KB."""

    async def __anext__(self) -> bytes:
        if self.read == 200 * 16:
            raise StopAsyncIteration
        self.read += 1
        return bytes(64 * 1024)


def resident_bytes() -> int:
    """What this process holds in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
async def test_200_megabytes_in_flat_memory() -> None:
    """All of it arrives, and neither the gateway nor this client ever holds more than a little."""
    function, _ = scripted(lambda _: streamed(Counted()))
    settings = FunctionUrlSettings(0, "f", invoke_mode="RESPONSE_STREAM")
    received, highest, before = 0, 0, 0
    async with (
        opened(function_url(settings, listener_context({"f": function}))) as port,
        port.client.stream("GET", "/") as answer,
    ):
        async for piece in answer.aiter_raw(MEGABYTE):
            received += len(piece)
            before = before or resident_bytes()
            highest = max(highest, resident_bytes())

    assert received == 200 * MEGABYTE
    assert highest - before < 32 * MEGABYTE
