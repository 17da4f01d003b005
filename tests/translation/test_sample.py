"""Requests that nobody sent."""

import pytest

from gateway.errors import UsageError
from gateway.translation.sample import SAMPLE_ARRIVAL, Headers, sample_arrival, sample_request


@pytest.mark.parametrize(
    ("url", "host", "target", "port"),
    [
        ("/", b"gateway.test", (b"/", b""), 443),
        ("/a b/ü?q=ä&r=%2F#part", b"gateway.test", (b"/a%20b/%C3%BC", b"q=%C3%A4&r=%2F"), 443),
        ("http://localhost:8000/x?", b"localhost:8000", (b"/x", b""), 8000),
        ("http://localhost:80", b"localhost", (b"/", b""), 80),
        ("localhost:3000/a", b"localhost:3000", (b"/a", b""), 3000),
        ("https://me@[::1]:444/", b"[::1]:444", (b"/", b""), 444),
        ("//a//b", b"gateway.test", (b"//a//b", b""), 443),
    ],
)
def test_urls(url: str, host: bytes, target: tuple[bytes, bytes], port: int) -> None:
    """Host, path and query are what a client would send."""
    request = sample_request("GET", url)

    assert request.headers == [(b"Host", host)]
    assert (request.raw_path, request.raw_query) == target
    assert request.server[1] == port


@pytest.mark.parametrize(
    ("headers", "lines"),
    [
        ({"host": "other"}, [(b"host", b"other"), (b"Content-Length", b"2")]),
        ([("Content-Length", "9")], [(b"Host", b"gateway.test"), (b"Content-Length", b"9")]),
        ({"Transfer-Encoding": "chunked"}, [(b"Host", b"gateway.test"), (b"Transfer-Encoding", b"chunked")]),
    ],
)
def test_headers(headers: Headers, lines: list[tuple[bytes, bytes]]) -> None:
    """What is given is not given twice."""
    assert sample_request("PUT", "/", headers, b"ab").headers == lines


@pytest.mark.parametrize("url", ["ftp://host/", "http://", "http://host:port/"])
def test_what_is_no_url(url: str) -> None:
    """The message says what one looks like."""
    with pytest.raises(UsageError, match="is no URL"):
        sample_request("GET", url)


def test_a_header_with_a_line_break() -> None:
    """One header cannot smuggle in another."""
    with pytest.raises(UsageError, match="line break"):
        sample_request("GET", "/", {"a": "b\r\nc: d"})


def test_arrivals() -> None:
    """Without arguments there is one arrival; a time makes the trace id of that second."""
    assert sample_arrival() == SAMPLE_ARRIVAL
    assert sample_arrival(time=1000).trace_id.startswith("1-00000001-")
    assert int(SAMPLE_ARRIVAL.trace_id[2:10], 16) == SAMPLE_ARRIVAL.epoch_ms // 1000
