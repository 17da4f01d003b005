"""Payload 2.0: folded headers, joined queries, checked results."""

import pytest

from gateway.errors import BadResult
from gateway.translation.payload_v2 import cookie_values, fold, header_lines, joined_query


def test_fold() -> None:
    """Names in lower case, repeats joined with a comma, cookies as one cookie string, hop-by-hop lines gone."""
    lines = [(b"X-A", b"1"), (b"Cookie", b"a=1"), (b"x-a", b"2, 3"), (b"cookie", b"b=2"), (b"Connection", b"close")]

    assert fold(lines) == {"x-a": "1,2, 3", "cookie": "a=1; b=2"}


def test_joined_query() -> None:
    """Values are decoded and joined without a space."""
    assert joined_query(b"tag=C%23+x&tag=b&empty=") == {"tag": "C# x,b", "empty": ""}


def test_header_lines() -> None:
    """Scalars become text, a null is no header."""
    assert header_lines({"a": "x ", "b": True, "c": 7, "d": None}) == [(b"a", b"x"), (b"b", b"true"), (b"c", b"7")]


@pytest.mark.parametrize("name", ["", "a b", "a:", "ä", "a\n"])
def test_bad_names(name: str) -> None:
    """A name that cannot stand on the wire makes the result invalid."""
    with pytest.raises(BadResult):
        header_lines({name: "x"})


def test_bad_cookie() -> None:
    """The pointer names the cookie."""
    with pytest.raises(BadResult) as raised:
        cookie_values(["a=1", {"b": 2}])

    assert raised.value.pointer == "/cookies/1"
