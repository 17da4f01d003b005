"""The head of an outgoing request."""

from collections.abc import AsyncIterator

import pytest

from gateway.targets.http_framing import is_ambiguous, request_head, without_framing
from gateway.targets.http_transport import RequestInvalid
from gateway.types import HeaderList

RESEMBLING = [
    b"Content-Length",
    b"CONTENT-LENGTH",
    b"content_length",
    b"Content.Length",
    b"Content-Length-",
    b"_content-length",
    b"ContentLength",
    b"Transfer-Encoding",
    b"transfer_encoding",
    b"Transfer~Encoding",
    b".Transfer-Encoding.",
]


def lines_of(headers: HeaderList, body: bytes = b"", method: str = "GET") -> list[bytes]:
    """The lines of a head behind the request line."""
    return request_head(method, b"/", headers, body, None, b"a").split(b"\r\n")[1:-2]


@pytest.mark.parametrize("name", RESEMBLING)
def test_nothing_that_may_be_read_as_framing_goes_on(name: bytes) -> None:
    """The length is the body's, whatever a line says and however a server may spell it."""
    assert lines_of([(b"Host", b"b"), (name, b"3"), (b"X", b"1")], b"body") == [
        b"Host: b",
        b"X: 1",
        b"Content-Length: 4",
    ]
    assert without_framing([(name, b"chunked"), (b"X", b"1")]) == [(b"X", b"1")]


@pytest.mark.parametrize("name", [b"X-Content-Length", b"Content-Lengths", b"Accept-Encoding", b"Content_Type"])
def test_other_names_pass(name: bytes) -> None:
    """However near they are."""
    assert lines_of([(name, b"3")]) == [b"Host: a", name + b": 3"]


def test_a_length_that_was_said_is_said_again() -> None:
    """A DELETE without a body may be one whose client says so."""
    assert lines_of([(b"content-length", b"0")], method="DELETE") == [b"Host: a", b"Content-Length: 0"]
    assert lines_of([], method="DELETE") == [b"Host: a"]


async def _stream() -> AsyncIterator[bytes]:
    yield b"x"


@pytest.mark.parametrize(("length", "line"), [(None, b"Transfer-Encoding: chunked"), (7, b"Content-Length: 7")])
def test_a_stream_has_one_framing_line(length: int | None, line: bytes) -> None:
    """Its length where that is known."""
    head = request_head("PUT", b"/", [(b"Content-Length", b"3")], _stream(), length, b"a")
    assert head == b"PUT / HTTP/1.1\r\nHost: a\r\n" + line + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "target", "line"),
    [
        ("GET", b"/", (b"X", b"a\r\nY: b")),
        ("GET", b"/", (b"X", b"a\nb")),
        ("GET", b"/", (b"X", b"a\rb")),
        ("GET", b"/", (b"X", b"a\0b")),
        ("GET", b"/", (b"X: y\r\nZ", b"a")),
        ("GET", b"/", (b"Content-Length:", b"3")),
        ("GET", b"/", (b"", b"a")),
        ("GET", b"/a HTTP/1.1", (b"X", b"a")),
        ("GET", b"/a\tb", (b"X", b"a")),
        ("GET", b"/ HTTP/1.1\r\nX: y", (b"X", b"a")),
        ("GET", b"", (b"X", b"a")),
        ("GET /x HTTP/1.1\r\nA: b\r\n\r\nGET", b"/", (b"X", b"a")),
        ("G T", b"/", (b"X", b"a")),
        ("", b"/", (b"X", b"a")),
        ("É", b"/", (b"X", b"a")),
        ("CONNECT", b"/", (b"X", b"a")),
    ],
)
def test_what_does_not_stay_in_its_line_is_not_sent(method: str, target: bytes, line: tuple[bytes, bytes]) -> None:
    """HTTP/2 and other applications carry what no line of HTTP/1.1 can; a tunnel is for nobody here."""
    with pytest.raises(RequestInvalid):
        request_head(method, target, [line], b"", None, b"a")


def test_many_names_do_not_fill_the_memory() -> None:
    """Clients choose them."""
    for number in range(5000):
        assert lines_of([(b"X-%d" % number, b"1")])[1] == b"X-%d: 1" % number


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([(b"Content-Length", b"3")], False),
        ([(b"Transfer-Encoding", b"Chunked ")], False),
        ([(b"Content-Length", b"3"), (b"content-length", b"3")], True),
        ([(b"Content-Length", b"3"), (b"Transfer-Encoding", b"chunked")], True),
        ([(b"Transfer-Encoding", b"gzip, chunked")], True),
    ],
)
def test_answers_that_can_be_read_in_two_ways(lines: HeaderList, expected: bool) -> None:
    """More than one line about the length, or a coding that nobody here takes off."""
    assert is_ambiguous(lines) == expected
