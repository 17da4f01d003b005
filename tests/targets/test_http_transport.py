"""What every client of outgoing HTTP does alike."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from gateway.errors import UsageError
from gateway.targets.http_httpx import HttpxTransport
from gateway.targets.http_pool import PooledTransport
from gateway.targets.http_transport import (
    AnswerTimeout,
    BadAnswer,
    Body,
    ConnectFailed,
    ConnectionLost,
    HttpResponse,
    Origin,
    RequestInvalid,
    Timeouts,
    Transport,
    TransportError,
    parse_origin,
)
from tests.targets.http_server import Peer, Scripted, answering, ok, scripted

CLIENTS: list[Callable[[Origin, Timeouts], Transport]] = [PooledTransport, partial(HttpxTransport, proxies=False)]

pytestmark = [pytest.mark.anyio]
PATIENT = Timeouts(5, 5)
both = pytest.mark.parametrize("client", CLIENTS, ids=["httptools", "httpx"])
Client = Callable[[Origin, Timeouts], Transport]


@asynccontextmanager
async def using(client: Client, server: Scripted | str, timeouts: Timeouts = PATIENT) -> AsyncIterator[Transport]:
    """A client of a server."""
    url = server if isinstance(server, str) else server.url
    transport = client(parse_origin(url), timeouts)
    try:
        yield transport
    finally:
        await transport.aclose()


async def collected(body: Body) -> bytes:
    """All of a body."""
    return body if isinstance(body, bytes) else b"".join([chunk async for chunk in body])


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """A body in pieces."""
    for part in parts:
        yield part


@both
async def test_a_request_goes_out_as_it_was_given(client: Client) -> None:
    """Target, spelling, order and repetition of lines are the caller's; only the framing is added."""
    async with (
        answering(ok(b"fine", b"X-A: 1", b"x-a: 2", status=b"201 Made So")) as server,
        using(client, server) as it,
    ):
        lines = [(b"Host", b"example.com"), (b"X-One", b"1"), (b"x-one", b"\xff"), (b"ACCEPT", b"*/*")]
        answer = await it.send("POST", b"/a%2Fb/../c?x=%20&y=|", lines, b"body")

    head = server.heads[0].split(b"\r\n")
    assert head[0] == b"POST /a%2Fb/../c?x=%20&y=| HTTP/1.1"
    assert head[1:5] == [b"Host: example.com", b"X-One: 1", b"x-one: \xff", b"ACCEPT: */*"]
    assert [line.lower() for line in head[5:-2]] == [b"content-length: 4"]
    assert server.bodies == [b"body"]
    assert answer == HttpResponse(201, b"Made So", [(b"X-A", b"1"), (b"x-a", b"2"), (b"Content-Length", b"4")], b"fine")


@both
@pytest.mark.parametrize(
    ("method", "body", "framing"),
    [
        ("GET", b"", []),
        ("HEAD", b"", []),
        ("DELETE", b"x", [b"content-length: 1"]),
        ("POST", b"", [b"content-length: 0"]),
    ],
)
async def test_the_framing_is_added(client: Client, method: str, body: bytes, framing: list[bytes]) -> None:
    """A body has its length, a POST without body says so, a GET says nothing."""
    async with answering(ok()) as server, using(client, server) as it:
        await it.send(method, b"/", [], body)

    lines = server.heads[0].lower().split(b"\r\n")[1:-2]
    assert [line for line in lines if not line.startswith(b"host: ")] == framing
    assert b"host: 127.0.0.1:%d" % server.port in lines


@both
async def test_a_streamed_request_body_is_chunked_or_has_the_given_length(client: Client) -> None:
    """Without a length the body goes in chunks, with one it goes as it is."""
    async with answering(ok()) as server, using(client, server) as it:
        await it.send("PUT", b"/", [], pieces(b"one", b"", b"two"))
        await it.send("PUT", b"/", [], pieces(b"one", b"two"), length=6)

    assert server.bodies == [b"onetwo", b"onetwo"]
    assert b"transfer-encoding: chunked" in server.heads[0].lower()
    assert b"transfer-encoding" not in server.heads[1].lower()


@both
async def test_the_framing_is_the_bodys(client: Client) -> None:
    """What the caller's lines say of it, or seem to say, does not go on."""
    said = [(b"Content-Length", b"3"), (b"content_length", b"3"), (b"Transfer-Encoding", b"chunked")]
    async with answering(ok()) as server, using(client, server) as it:
        await it.send("POST", b"/", [*said, *said], b"abcGET /x HTTP/1.1\r\n\r\n")
        await it.send("POST", b"/", said, pieces(b"one"))

    assert server.bodies == [b"abcGET /x HTTP/1.1\r\n\r\n", b"one"]
    framing = [[line for line in head.lower().split(b"\r\n") if b"host" not in line][1:-2] for head in server.heads]
    assert framing == [[b"content-length: 22"], [b"transfer-encoding: chunked"]]


@both
@pytest.mark.parametrize("parts", [(b"one", b"two!"), (b"one",), (b"1234567",)])
async def test_a_body_of_another_length_ends_the_request(client: Client, parts: tuple[bytes, ...]) -> None:
    """Neither a byte more reaches the server, nor does a short body stay open for the next request."""
    got = bytearray()
    ended = asyncio.Event()

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        try:
            while data := await peer.reader.read(100):
                got.extend(data)
        finally:
            ended.set()

    async with scripted(script) as server, using(client, server) as it:
        with pytest.raises(RequestInvalid):
            await it.send("PUT", b"/", [], pieces(*parts), length=6)
        async with asyncio.timeout(5):
            await ended.wait()
    assert len(got) <= 6


@both
async def test_the_last_request_of_a_connection(client: Client) -> None:
    """The server is told, and the next request has another one."""
    async with answering(ok()) as server, using(client, server) as it:
        await it.send("GET", b"/", [], last=True)
        await it.send("GET", b"/", [])

    assert server.connections == 2
    assert [b"\r\nconnection: close\r\n" in head.lower() for head in server.heads] == [True, False]


@both
async def test_an_answer_with_two_lengths_is_none(client: Client) -> None:
    """A client behind could read it in another way."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    async with answering(answer) as server, using(client, server) as it:
        with pytest.raises(BadAnswer):
            await it.send("GET", b"/", [])


@both
async def test_connections_are_kept(client: Client) -> None:
    """Requests one after the other use one connection, HEAD and bodiless answers among them."""
    answers = ok(b"1"), b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n", ok(b"2")
    async with answering(*answers) as server, using(client, server) as it:
        bodies = [(await it.send(method, b"/", [])).body for method in ("GET", "HEAD", "GET", "GET")]

    assert bodies == [b"1", b"", b"", b"2"]
    assert server.connections == 1


@both
async def test_requests_at_once_have_connections_of_their_own(client: Client) -> None:
    """Nobody waits for another one's answer."""
    both_there = asyncio.Barrier(2)

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await both_there.wait()
        await peer.send(ok(b"x"))

    async with scripted(script) as server, using(client, server) as it:
        await asyncio.gather(it.send("GET", b"/1", []), it.send("GET", b"/2", []))

    assert server.connections == 2


@both
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok(b"abcde"),
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde",
        b"HTTP/1.0 200 OK\r\n\r\nabcde",
    ],
    ids=["chunked", "after interim answers", "until the end", "1.0"],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_every_framing_of_an_answer_is_read(client: Client, answer: bytes, stream: bool) -> None:
    """Chunks, interim answers and a body that ends with the connection."""

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        for byte in range(0, len(answer), 7):
            await peer.send(answer[byte : byte + 7])
            await asyncio.sleep(0)
        if b"Content-Length" in answer or b"chunked" in answer:
            await peer.head()

    async with scripted(script) as server, using(client, server) as it:
        got = await it.send("GET", b"/", [], stream=stream)
        body = await collected(got.body)

    assert (got.status, body) == (200, b"abcde")


@both
async def test_an_answer_is_compressed_as_it_came(client: Client) -> None:
    """Nothing decodes a content coding."""
    async with answering(ok(b"\x1f\x8b not gzip", b"Content-Encoding: gzip")) as server, using(client, server) as it:
        assert (await it.send("GET", b"/", [])).body == b"\x1f\x8b not gzip"


@both
async def test_a_streamed_answer_arrives_piece_by_piece(client: Client) -> None:
    """The head and each chunk are there before the server has sent the next one."""
    read = asyncio.Event()

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(3):
            await peer.send(b"1\r\n%d\r\n" % number)
            await read.wait()
            read.clear()
        await peer.send(b"0\r\n\r\n")
        await peer.head()

    async with scripted(script) as server, using(client, server) as it:
        answer = await it.send("GET", b"/", [], stream=True)
        assert not isinstance(answer.body, bytes)
        got = []
        async for chunk in answer.body:
            got.append(chunk)
            read.set()

    assert got == [b"0", b"1", b"2"]


@both
async def test_a_slow_reader_holds_the_server_back(client: Client) -> None:
    """What nobody reads is not taken from the server without end."""
    sent = 0
    stuck = asyncio.Event()

    async def script(state: Scripted, peer: Peer) -> None:
        nonlocal sent
        state.heads.append(await peer.head())
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        while sent < 100_000_000:
            peer.writer.write(bytes(1_000_000))
            try:
                async with asyncio.timeout(0.3):
                    await peer.writer.drain()
            except TimeoutError:
                stuck.set()
                await peer.writer.drain()
            sent += 1_000_000

    async with scripted(script) as server, using(client, server) as it:
        answer = await it.send("GET", b"/", [], stream=True)
        async with asyncio.timeout(10):
            await stuck.wait()
        assert sent < 50_000_000
        assert len(await collected(answer.body)) == 100_000_000


@both
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", ConnectionLost),
        (b"HTTP/1.1 200 OK\r\nContent-Le", ConnectionLost),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", ConnectionLost),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", BadAnswer),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000 + b"\r\n\r\n", BadAnswer),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 600_000, BadAnswer),
        (b"HTTP/1.1 200 " + b"a" * 600_000, BadAnswer),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 600_000, BadAnswer),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * (8 * 1024 * 1024 + 1), BadAnswer),
    ],
    ids=[
        "nothing",
        "half a head",
        "half a body",
        "no HTTP",
        "large head",
        "endless line",
        "endless reason",
        "endless trailers",
        "body that is not held whole",
    ],
)
async def test_what_is_no_answer_is_told_apart(client: Client, answer: bytes, error: type[TransportError]) -> None:
    """A connection that ends and a server that speaks something else."""

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(answer)

    async with scripted(script) as server, using(client, server) as it:
        with pytest.raises(error):
            await it.send("GET", b"/", [])


@both
async def test_a_refused_connection_sent_nothing(client: Client) -> None:
    """The error says that the request may go elsewhere."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    async with using(client, url) as it:
        with pytest.raises(ConnectFailed) as caught:
            await it.send("GET", b"/", [])
    assert not caught.value.timed_out


@both
async def test_a_silent_server_is_left(client: Client) -> None:
    """No answer within the time for silence."""

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.head()

    async with scripted(script) as server, using(client, server, Timeouts(5, 0.1)) as it:
        with pytest.raises(AnswerTimeout):
            await it.send("GET", b"/", [])


@both
async def test_a_body_that_breaks_ends_the_request(client: Client) -> None:
    """What the body's source raises reaches the caller, and the server sees a request that is not complete."""
    ended = asyncio.Event()

    async def broken() -> AsyncIterator[bytes]:
        yield b"one"
        raise ConnectionResetError("the client went away")

    async def script(state: Scripted, peer: Peer) -> None:
        head = await peer.head()
        try:
            await peer.body(head)
        finally:
            ended.set()
        state.errors.append(AssertionError("a whole body"))

    async with scripted(script) as server, using(client, server) as it:
        with pytest.raises(ConnectionResetError):
            await it.send("PUT", b"/", [], broken())
        async with asyncio.timeout(5):
            await ended.wait()


@both
async def test_a_cancelled_request_leaves_its_connection(client: Client) -> None:
    """Its late answer cannot become the next request's."""
    asked = asyncio.Event()
    late = asyncio.Event()

    async def script(state: Scripted, peer: Peer) -> None:
        head = await peer.head()
        state.heads.append(head)
        if b"/slow" in head:
            asked.set()
            await late.wait()
        await peer.send(ok(head.split()[1]))

    async with scripted(script) as server, using(client, server) as it:
        slow = asyncio.create_task(it.send("GET", b"/slow", []))
        await asked.wait()
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        late.set()
        assert (await it.send("GET", b"/next", [])).body == b"/next"


@both
async def test_a_stream_that_is_left_closes_its_connection(client: Client) -> None:
    """The server learns that nobody reads on."""
    closed = asyncio.Event()

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        assert await peer.reader.read() == b""
        closed.set()

    async with scripted(script) as server, using(client, server) as it:
        answer = await it.send("GET", b"/", [], stream=True)
        close = getattr(answer.body, "aclose")  # noqa: B009 - bytes have none
        await close()
        async with asyncio.timeout(5):
            await closed.wait()


@pytest.mark.parametrize(
    ("url", "origin", "authority"),
    [
        ("http://a", Origin("http", "a", 80), "a"),
        ("http://a:80/", Origin("http", "a", 80), "a"),
        ("https://a", Origin("https", "a", 443), "a"),
        ("http://A:9000", Origin("http", "a", 9000), "a:9000"),
        ("http://[::1]:8", Origin("http", "::1", 8), "[::1]:8"),
    ],
)
def test_an_origin_has_host_and_port(url: str, origin: Origin, authority: str) -> None:
    """The scheme's own port is not written."""
    assert parse_origin(url) == origin
    assert origin.authority == authority


@pytest.mark.parametrize("url", ["", "a:80", "ftp://a", "http://", "http://a:b", "http://a/path", "http://[::1"])
def test_what_is_no_origin_is_refused(url: str) -> None:
    """The message shows what to write."""
    with pytest.raises(UsageError, match=r"http://127\.0\.0\.1:9001"):
        parse_origin(url)
