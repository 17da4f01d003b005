"""HTTP/1.1 as a client on a socket sees it."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator

import pytest
import uvloop

from gateway.invocation import StreamBroken
from gateway.listeners.port_options import PortOptions
from gateway.listeners.protocol import HttpProtocol
from gateway.listeners.server import ListenerServer
from gateway.translation.messages import Request, Response
from tests.listeners.doubles import SMALL, Client, EchoListener, RecordingTransport, chunks, whole
from tests.listeners.observers import Seen

pytestmark = pytest.mark.anyio

GET = b"GET /a%20b?x=1?2 HTTP/1.1\r\nHoSt: h\r\nX-A:  1 \t\r\nx-a:2\r\nEmpty:\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n"


async def test_request_keeps_what_the_client_sent(port: int) -> None:
    """Path and query stay encoded; header lines keep order, spelling and repetition, without outer white space."""
    client = await Client.connect(port)

    echo = await client.ask(GET)

    assert (echo["method"], echo["path"], echo["query"]) == ("GET", "/a%20b", "x=1?2")
    assert echo["headers"] == [["HoSt", "h"], ["X-A", "1"], ["x-a", "2"], ["Empty", ""]]
    assert (echo["version"], echo["keep_alive"], echo["body"]) == ("1.1", True, "")
    await client.close()


@pytest.mark.parametrize("request_bytes", [GET, POST, CHUNKED], ids=["get", "length", "chunked"])
async def test_byte_by_byte(port: int, request_bytes: bytes, listener: EchoListener) -> None:
    """How the network cuts a request into pieces changes nothing."""
    client = await Client.connect(port)
    await client.ask(request_bytes)

    for index in range(len(request_bytes)):
        await client.send(request_bytes[index : index + 1])
        await asyncio.sleep(0)
    await client.answer()

    assert listener.requests[0] == listener.requests[1]
    await client.close()


async def test_bodies(port: int) -> None:
    """Bodies arrive whole, with any chunked coding, extensions and trailers removed."""
    client = await Client.connect(port)

    assert (await client.ask(POST))["body"] == "hello"
    echo = await client.ask(CHUNKED)

    assert (echo["body"], echo["headers"]) == ("abcde", [["Transfer-Encoding", "chunked"]])
    trailers = b"Expect: 100-continue\r\nContent-Lengths: x\r\n"
    assert (await client.ask(CHUNKED.replace(b"Trailer: t\r\n", trailers)))["body"] == "abcde"
    await client.close()


async def test_pipelined_requests_are_answered_in_order(port: int, listener: EchoListener) -> None:
    """Requests sent at once are answered one after the other, the slow one first."""
    listener.gates[b"/slow"] = asyncio.Event()
    client = await Client.connect(port)

    await client.send(b"GET /slow HTTP/1.1\r\n\r\n" + POST + GET + b"GET /bad\x01 HTTP/1.1\r\n\r\n")
    await listener.entered.wait()
    assert [request.raw_path for request in listener.requests] == [b"/slow"]
    listener.gates[b"/slow"].set()

    paths = [(await client.answer())["path"] for _ in range(3)]
    assert paths == ["/slow", "/p", "/a%20b"]
    assert (await client.answer()).status == 400
    assert await client.rest() == b""
    await client.close()


async def test_long_pipeline(port: int, listener: EchoListener) -> None:
    """Thousands of requests in one piece are answered, however deep that is."""
    listener.gates[b"/slow"] = asyncio.Event()
    client = await Client.connect(port)

    await client.send(b"GET /slow HTTP/1.1\r\n\r\n" + b"GET / HTTP/1.1\r\n\r\n" * 3000)
    await listener.entered.wait()
    listener.gates[b"/slow"].set()

    assert [(await client.answer()).status for _ in range(3001)] == [200] * 3001
    await client.close()


async def test_expect_continue(port: int) -> None:
    """``100 Continue`` comes before the body is read, and the function does not see the header."""
    client = await Client.connect(port)

    await client.send(b"POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
    assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    echo = await client.ask(b"hi")

    assert (echo["headers"], echo["body"]) == ([["Content-Length", "2"]], "hi")
    await client.close()


async def test_expect_continue_waits_for_its_turn(port: int, listener: EchoListener) -> None:
    """``100 Continue`` never gets into the middle of an earlier answer."""
    listener.gates[b"/slow"] = asyncio.Event()
    client = await Client.connect(port)

    await client.send(b"GET /slow HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    await listener.entered.wait()
    listener.gates[b"/slow"].set()

    assert (await client.answer())["path"] == "/slow"
    assert (await client.answer(head_only=True)).status == 100
    assert (await client.ask(b"hi"))["body"] == "hi"
    await client.close()


async def test_other_expectations_pass(port: int) -> None:
    """An expectation other than 100-continue is the function's business; HTTP/1.0 knows none."""
    client = await Client.connect(port)

    assert (await client.ask(b"GET / HTTP/1.1\r\nExpect: cake\r\n\r\n"))["headers"] == [["Expect", "cake"]]
    old = b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"
    assert (await client.ask(old))["body"] == "x"
    await client.close()


@pytest.mark.parametrize(
    ("target", "authority", "path", "query"),
    [
        (b"http://Example.com:81/a/b?c", "Example.com:81", "/a/b", "c"),
        (b"http://example.com", "example.com", "/", ""),
        (b"http://example.com?q=/x", "example.com", "/", "q=/x"),
        (b"/a?", "", "/a", ""),
        (b"//a//b/../c", "", "//a//b/../c", ""),
        (b"/a#b?c#d", "", "/a#b", "c#d"),
    ],
)
async def test_targets(port: int, target: bytes, authority: str, path: str, query: str) -> None:
    """A target is split, never decoded or normalised; an absolute one gives the authority."""
    client = await Client.connect(port)

    echo = await client.ask(b"GET %b HTTP/1.1\r\n\r\n" % target)

    assert (echo["authority"], echo["path"], echo["query"]) == (authority, path, query)
    await client.close()


async def test_options_star(port: int) -> None:
    """``OPTIONS *`` is about the server: its path is the asterisk."""
    client = await Client.connect(port)

    assert (await client.ask(b"OPTIONS * HTTP/1.1\r\n\r\n"))["path"] == "*"
    await client.close()


@pytest.mark.parametrize(
    ("request_bytes", "kept"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nConnection: x, Close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
async def test_keep_alive(port: int, request_bytes: bytes, *, kept: bool) -> None:
    """A connection stays open as HTTP/1.1 and HTTP/1.0 say, and the listener knows which."""
    client = await Client.connect(port)

    echo = await client.ask(request_bytes)

    assert echo["keep_alive"] is kept
    if kept:
        assert (await client.ask(GET)).status == 200
    else:
        assert await client.rest() == b""
    await client.close()


async def test_bytes_after_a_closing_request_are_ignored(port: int, listener: EchoListener) -> None:
    """What follows a request that closes the connection is not read."""
    client = await Client.connect(port)

    await client.send(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")

    assert (await client.answer()).status == 200
    assert await client.rest() == b""
    assert len(listener.requests) == 1
    await client.close()


async def test_requests_behind_the_last_answer_are_ignored(port: int, listener: EchoListener) -> None:
    """A client that has sent them already learns that the connection is over."""
    listener.answers[b"/"] = lambda request: whole(request, b"x")._replace(close=True)
    client = await Client.connect(port)

    await client.send(b"GET / HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n")

    assert (await client.answer()).body == b"x"
    assert await client.rest() == b""
    assert [request.raw_path for request in listener.requests] == [b"/"]
    await client.close()


async def test_response_may_close(port: int, listener: EchoListener) -> None:
    """A response that asks for it closes the connection although the client would go on."""
    listener.answers[b"/"] = lambda request: whole(request, b"x")._replace(close=True)
    client = await Client.connect(port)

    await client.ask(b"GET / HTTP/1.1\r\n\r\n")

    assert await client.rest() == b""
    await client.close()


REJECTS = [
    (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    (b"hello\r\n\r\n", 400),
    (b"GET foo HTTP/1.1\r\n\r\n", 400),
    (b"GET * HTTP/1.1\r\n\r\n", 400),
    (b"CONNECT h:443 HTTP/1.1\r\n\r\n", 400),
    (b"GET /a b HTTP/1.1\r\n\r\n", 400),
    (b"GET /a\x00b HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nA: b\x00c\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nA : b\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", 400),
    (b"POST / HTTP/1.1\r\nContent-Length: +2\r\n\r\nab", 400),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400),
    (b"foo / HTTP/1.1\r\n\r\n", 400),
    (b"FOO / HTTP/1.1\r\nA: b\x00\r\n\r\n", 400),
    (b"FOO * HTTP/1.1\r\n\r\n", 400),
    (b"A" * 41 + b" / HTTP/1.1\r\n\r\n", 400),
    (b"FOO / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", 413),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\n", 501),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    (b"GET / HTTP/2.0\r\n\r\n", 505),
    (b"GET / HTTP/1.7\r\n\r\n", 505),
    (b"POST / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", 413),
]


@pytest.mark.parametrize(("request_bytes", "status"), REJECTS, ids=lambda value: repr(value)[:50])
async def test_rejects(port: int, listener: EchoListener, request_bytes: bytes, status: int) -> None:
    """Bytes that are no acceptable request get the listener's own refusal at once, and the connection ends."""
    client = await Client.connect(port)

    echo = await client.ask(request_bytes)

    assert (echo.status, echo.body) == (status, b"no\n")
    assert await client.rest() == b""
    assert not listener.requests
    await client.close()


async def test_what_was_wrong_is_told(port: int, listener: EchoListener, caplog: pytest.LogCaptureFixture) -> None:
    """In one line of the log, and to observers as the class that desync mitigation has for it."""
    listener.observer = seen = Seen()
    client = await Client.connect(port)

    await client.ask(b"GET / HTTP/1.1\r\nContent-Length : 1\r\n\r\n")
    await client.rest()

    assert caplog.messages == [
        "'GET / HTTP/1.1' by 127.0.0.1 -> 400: Invalid header field char (desync: Ambiguous SuspiciousHeader)"
    ]
    assert (await seen.one()).classification == ("Ambiguous", "SuspiciousHeader")
    await client.close()


async def test_a_request_that_breaks_off_is_told(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """By a client that sends no more."""
    client = await Client.connect(port)
    await client.send(b"GET / HTTP/1.1\r\nHost")
    client.writer.write_eof()

    await client.answer()

    assert caplog.messages == ["'GET / HTTP/1.1' by 127.0.0.1 -> 400: the client sent no more in the middle of it"]
    await client.close()


async def test_reject_knows_the_request_line(port: int, listener: EchoListener) -> None:
    """The refusal is told the request line where there is one."""
    client = await Client.connect(port)

    await client.ask(b"POST /x?y HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n")

    assert listener.rejected == [(413, b"POST /x?y HTTP/1.1")]
    await client.close()


LENGTH, CODED = b"Content-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n"
PASSED = [
    (b"REINDEX-ALL /p HTTP/1.1\r\n" + LENGTH + b"\r\nhi", "REINDEX-ALL", "hi", True),
    (b"GETX /p HTTP/1.1\r\n\r\n", "GETX", "", True),
    (b"SETUP /p HTTP/1.1\r\n\r\n", "SETUP", "", True),
    (b"FOO http://h/p HTTP/1.0\r\n\r\n", "FOO", "", False),
    (b"POST /p HTTP/1.1\r\nTransfer-Encoding: identity\r\n" + LENGTH + b"\r\nhi", "POST", "hi", False),
    (b"POST /p HTTP/1.1\r\nTransfer-Encoding: Identity\r\n\r\n", "POST", "", False),
    (b"POST /p HTTP/1.0\r\nConnection: keep-alive\r\n" + CODED + b"\r\n2\r\nhi\r\n0\r\n\r\n", "POST", "hi", False),
    (b"POST /p HTTP/1.1\r\n" + LENGTH + LENGTH + b"\r\nhi", "POST", "hi", False),
    (b"POST /p HTTP/1.1\r\n" + LENGTH + CODED + b"\r\n3\r\nabc\r\n0\r\n\r\n", "POST", "abc", False),
    (b"POST /p HTTP/1.1\r\n" + CODED + LENGTH + b"\r\n3\r\nabc\r\n0\r\n\r\n", "POST", "abc", False),
]


@pytest.mark.parametrize(("request_bytes", "method", "body", "kept"), PASSED, ids=lambda value: repr(value)[:50])
@pytest.mark.parametrize("piece", [1 << 20, 1], ids=["at-once", "byte-by-byte"])
async def test_passes_what_a_load_balancer_passes(
    port: int, request_bytes: bytes, method: str, body: str, piece: int, *, kept: bool
) -> None:
    """Free methods and the identity coding pass; ambiguous framing passes with its lines, then the connection ends."""
    client = await Client.connect(port)

    for start in range(0, len(request_bytes), piece):
        await client.send(request_bytes[start : start + piece])
        await asyncio.sleep(0)
    echo = await client.answer()

    lines = request_bytes.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    assert (echo["method"], echo["path"], echo["body"], echo["keep_alive"]) == (method, "/p", body, kept)
    assert echo["headers"] == [line.split(": ") for line in lines]
    if kept:
        assert (await client.ask(GET)).status == 200
    else:
        assert await client.rest() == b""
    await client.close()


async def test_target_bytes_pass(port: int) -> None:
    """Bytes over 0x7F in a target reach the listener as they are."""
    client = await Client.connect(port)

    echo = await client.ask("GET /é?ü HTTP/1.1\r\nHost: h\r\n\r\n".encode())

    assert (echo["path"], echo["query"]) == ("/Ã©", "Ã¼")
    await client.close()


def _line(size: int) -> bytes:
    return b"GET /" + b"a" * (size - len("GET / HTTP/1.1")) + b" HTTP/1.1\r\n\r\n"


def _headers(*sizes: int) -> bytes:
    return b"GET / HTTP/1.1\r\n" + b"".join(b"A: " + b"v" * (size - 1) + b"\r\n" for size in sizes) + b"\r\n"


def _chunked(size: int) -> bytes:
    return b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (size, b"x" * size)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (_line(120), 200),
        (_line(121), 414),
        (_headers(60), 200),
        (_headers(61), 400),
        (_headers(60, 60, 60, 4), 200),
        (_headers(60, 60, 60, 5), 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n" + b"x" * 100, 200),
        (b"POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n" + b"x" * 101, 413),
        (_chunked(100), 200),
        (_chunked(101), 413),
        # endless: nothing of this is ever complete
        (b"GET /" + b"a" * 200, 414),
        (b"GET / HTTP/1.1\r\nA: " + b"v" * 300, 400),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 100, 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 100, 400),
    ],
    ids=lambda value: repr(value)[:45],
)
@pytest.mark.parametrize("piece", [1 << 20, 7], ids=["at-once", "in-pieces"])
async def test_limits(request_bytes: bytes, status: int, piece: int) -> None:
    """A limit is what still passes; one byte more is refused, also when the client never finishes."""
    server = ListenerServer(EchoListener(SMALL))
    await server.start()
    client = await Client.connect(server.port)

    for start in range(0, len(request_bytes), piece):
        await client.send(request_bytes[start : start + piece])
        await asyncio.sleep(0)
    echo = await client.answer()

    assert echo.status == status
    await client.close()
    await server.stop(0)


async def test_endless_chunk_extension() -> None:
    """A chunk's extension may not go on for ever; the parser itself has no limit for it."""
    server = ListenerServer(EchoListener(SMALL))
    await server.start()
    client = await Client.connect(server.port)

    await client.send(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;")
    for _ in range(50):
        await client.send(b"extension=")
        await asyncio.sleep(0)

    assert (await client.answer()).status == 400
    await client.close()
    await server.stop(0)


async def test_client_that_ends_half_way(port: int, listener: EchoListener) -> None:
    """A body that the client cuts short is a bad request."""
    client = await Client.connect(port)

    await client.send(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe")
    client.writer.write_eof()

    assert (await client.answer()).status == 400
    assert not listener.requests
    await client.close()


async def test_refusal_reaches_a_client_that_is_still_sending(port: int) -> None:
    """A client that sends its whole body before it reads finds the 413, not a reset."""
    client = await Client.connect(port)

    await client.send(b"POST / HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n")
    for _ in range(40):
        await client.send(b"x" * 100_000)

    assert (await client.answer()).status == 413
    await client.close()


async def test_silence_in_the_middle_of_a_request() -> None:
    """A client that stops half-way gets 408; one that sends nothing is just closed."""
    server = ListenerServer(EchoListener(), idle_timeout_s=0.05)
    await server.start()

    for half in (b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe"):
        client = await Client.connect(server.port)
        assert (await client.ask(half)).status == 408
        await client.close()
    client = await Client.connect(server.port)
    assert await client.rest() == b""
    await client.close()
    await server.stop(0)


def test_a_loop_that_stood_still() -> None:
    """What a client sent meanwhile is read before it is called silent, although uvloop runs its timers first."""

    async def ask() -> bytes:
        server = ListenerServer(EchoListener(), idle_timeout_s=0.1)
        await server.start()
        wakes, other = socket.socketpair()
        with wakes, other, socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
            client.sendall(GET)
            await asyncio.to_thread(client.recv, 65_536)

            def stand_still() -> None:
                wakes.recv(1)
                client.sendall(GET)
                time.sleep(0.2)

            asyncio.get_running_loop().add_reader(wakes.fileno(), stand_still)
            other.send(b"x")
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                answer = await asyncio.to_thread(client.recv, 65_536)
            asyncio.get_running_loop().remove_reader(wakes.fileno())
        await server.stop(0)
        return answer

    assert uvloop.run(ask()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("line", [b"", b"Connection: close\r\n"], ids=["the server closes", "the client asked for it"])
async def test_the_last_answer_reaches_a_client_that_sends_on(port: int, listener: EchoListener, line: bytes) -> None:
    """A connection that is closed while bytes of its client wait to be read is reset, and the answer would be lost."""
    listener.answers[b"/last"] = lambda _: Response(200, [(b"Content-Length", b"2")], b"ok", close=True)

    def ask() -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(
                b"GET /last HTTP/1.1\r\nHost: h\r\n" + line + b"\r\n" + b"POST / HTTP/1.1\r\n" + b"x" * 2_000_000
            )
            received = b""
            while part := client.recv(65_536):
                received += part
            return received

    answer = await asyncio.to_thread(ask)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"ok")
    assert answer.count(b"HTTP/1.1") == 1


async def test_the_last_answer_reaches_a_client_that_reads_slowly() -> None:
    """The time for what a client still sends does not run out while it has not got its answer."""
    listener = EchoListener()
    body = b"x" * 20_000_000
    listener.answers[b"/last"] = lambda _: Response(200, [(b"Content-Length", b"%d" % len(body))], body, close=True)
    server = ListenerServer(listener)
    await server.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        await asyncio.to_thread(client.sendall, b"GET /last HTTP/1.1\r\n\r\n")
        first = await asyncio.to_thread(client.recv, 16)
        (protocol,) = server.options.connections
        assert isinstance(protocol, HttpProtocol)
        protocol._end_linger()

        def rest() -> int:
            size = 0
            while part := client.recv(1_000_000):
                size += len(part)
            return size

        assert first == b"HTTP/1.1 200 OK\r"
        assert await asyncio.to_thread(rest) > len(body)
    await server.stop(0)


async def test_idle_connection_is_closed_after_an_answer() -> None:
    """Between requests a silent client is closed without a word, but never while its request runs."""
    listener = EchoListener()
    listener.gates[b"/"] = asyncio.Event()
    server = ListenerServer(listener, idle_timeout_s=0.05)
    await server.start()
    client = await Client.connect(server.port)

    await client.send(b"GET / HTTP/1.1\r\n\r\n")
    await listener.entered.wait()
    await asyncio.sleep(0.1)
    listener.gates[b"/"].set()

    assert (await client.answer()).status == 200
    assert await client.rest() == b""
    await client.close()
    await server.stop(0)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [(b"HEAD / HTTP/1.1\r\n\r\n", 200), (b"GET / HTTP/1.1\r\n\r\n", 204), (b"GET / HTTP/1.1\r\n\r\n", 304)],
)
async def test_no_content(port: int, listener: EchoListener, request_bytes: bytes, status: int) -> None:
    """An answer that can have no content never gets any, whole or streamed, and the connection stays usable."""
    client = await Client.connect(port)
    for body in (b"content", chunks(b"content")):
        headers = [(b"Content-Length", b"7")]
        listener.answers[b"/"] = lambda _, body=body, headers=headers: Response(status, headers, body)  # type: ignore[misc]
        await client.send(request_bytes)
        assert (await client.answer(head_only=True)).status == status

    assert (await client.ask(b"GET /next HTTP/1.1\r\n\r\n"))["path"] == "/next"
    await client.close()


async def test_upgrade_requests_are_ordinary(port: int) -> None:
    """A request for another protocol reaches the listener, body and all, and the connection goes on."""
    client = await Client.connect(port)
    upgrade = b"Connection: Upgrade\r\nUpgrade: %b\r\n"

    echo = await client.ask(b"GET /ws HTTP/1.1\r\n" + upgrade % b"websocket" + b"\r\n")
    assert echo["path"] == "/ws"
    echo = await client.ask(b"POST / HTTP/1.1\r\n" + upgrade % b"h2c" + b"Content-Length: 3\r\n\r\nabc")
    assert echo["body"] == "abc"
    coded = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    echo = await client.ask(b"POST / HTTP/1.1\r\n" + upgrade % b"h2c" + coded)
    assert echo["body"] == "abc"
    assert (await client.ask(GET))["path"] == "/a%20b"
    await client.close()


async def test_wire_head(port: int, listener: EchoListener) -> None:
    """The head is the response's lines in their order and nothing else; a missing reason is the standard one."""
    client = await Client.connect(port)
    lines = [(b"Server", b"awselb/2.0"), (b"content-length", b"2"), (b"X-b", b"1"), (b"X-a", b"2")]

    for status, reason, line in [
        (200, b"Great", b"200 Great"),
        (404, b"", b"404 Not Found"),
        (561, b"Unauthorized", b"561 Unauthorized"),
        (599, b"", b"599 "),
    ]:
        answer = Response(status, lines, b"ok", reason)
        listener.answers[b"/"] = lambda _, answer=answer: answer  # type: ignore[misc]
        await client.send(b"GET / HTTP/1.1\r\n\r\n")
        expected = b"HTTP/1.1 " + line + b"\r\nServer: awselb/2.0\r\ncontent-length: 2\r\nX-b: 1\r\nX-a: 2\r\n\r\nok"
        assert await client.reader.readexactly(len(expected)) == expected
    await client.close()


async def test_streamed_answer(port: int, listener: EchoListener) -> None:
    """A streamed answer is chunked and its first bytes arrive before its end; the connection stays usable."""
    gate = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        yield b"first"
        await gate.wait()
        yield b""
        yield b"second"

    listener.answers[b"/"] = lambda _: Response(200, [(b"X", b"1")], parts())
    client = await Client.connect(port)

    await client.send(b"GET / HTTP/1.1\r\n\r\n")
    assert await client.reader.readuntil(b"first\r\n") == (
        b"HTTP/1.1 200 OK\r\nX: 1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"
    )
    gate.set()
    assert await client.reader.readuntil(b"0\r\n\r\n") == b"6\r\nsecond\r\n0\r\n\r\n"
    assert (await client.ask(GET)).status == 200
    await client.close()


async def test_streamed_answer_for_http_1_0(port: int, listener: EchoListener) -> None:
    """HTTP/1.0 knows no chunks: the end of the connection is the end of the body, whatever the client asked for."""
    listener.answers[b"/"] = lambda _: Response(200, [], chunks(b"ab", b"cd"))
    client = await Client.connect(port)

    await client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")

    assert await client.rest() == b"HTTP/1.1 200 OK\r\n\r\nabcd"
    await client.close()


async def test_streamed_answer_with_a_length(port: int, listener: EchoListener) -> None:
    """A stream whose length is known is not chunked."""
    listener.answers[b"/"] = lambda _: Response(200, [(b"Content-Length", b"4")], chunks(b"ab", b"cd"))
    client = await Client.connect(port)

    assert (await client.ask(b"GET / HTTP/1.1\r\n\r\n")).body == b"abcd"
    assert (await client.ask(GET)).status == 200
    await client.close()


@pytest.mark.parametrize("parts", [(b"ab", b"cdHTTP/1.1 200 OK"), (b"ab",)], ids=["longer", "shorter"])
async def test_stream_of_another_length(port: int, listener: EchoListener, parts: tuple[bytes, ...]) -> None:
    """What is over the length would be the next answer; what is short of it would take its beginning from there."""
    listener.answers[b"/"] = lambda _: Response(200, [(b"Content-Length", b"4")], chunks(*parts))
    client = await Client.connect(port)

    await client.send(b"GET / HTTP/1.1\r\n\r\n" + GET)
    received = b""
    with contextlib.suppress(ConnectionResetError):
        received = await client.rest()

    assert received in {b"", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"}
    await client.close()


async def test_broken_stream_is_truncated(port: int, listener: EchoListener, caplog: pytest.LogCaptureFixture) -> None:
    """A stream that breaks ends without the last chunk, so that the client knows, and the log says why."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"first"
        raise StreamBroken("Runtime.ExitError", b'{"errorMessage":"exit status 3"}')

    listener.answers[b"/"] = lambda _: Response(200, [], parts())
    client = await Client.connect(port)

    await client.send(b"GET / HTTP/1.1\r\n\r\n")
    received = b""
    with contextlib.suppress(ConnectionResetError):
        received = await client.rest()

    assert not received.endswith(b"0\r\n\r\n")
    assert caplog.messages == ["GET /: the answer is cut off: Runtime.ExitError: exit status 3"]
    await client.close()


async def test_disconnect_ends_a_stream(port: int, listener: EchoListener) -> None:
    """A client that goes away ends the stream it was reading, at once."""
    ended = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            ended.set()

    listener.answers[b"/"] = lambda _: Response(200, [], parts())
    client = await Client.connect(port)

    await client.send(b"GET / HTTP/1.1\r\n\r\n")
    await client.reader.readuntil(b"first")
    client.writer.transport.abort()

    async with asyncio.timeout(5):
        await ended.wait()


async def test_disconnect_does_not_end_an_invocation(port: int, listener: EchoListener) -> None:
    """As on AWS, a function that runs goes on when its client is gone."""
    listener.gates[b"/"] = asyncio.Event()
    done = asyncio.Event()

    def answer(request: Request) -> Response:
        done.set()
        return whole(request, b"")

    listener.answers[b"/"] = answer
    client = await Client.connect(port)
    await client.send(b"GET / HTTP/1.1\r\n\r\n")
    await listener.entered.wait()
    client.writer.transport.abort()
    await asyncio.sleep(0.02)
    listener.gates[b"/"].set()

    async with asyncio.timeout(5):
        await done.wait()


async def test_slow_reader_holds_the_stream_back(port: int, listener: EchoListener) -> None:
    """A stream is read no faster than the client reads."""
    produced = 0

    async def parts() -> AsyncIterator[bytes]:
        nonlocal produced
        for _ in range(500):
            produced += 1
            yield b"x" * 100_000

    listener.answers[b"/"] = lambda _: Response(200, [], parts())
    client = await Client.connect(port)
    await client.send(b"GET / HTTP/1.0\r\n\r\n")
    await client.reader.readuntil(b"\r\n\r\n")

    seen = -1
    while seen != produced:  # until the stream stands still
        seen = produced
        await asyncio.sleep(0.05)
    assert produced < 500
    assert len(await client.rest()) == 500 * 100_000
    await client.close()


async def test_half_closed_client_gets_its_answer(port: int, listener: EchoListener) -> None:
    """A client may close its sending side and still read the answer."""
    listener.gates[b"/"] = asyncio.Event()
    client = await Client.connect(port)
    await client.send(b"GET / HTTP/1.1\r\n\r\n")
    client.writer.write_eof()
    await listener.entered.wait()
    listener.gates[b"/"].set()

    assert (await client.answer()).status == 200
    assert await client.rest() == b""
    await client.close()


class StreamingTarget(EchoListener):
    """A listener that takes bodies of any length."""

    def __init__(self) -> None:
        super().__init__(SMALL)
        self.accepts_streams = True


@pytest.fixture
async def streaming_port(anyio_backend: str) -> AsyncIterator[int]:  # noqa: ARG001 - makes it async
    """The port of a listener that accepts streams."""
    server = ListenerServer(StreamingTarget())
    await server.start()
    yield server.port
    await server.stop(0)


@pytest.mark.parametrize("size", [101, 300_000])
async def test_long_bodies_become_streams(streaming_port: int, size: int) -> None:
    """A body over the limit is handed over as a stream, in both framings, and the connection goes on."""
    client = await Client.connect(streaming_port)

    for request in (
        b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (size, b"x" * size),
        _chunked(size),
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
    ):
        echo = await client.ask(request)
        assert echo["body"] in ("x" * size, "abc")
    await client.close()


async def test_stream_holds_the_client_back(streaming_port: int) -> None:
    """While a listener does not read its stream, the client cannot send much, and then it can."""
    client = await Client.connect(streaming_port)
    client.writer.write(b"POST /unread HTTP/1.1\r\nContent-Length: 50000000\r\n\r\n" + b"x" * 50_000_000)

    assert (await client.answer())["path"] == "/unread"
    assert await client.rest() == b""
    client.writer.transport.abort()


async def test_observer_is_told(port: int, listener: EchoListener) -> None:
    """An observer learns of each exchange that it begins, and then its sizes and instants, refused ones included."""
    listener.observer = seen = Seen()
    listener.answers[b"/s"] = lambda _: Response(200, [], chunks(b"ab"))
    client = await Client.connect(port)
    echo = await client.ask(POST)
    await client.send(b"GET /s HTTP/1.1\r\n\r\n")
    streamed = await client.reader.readuntil(b"0\r\n\r\n")
    await client.ask(b"GET / HTTP/2.0\r\n\r\n")
    posted, second, refused = [await seen.one() for _ in range(3)]
    wire, stream = posted.transfer, second.transfer

    assert seen.begun == [posted, second, refused]
    assert wire
    assert stream
    assert posted.request is listener.requests[0]
    assert posted.response
    assert posted.response.status == 200
    assert wire.received_bytes == len(POST)
    assert wire.sent_bytes == len(b"HTTP/1.1 200 Fine\r\nContent-Length: 130\r\nConnection: keep-alive\r\n\r\n") + len(
        echo.body
    )
    assert wire.created_at <= wire.head_complete_at <= wire.complete_at <= wire.responded_at <= wire.sent_at
    assert (stream.sent_bytes, stream.broken) == (len(streamed), False)
    assert refused.request is None
    assert refused.response
    assert refused.response.status == 505
    assert refused.transfer
    assert 0 < refused.transfer.created_at <= refused.transfer.sent_at
    await client.close()


@pytest.mark.parametrize(("size", "writes"), [(0, 1), (1000, 1), (64 * 1024, 1), (64 * 1024 + 1, 2)])
async def test_one_write_for_head_and_body(size: int, writes: int) -> None:
    """Head and body leave in one write; only a large body has its own, since joining would copy it."""
    listener = EchoListener()
    listener.answers[b"/"] = lambda request: whole(request, b"x" * size)
    transport = RecordingTransport()
    protocol = HttpProtocol(PortOptions(listener, 60))

    protocol.connection_made(transport)
    protocol.data_received(b"GET / HTTP/1.1\r\n\r\n")
    await transport.written.wait()

    assert len(transport.writes) == writes
    protocol.connection_lost(None)
