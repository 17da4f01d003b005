"""Splitting query strings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translation.query import grouped, pairs


@pytest.mark.parametrize(
    ("raw_query", "expected"),
    [
        (b"", []),
        (b"a=1&b=2", [("a", "1"), ("b", "2")]),
        (b"&a=1&&", [("a", "1")]),
        (b"a", [("a", "")]),
        (b"=v", [("", "v")]),
        (b"a=b=c", [("a", "b=c")]),
        (b"a%20b=%FF+c;d", [("a%20b", "%FF+c;d")]),
    ],
)
def test_pairs_are_split_and_never_decoded(raw_query: bytes, expected: list[tuple[str, str]]) -> None:
    """Escapes, plus signs and semicolons stay as they came."""
    assert pairs(raw_query) == expected


def test_values_of_one_key_stand_together_in_order() -> None:
    """Differently spelled keys stay apart."""
    assert grouped(b"a=1&b=2&a=3&%61=4") == {"a": ["1", "3"], "b": ["2"], "%61": ["4"]}


@given(st.text(st.characters(exclude_characters="&", codec="utf-8"), min_size=1))
def test_one_segment_can_be_put_together_again(segment: str) -> None:
    """Nothing is lost but a missing equals sign."""
    [(key, value)] = pairs(segment.encode())

    assert segment in (f"{key}={value}", key)
