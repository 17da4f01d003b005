"""The bytes of a response's head, and the parts of a request's target."""

import pytest

from gateway.listeners.server import ListenerServer
from gateway.listeners.wire import (
    has_content,
    head_lines,
    keeps_alive,
    over_limit,
    refused_while_read,
    split_target,
)
from gateway.translation.messages import Request, Response
from tests.listeners.doubles import SMALL, Client, EchoListener

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("status", "reason", "line"),
    [
        (200, b"", b"HTTP/1.1 200 OK"),
        (200, b"Fine", b"HTTP/1.1 200 Fine"),
        (413, b"", b"HTTP/1.1 413 Request Entity Too Large"),
        (561, b"", b"HTTP/1.1 561 "),
    ],
)
def test_status_line(status: int, reason: bytes, line: bytes) -> None:
    """The response's own phrase, else the standard one, else none; the space before it is always there."""
    assert head_lines(Response(status, [(b"b", b"1"), (b"A", b"")], b"", reason)) == [line, b"b: 1", b"A: "]


@pytest.mark.parametrize(
    ("method", "status", "content"),
    [("GET", 200, True), ("HEAD", 200, False), ("GET", 204, False), ("GET", 304, False), ("GET", 101, False)],
)
def test_has_content(method: str, status: int, *, content: bool) -> None:
    """HEAD and some statuses have no content."""
    assert has_content(method, status) is content


@pytest.mark.parametrize(
    ("target", "method", "parts"),
    [
        (b"/a?b?c", "GET", (b"", b"/a", b"b?c")),
        (b"/a://b", "GET", (b"", b"/a://b", b"")),
        (b"*", "OPTIONS", (b"", b"*", b"")),
        (b"HTTPS://h:1/a/b?c/d", "GET", (b"h:1", b"/a/b", b"c/d")),
        (b"http://[::1]", "GET", (b"[::1]", b"/", b"")),
    ],
)
def test_split_target(target: bytes, method: str, parts: tuple[bytes, bytes, bytes]) -> None:
    """Authority, path and query, nothing decoded."""
    assert split_target(target, method) == parts


@pytest.mark.parametrize(("target", "method"), [(b"*", "GET"), (b"*x", "OPTIONS"), (b"h:443", "CONNECT")])
def test_no_target(target: bytes, method: str) -> None:
    """Some targets do not go with a method."""
    with pytest.raises(ValueError, match="is no target of"):
        split_target(target, method)


@pytest.mark.parametrize(
    ("request_line", "sizes", "status"),
    [
        (120, [60], 0),
        (121, [60], 414),
        (1, [], 0),
        (1, [61], 400),
        (1, [46, 46, 46, 46], 0),
        (1, [46, 46, 46, 47], 400),
    ],
)
def test_over_limit(request_line: int, sizes: list[int], status: int) -> None:
    """The limits are what still passes; together, header lines count with colon, space and line end."""
    lines = [(b"n", b"v" * (size - 1)) for size in sizes]

    assert over_limit(request_line, lines, SMALL) == status
    assert over_limit(request_line, lines, SMALL._replace(header_status=431)) == (431 if status == 400 else status)


@pytest.mark.parametrize(
    ("path", "query", "header", "body", "status"),
    [
        (b"/" + b"a" * 106, b"", 60, 100, 0),
        (b"/" + b"a" * 107, b"", 60, 100, 414),
        (b"/" + b"a" * 50, b"q" * 55, 60, 100, 0),
        (b"/" + b"a" * 50, b"q" * 56, 60, 100, 414),
        (b"/", b"", 61, 100, 400),
        (b"/", b"", 60, 101, 413),
        (b"/" + b"a" * 107, b"", 61, 101, 414),
    ],
)
def test_refused_while_read(path: bytes, query: bytes, header: int, body: int, status: int) -> None:
    """A whole request meets a port's limits in a port's order: request line, header lines, body."""
    lines = [(b"n", b"v" * (header - 1))]
    request = Request("GET", path, query, lines, b"b" * body, ("127.0.0.1", 9), ("127.0.0.1", 80))

    assert refused_while_read(request, SMALL) == status


@pytest.mark.parametrize("query", ["", "?q"])
@pytest.mark.parametrize("over", [False, True])
async def test_refused_while_read_as_a_port_does(query: str, *, over: bool) -> None:
    """The first request line that a port refuses is the first that this refuses."""
    target = f"/{'a' * (120 - len('GET / HTTP/1.1') - len(query) + over)}{query}".encode()
    _, path, raw_query = split_target(target, "GET")
    server = ListenerServer(EchoListener(SMALL))
    await server.start()
    client = await Client.connect(server.port)
    answer = await client.ask(b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n\r\n")
    await client.close()
    await server.stop(0)

    request = Request("GET", path, raw_query, [(b"Host", b"h")], b"", ("127.0.0.1", 9), ("127.0.0.1", 80))
    assert answer.status == (414 if over else 200)
    assert refused_while_read(request, SMALL) == (414 if over else 0)


@pytest.mark.parametrize(
    ("version", "connection", "expected"),
    [
        ("1.1", [], True),
        ("1.1", [b"x-a, Close"], False),
        ("1.1", [b"keep-alive", b"close"], False),
        ("1.0", [], False),
        ("1.0", [b"Keep-Alive"], True),
        ("2", [], True),
    ],
)
def test_whether_a_connection_goes_on(version: str, connection: list[bytes], *, expected: bool) -> None:
    """HTTP/1.1 goes on unless a line says otherwise, HTTP/1.0 only where one says so."""
    assert keeps_alive(version, [(b"Connection", value) for value in connection]) is expected
