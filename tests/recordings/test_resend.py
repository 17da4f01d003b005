"""Recorded requests, sent to a running server."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from gateway.errors import UsageError
from gateway.listeners.server import ListenerServer
from gateway.recordings.resend import Sender
from gateway.translation.messages import Request, Response
from tests.listeners.doubles import EchoListener
from tests.observe.exchanges import REQUEST, recorded

pytestmark = pytest.mark.anyio


@pytest.fixture
async def echo(anyio_backend: str) -> AsyncIterator[tuple[EchoListener, str]]:  # noqa: ARG001 - makes it async
    """A server that keeps what it got, and its URL."""
    listener = EchoListener()
    server = ListenerServer(listener)
    await server.start()
    yield listener, f"http://127.0.0.1:{server.port}"
    await server.stop(0)


@pytest.mark.parametrize("keep_host", [False, True])
async def test_a_request_is_sent_as_it_was(echo: tuple[EchoListener, str], keep_host: bool) -> None:
    """Path, query, lines and body byte for byte; the Host is the URL's unless it is to be kept."""
    listener, url = echo
    odd = REQUEST._replace(raw_path=b"/a%2Fb/../%zz", raw_query=b"a=%ff&b=[1]&c")
    sender = Sender(url, keep_host=keep_host)

    await sender.send(odd)
    await sender.aclose()

    (got,) = listener.requests
    assert (got.method, got.raw_path, got.raw_query, got.body) == ("POST", odd.raw_path, odd.raw_query, odd.body)
    assert dict(got.headers)[b"Host"] == (b"example.com" if keep_host else url.removeprefix("http://").encode())
    assert sorted(line for line in got.headers if line[0] != b"Host") == sorted(odd.headers[1:])


async def test_only_the_response_is_compared_without_what_changes_each_time(echo: tuple[EchoListener, str]) -> None:
    """Date, ids and framing do not count; a stage stands in front of the path."""
    listener, url = echo
    lines = [(b"Date", b"now"), (b"Content-Length", b"2"), (b"X-Amzn-RequestId", b"1"), (b"X-Own", b"1")]

    def answer(request: Request) -> Response:  # noqa: ARG001 - a listener's signature
        return Response(200, lines, b"hi")

    listener.answers[b"/prod/pets/7"] = answer
    recording = replace(recorded(), response=Response(200, [(b"x-own", b"1"), (b"Date", b"then")], b"hi"))
    other = replace(recorded(), response=Response(200, [(b"x-own", b"2")], b"{}"))
    sender = Sender(url + "/prod/")

    assert await sender.replay(recording) == []
    assert [place.pointer for place in await sender.replay(other, ["/response/body"])] == ["/response/headers/x-own/0"]
    await sender.aclose()


async def test_a_compressed_body_is_compared_as_it_is_sent(echo: tuple[EchoListener, str]) -> None:
    """Nothing is decoded on the way."""
    listener, url = echo
    packed = b"\x1f\x8b-not-really"
    listener.answers[b"/pets/7"] = lambda _: Response(
        200, [(b"Content-Encoding", b"gzip"), (b"Content-Length", b"%d" % len(packed))], packed
    )
    sender = Sender(url)

    assert (await sender.send(REQUEST)).body == packed
    await sender.aclose()


@pytest.mark.parametrize("url", ["ftp://example.com", "http://", "localhost:8000"])
async def test_what_is_no_url_is_refused(url: str) -> None:
    """With one that would do."""
    with pytest.raises(UsageError, match="is no URL"):
        Sender(url)


async def test_nothing_that_answers_is_the_users_to_know(echo: tuple[EchoListener, str]) -> None:
    """Not a traceback."""
    listener, url = echo
    server = ListenerServer(listener)
    await server.start()
    await server.stop(0)
    sender = Sender(f"{url.rpartition(':')[0]}:{server.port}")

    with pytest.raises(UsageError, match=r"no answer to POST .*is it running"):
        await sender.send(REQUEST)
    await sender.aclose()
    assert json.dumps(listener.rejected) == "[]"
