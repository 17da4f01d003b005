"""What is read again after the parser refused it."""

import pytest
from httptools import HttpRequestParser

from gateway.listeners.second_look import look_again
from gateway.listeners.wire import Refusal
from tests.translation.test_desync import VECTORS
from tests.translation.test_raw_head import head_of

WHOLE = b"\r\nMY-METHOD /a\xc3\xa9?b HTTP/1.1\r\nA: 1 \r\nContent-Length: 2\r\ncontent-length:2\r\nB:\r\n\r\nhi"


def test_keeps_what_was_sent() -> None:
    """Method, target and lines are the client's; the plain form has the same framing in words that the parser knows."""
    again = look_again(WHOLE)

    assert again is not None
    assert (again.method, again.target, again.closes) == ("MY-METHOD", b"/a\xc3\xa9?b", True)
    assert again.headers == [(b"A", b"1"), (b"Content-Length", b"2"), (b"content-length", b"2"), (b"B", b"")]
    assert again.plain == b"POST /axx?b HTTP/1.1\r\nA: 1\r\nB: \r\nContent-Length: 2\r\n\r\nhi"


def test_waits_for_the_whole_head() -> None:
    """As long as nothing forbids it, a head that is not complete is waited for."""
    end = WHOLE.index(b"\r\n\r\n", 2) + 4

    assert {look_again(WHOLE[:cut]) for cut in range(end)} == {None}


FRAMING = (b"content-length:", b"transfer-encoding:")


@pytest.mark.parametrize("head", [WHOLE, *(head_of(vector) for vector in VECTORS if vector[5] != "Severe")])
def test_what_passes_is_framed_anew(head: bytes) -> None:
    """Whatever was sent, one line at most says how long the body is, and the parser takes all lines."""
    try:
        again = look_again(head)
    except Refusal:
        return
    assert again is not None
    lines = again.plain.partition(b"\r\n\r\n")[0].lower().split(b"\r\n")

    assert sum(line.startswith(FRAMING) for line in lines) <= 1
    assert lines[0].startswith(b"post ")
    HttpRequestParser(None).feed_data(again.plain)


def test_refuses_many_blanks_at_once() -> None:
    """The time for a bad line grows with its length and not with the square of it, which would be hours here."""
    with pytest.raises(Refusal):
        look_again(b"FOO / HTTP/1.1\r\nA:" + b"\t" * 2**20 + b"\x01\r\n\r\n")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01", 400),
        (b"foo", 400),
        (b"FOO / HTTQ", 400),
        (b"FOO /\x01", 400),
        (b"FOO / HTTP/1.2\r\nA", 400),
        (b"FOO / HTTP/1.1\r\nA: b\x00", 400),
        (b"FOO / HTTP/1.1\r\nno colon\r\nA", 400),
        (b"FOO / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400),
        (b"FOO / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"FOO / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"FOO / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"FOO / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ],
)
def test_refuses(data: bytes, status: int) -> None:
    """What cannot pass is refused as soon as that is clear."""
    with pytest.raises(Refusal) as refusal:
        look_again(data)

    assert refusal.value.status == status
