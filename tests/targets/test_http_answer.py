"""Reading the answers of one connection."""

import pytest

from gateway.targets.http_answer import AnswerReader
from gateway.targets.http_transport import BadAnswer

OK = b"HTTP/1.1 200 OK\r\n"
SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"


def read(data: bytes, method: str = "GET", piece: int = 0) -> AnswerReader:
    """A reader after these bytes, given at once or in pieces up to the answer's end."""
    reader = AnswerReader()
    reader.begin(method)
    for start in range(0, len(data), piece or len(data)):
        if reader.feed(data[start : start + (piece or len(data))]):
            break
    return reader


EXACT = [
    ("GET", SHORT, b"abc"),
    ("GET", CHUNKED, b"abc"),
    ("GET", OK + b"Content-Length: 4\r\n\r\nab\r\n", b"ab\r\n"),
    ("GET", OK + b"Content-Length: 0\r\n\r\n", b""),
    ("GET", b"HTTP/1.1 204 No\r\n\r\n", b""),
    ("GET", b"HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", b""),
    ("HEAD", OK + b"Content-Length: 9\r\n\r\n", b""),
    ("HEAD", OK + b"Content-Length: 1\r\n\r\n", b""),
    ("HEAD", OK + b"Transfer-Encoding: chunked\r\n\r\n", b""),
    ("GET", b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + SHORT, b"abc"),
    ("HEAD", b"HTTP/1.1 100 Go on\r\n\r\n" + OK + b"Content-Length: 9\r\n\r\n", b""),
]


@pytest.mark.parametrize(("method", "data", "body"), EXACT)
@pytest.mark.parametrize("piece", [0, 1, 7])
def test_an_answer_that_ends_exactly_leaves_its_connection_to_the_next(
    method: str, data: bytes, body: bytes, piece: int
) -> None:
    """In one piece or in many; the reader then reads another one."""
    reader = read(data, method, piece)
    assert (reader.is_over, reader.keep_alive, reader.whole()) == (True, True, body)

    reader.begin("GET")
    assert reader.feed(SHORT)
    assert (reader.status, reader.keep_alive, reader.whole()) == (200, True, b"abc")


BEHIND = [
    b"x",
    b"\r\n",
    b"\n",
    b"\r",
    SHORT,
    b"HTTP/1.1 2",
    b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nX: y",
    b"0\r\n\r\n",
]


@pytest.mark.parametrize(("method", "data", "body"), EXACT)
@pytest.mark.parametrize("behind", BEHIND)
def test_bytes_behind_an_answer_end_its_connection(method: str, data: bytes, body: bytes, behind: bytes) -> None:
    """They are no part of the answer, and nobody else's answer either."""
    plain = read(data, method)
    reader = read(data + behind, method)

    assert (reader.is_over, reader.keep_alive, reader.whole()) == (True, False, body)
    assert (reader.status, reader.reason, reader.headers) == (plain.status, plain.reason, plain.headers)


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 3\r\nContent-Length: 4\r\n",
        b"Content-Length: 3\r\nContent-Length: 3\r\n",
        b"Content-Length: 3, 3\r\n",
        b"Content-Length: +3\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        b"X: a\r\n b\r\nContent-Length: 3\r\n",
        b"Content-Length: 3\r\nX: a\r\n\tb\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Content-Length : 3\r\n",
        b"X: a\nContent-Length: 3\r\n",
        b"X: a\0\r\nContent-Length: 3\r\n",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_that_can_be_read_in_two_ways_is_none(method: str, lines: bytes) -> None:
    """Two lengths, a length beside chunks, folded lines, codings that nobody takes off."""
    with pytest.raises(BadAnswer):
        read(OK + lines + b"\r\n3\r\nabc\r\n0\r\n\r\n", method)


@pytest.mark.parametrize("status", [b"101 Switching", b"2000 OK"])
def test_some_statuses_are_no_answer(status: bytes) -> None:
    """Nobody asked for another protocol."""
    with pytest.raises(BadAnswer):
        read(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")


def test_trailers_go_nowhere() -> None:
    """They would be taken for lines of the head."""
    reader = read(CHUNKED[:-2] + b"Set-Cookie: a=b\r\n\r\n")
    assert reader.headers == [(b"Transfer-Encoding", b"chunked")]
    assert (reader.is_over, reader.keep_alive) == (True, True)


def test_chunks_of_http_1_0_end_the_connection() -> None:
    """Who sends them may not know them."""
    reader = read(CHUNKED.replace(b"1.1", b"1.0").replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n", 1))
    assert (reader.whole(), reader.keep_alive) == (b"abc", False)


@pytest.mark.parametrize(("lines", "expected"), [(b"", True), (b"Content-Length: 3\r\n", False)])
def test_only_an_answer_without_length_ends_with_its_connection(lines: bytes, expected: bool) -> None:
    """Another one is cut off by that."""
    reader = AnswerReader()
    reader.begin("GET")
    assert not reader.ends_with_connection
    assert not reader.feed(OK + lines + b"\r\na")
    assert reader.ends_with_connection == expected
