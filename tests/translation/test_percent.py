"""Percent-encoding."""

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translation.percent import ascii_path, decode_pairs, decode_path


@pytest.mark.parametrize(
    ("raw", "decoded"),
    [
        (b"/a+b", "/a+b"),
        (b"/%E2%98%95%20x", "/\u2615 x"),
        (b"/pa2%Fth", "/pa2%Fth"),
        (b"/%2525", "/%25"),
        (b"/%FF", "/\ufffd"),
        (b"/\xe2\x98\x95", "/\u2615"),
    ],
)
def test_decode_path(raw: bytes, decoded: str) -> None:
    """Once, ``+`` stays, wrong escapes stay, what is no UTF-8 becomes U+FFFD."""
    assert decode_path(raw) == decoded


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        (b"", []),
        (b"a=1&a=2", [("a", "1"), ("a", "2")]),
        (b"k=&flag&&=v", [("k", ""), ("flag", ""), ("", "v")]),
        (b"a=b=c", [("a", "b=c")]),
        (b"a=test+alias&b=%2B", [("a", "test alias"), ("b", "+")]),
        (b"&x=%20&", [("x", " ")]),
    ],
)
def test_decode_pairs(raw: bytes, pairs: list[tuple[str, str]]) -> None:
    """Names and values in order; a name without ``=`` has an empty value."""
    assert decode_pairs(raw) == pairs


@given(st.lists(st.tuples(st.text(min_size=1), st.text())))
def test_pairs_come_back(pairs: list[tuple[str, str]]) -> None:
    """What a client encodes is what the function reads."""
    raw = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)

    assert decode_pairs(raw.encode()) == pairs


@given(st.text())
def test_path_comes_back(text: str) -> None:
    """The same for paths."""
    assert decode_path(quote(text).encode()) == text


def test_ascii_path() -> None:
    """Bytes that a URL cannot hold are encoded, everything else is left alone."""
    assert ascii_path(b"/a%20b+") == "/a%20b+"
    assert ascii_path(b"/\xe2x") == "/%E2x"
