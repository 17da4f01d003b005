"""The ASGI side of a listener."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx
import pytest
from uvicorn import Config, Server

from gateway.invocation import StreamBroken
from gateway.listeners.asgi import AsgiApplication
from gateway.translation.messages import Response, Tls
from tests.listeners.doubles import SMALL, Client, EchoListener, chunks
from tests.listeners.observers import Seen

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(listener: EchoListener) -> AsyncIterator[httpx.AsyncClient]:
    """An httpx client that calls the application in process."""
    transport = httpx.ASGITransport(AsgiApplication(listener), client=("127.0.0.1", 9))
    async with httpx.AsyncClient(transport=transport, base_url="http://h:81") as client:
        yield client


async def test_request(client: httpx.AsyncClient, listener: EchoListener) -> None:
    """Path and query stay encoded, repeated lines stay apart, the ends of the connection are told."""
    answer = await client.post("/a%20b?x=%41", content=b"hi", headers=[("x-a", "1"), ("x-a", "2")])

    echo = answer.json()
    assert (echo["method"], echo["path"], echo["query"], echo["body"]) == ("POST", "/a%20b", "x=%41", "hi")
    assert [line for line in echo["headers"] if line[0] == "x-a"] == [["x-a", "1"], ["x-a", "2"]]
    assert (listener.requests[0].client, listener.requests[0].server) == (("127.0.0.1", 9), ("h", 81))


@pytest.mark.parametrize(("size", "status"), [(100, 200), (101, 413)])
async def test_body_limit(size: int, status: int, caplog: pytest.LogCaptureFixture) -> None:
    """The listener's limit holds here too: it is what still passes; what does not is told to the log."""
    listener = EchoListener(SMALL)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(AsgiApplication(listener), client=("127.0.0.1", 9)), base_url="http://h"
    ) as client:
        assert (await client.post("/p", content=b"x" * size)).status_code == status

    assert listener.rejected == ([] if status == 200 else [(413, b"POST /p HTTP/1.1")])
    told = [message for message in caplog.messages if "413" in message]
    assert told == ([] if status == 200 else ["'POST /p HTTP/1.1' by 127.0.0.1 -> 413: its body is too long"])


async def test_long_body_becomes_a_stream() -> None:
    """A listener that accepts streams gets all of a body that is over its limit."""
    listener = EchoListener(SMALL)
    listener.accepts_streams = True
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(AsgiApplication(listener)), base_url="http://h"
    ) as client:
        answer = await client.post("/", content=chunks(b"a" * 90, b"b" * 90, b"c" * 90))

    assert answer.json()["body"] == "a" * 90 + "b" * 90 + "c" * 90


async def ask(
    listener: EchoListener, scope: dict[str, Any], *incoming: dict[str, Any]
) -> list[MutableMapping[str, Any]]:
    """Call the application with a scope and the messages that a server would send; answer what it sent."""
    messages = [*incoming] if incoming else [{"type": "http.request"}]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        return await asyncio.Future()

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    base = {"type": "http", "method": "GET", "path": "/", "headers": [], "client": ("127.0.0.1", 1)}
    await AsgiApplication(listener)({**base, **scope}, receive, send)
    return sent


@pytest.mark.parametrize(
    ("version", "names"), [("1.1", [b"connection", b"x"]), ("2", [b"x"]), ("1.0", [b"connection", b"x"])]
)
async def test_framing_is_the_servers(listener: EchoListener, version: str, names: list[bytes]) -> None:
    """Lines about the connection are dropped for HTTP/2, the transfer coding always; names are lower case."""
    lines = [(b"Connection", b"close"), (b"Transfer-Encoding", b"chunked"), (b"X", b"1")]
    listener.answers[b"/"] = lambda _: Response(200, lines, b"x")

    sent = await ask(listener, {"http_version": version})

    assert [name for name, _ in sent[0]["headers"]] == names


async def test_scope_without_optional_members(listener: EchoListener) -> None:
    """What ASGI makes optional may be missing: raw path, server, client."""
    await ask(listener, {"path": "/é", "client": None})

    request = listener.requests[0]
    assert (request.raw_path, request.client, request.server) == ("/é".encode(), ("", 0), ("", 0))


async def test_tls_extension(listener: EchoListener) -> None:
    """The TLS extension of ASGI, where a server gives it, tells the session."""
    extension = {"tls": {"tls_version": 0x0304, "cipher_suite": 0x1301}}

    await ask(listener, {"scheme": "https", "extensions": extension})

    assert listener.requests[0].tls == Tls("TLSv1.3", "0x1301")


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_no_content(listener: EchoListener, method: str, status: int) -> None:
    """An answer that can have no content gets none, whole or streamed."""
    for body in (b"content", chunks(b"content")):
        listener.answers[b"/"] = lambda _, body=body: Response(status, [], body)  # type: ignore[misc]
        sent = await ask(listener, {"method": method})
        assert [message.get("body") for message in sent[1:]] == [b""]


async def test_disconnect_before_the_body_is_complete(listener: EchoListener) -> None:
    """A client that goes away while it sends its body is not answered."""
    more = {"type": "http.request", "body": b"x", "more_body": True}

    assert await ask(listener, {}, more, {"type": "http.disconnect"}) == []
    assert not listener.requests


async def test_disconnect_ends_a_stream(listener: EchoListener) -> None:
    """A client that goes away ends the stream that it was reading."""
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            ended.set()

    listener.answers[b"/"] = lambda _: Response(200, [], endless())

    sent = await ask(listener, {}, {"type": "http.request"}, {"type": "http.disconnect"})

    assert ended.is_set()
    assert sent[-1].get("more_body", True)


async def test_broken_stream_raises(listener: EchoListener, caplog: pytest.LogCaptureFixture) -> None:
    """A stream that breaks is an error for the server, which then truncates the answer; the log says why."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"first"
        raise StreamBroken("Runtime.ExitError")

    listener.answers[b"/"] = lambda _: Response(200, [], broken())

    with pytest.raises(StreamBroken):
        await ask(listener, {})

    assert [line.partition(": ")[2] for line in caplog.messages] == ["the answer is cut off: Runtime.ExitError"]


@pytest.mark.parametrize("parts", [(b"ab", b"cde"), (b"ab",)], ids=["longer", "shorter"])
async def test_stream_of_another_length_raises(listener: EchoListener, parts: tuple[bytes, ...]) -> None:
    """Servers do not count; over HTTP/2 no end of the connection would show it either."""
    listener.answers[b"/"] = lambda _: Response(200, [(b"Content-Length", b"4")], chunks(*parts))

    with pytest.raises(StreamBroken):
        await ask(listener, {"http_version": "2"})


async def test_web_socket_is_closed(listener: EchoListener) -> None:
    """A WebSocket never opens."""
    assert await ask(listener, {"type": "websocket"}) == [{"type": "websocket.close", "code": 1000}]


async def test_lifespan(listener: EchoListener) -> None:
    """A server that tells of its start and its end hears that nothing stands in the way."""
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.?"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await AsgiApplication(listener)({"type": "lifespan"}, receive, send)

    assert sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]


async def test_streaming_through_a_server(listener: EchoListener) -> None:
    """Under an ASGI server, the first bytes of a stream arrive before its end."""
    gate = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        yield b"first"
        await gate.wait()
        yield b"second"

    listener.answers[b"/s"] = lambda _: Response(200, [], parts())
    config = Config(AsgiApplication(listener), http="h11", ws="none", lifespan="off", log_config=None, port=0)
    config.load()
    server = Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    client = await Client.connect(server.servers[0].sockets[0].getsockname()[1])

    await client.send(b"GET /s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(5):
        await client.reader.readuntil(b"first")
    gate.set()
    assert b"second" in await client.rest()
    await client.close()
    with contextlib.suppress(asyncio.CancelledError):
        await server.shutdown()


async def test_observer_is_told(listener: EchoListener) -> None:
    """An observer learns of each exchange once it is written: sizes of the bare lines and bodies, instants in order."""
    listener.observer = seen = Seen()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(AsgiApplication(listener)), base_url="http://h"
    ) as client:
        answer = await client.post("/a", content=b"12345")

    exchange = await seen.one()
    request, wire = exchange.request, exchange.transfer
    assert seen.begun == [exchange]
    assert request is listener.requests[0]
    assert wire
    assert exchange.response
    assert exchange.response.status == 200
    assert wire.received_bytes == sum(len(name) + len(value) + 4 for name, value in request.headers) + 5
    assert wire.sent_bytes > len(answer.content)
    instants = wire[2:7]
    assert list(instants) == sorted(instants)
    assert not wire.broken


async def test_observer_is_told_of_a_broken_stream(listener: EchoListener) -> None:
    """An answer that breaks off is told as broken."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"first"
        raise StreamBroken("Runtime.ExitError")

    listener.observer = seen = Seen()
    listener.answers[b"/"] = lambda _: Response(200, [], broken())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(AsgiApplication(listener)), base_url="http://h"
    ) as client:
        with pytest.raises(StreamBroken):
            await client.get("/")

    wire = (await seen.one()).transfer
    assert wire
    assert wire.broken
    assert wire.sent_bytes == 5
