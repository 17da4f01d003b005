"""Streamed responses, from the socket to the reader."""

import base64

import pytest

from gateway.invocation import Invocation, StreamBroken
from tests.targets.runtime_api.test_server import CHUNKED, ID, RESPONSE, serving

pytestmark = pytest.mark.anyio


async def test_stream() -> None:
    """Chunks are handed on as they come, before the request has ended."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID, streaming=True))
        served.client.send(
            f"POST {RESPONSE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/x\r\n{CHUNKED}\r\n".encode()
        )
        served.client.send(b"1\r\na\r\n")
        served.heard.came.clear()
        await served.heard.came.wait()
        stream = served.heard.stream
        assert stream is not None
        first = await anext(stream)
        served.client.send(b"1\r\nb\r\n0\r\n\r\n")
        rest = [piece async for piece in stream]
        reply = await served.client.reply()

    assert (first, rest, reply.status) == (b"a", [b"b"], 202)
    assert served.heard.events[-2:] == [("streaming", "text/x"), ("stream_ended", None)]


async def test_stream_with_error_trailers() -> None:
    """Trailers break the stream behind what has been sent; the error's body is base64."""
    error = base64.b64encode(b'{"errorType":"E"}').decode()
    async with serving() as served:
        await served.give(Invocation(b"{}", ID, streaming=True))
        served.client.send(f"POST {RESPONSE} HTTP/1.1\r\nHost: localhost\r\n{CHUNKED}\r\n1\r\na\r\n0\r\n".encode())
        served.client.send(
            f"Lambda-Runtime-Function-Error-Type: E\r\nLambda-Runtime-Function-Error-Body: {error}\r\n\r\n".encode()
        )
        reply = await served.client.reply()
        assert served.heard.stream is not None
        first = await anext(served.heard.stream)
        with pytest.raises(StreamBroken) as caught:
            await anext(served.heard.stream)

    assert (first, reply.status) == (b"a", 202)
    assert (caught.value.error_type, caught.value.payload) == ("E", b'{"errorType":"E"}')


async def test_stream_cut_off() -> None:
    """A connection that is lost in the middle breaks the stream."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID, streaming=True))
        served.client.send(f"POST {RESPONSE} HTTP/1.1\r\nHost: localhost\r\n{CHUNKED}\r\n1\r\na\r\n".encode())
        served.heard.came.clear()
        await served.heard.came.wait()
        await served.client.__aexit__(None, None, None)
        assert served.heard.stream is not None
        first = await anext(served.heard.stream)
        with pytest.raises(StreamBroken, match=r"Runtime\.TruncatedResponse"):
            await anext(served.heard.stream)

    assert first == b"a"
