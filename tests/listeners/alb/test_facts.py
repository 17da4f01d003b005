"""What conditions look at in a request."""

import pytest

from gateway.listeners.alb.facts import host_of, query_pairs
from tests.listeners.alb.stacks import request


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("a.com", b"a.com"),
        ("a.com:8000", b"a.com"),
        ("[::1]:8000", b"[::1]"),
        ("[::1]", b"[::1]"),
        ("[broken", b"[broken"),
        ("", b""),
    ],
)
def test_host_without_port(host: str, expected: bytes) -> None:
    """The port is taken off; an IPv6 address keeps its brackets."""
    assert host_of(request({"host": host})) == expected


def test_query_pairs() -> None:
    """Empty segments are left out, the first equals sign separates, nothing is decoded."""
    assert query_pairs(b"&A=1&&b&=c&d=e=f&%2a=+") == [
        (b"a", b"1"),
        (b"b", b""),
        (b"", b"c"),
        (b"d", b"e=f"),
        (b"%2a", b"+"),
    ]
