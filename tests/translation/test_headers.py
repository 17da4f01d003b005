"""Grouping, checking and dating header lines."""

from email.utils import formatdate

import pytest

from gateway.translation.headers import (
    all_values,
    first_value,
    http_date,
    is_field_value,
    is_token,
    last_values,
    values_of,
    wire_size,
)

LINES = [(b"X-A", b"1"), (b"COOKIE", b"a"), (b"x-a", b""), (b"x-A", b"2"), (b"X-Empty", b"")]


def test_the_last_value_that_is_not_empty_wins() -> None:
    """Names are compared without case, lines without a value do not count."""
    assert last_values(LINES) == {"x-a": "2", "cookie": "a"}


def test_all_values_keep_their_order() -> None:
    """Lines without a value leave no trace."""
    assert all_values(LINES) == {"x-a": ["1", "2"], "cookie": ["a"]}


def test_the_values_of_one_name() -> None:
    """Names are compared without case; here a line without a value is a line."""
    assert values_of(LINES, b"x-a") == [b"1", b"", b"2"]
    assert values_of(LINES, b"x-b") == []


@pytest.mark.parametrize(
    ("name", "expected"), [(b"x-a", b"1"), (b"cookie", b"a"), (b"x-empty", b""), (b"x-b", b"none")]
)
def test_the_first_value_of_one_name(name: bytes, expected: bytes) -> None:
    """It may be empty, which is not the same as no line."""
    assert first_value(LINES, name, b"none") == expected


@pytest.mark.parametrize("line", [(b"X", b"\xff"), (b"\xff", b"x")])
def test_bytes_that_are_not_utf8_are_an_error(line: tuple[bytes, bytes]) -> None:
    """Neither names nor values are repaired."""
    with pytest.raises(UnicodeDecodeError):
        last_values([line])
    with pytest.raises(UnicodeDecodeError):
        all_values([line])


def test_only_ascii_letters_are_lowered() -> None:
    """Unicode's own lower case would make other names of some."""
    assert last_values([("X-\u212a".encode(), b"1")]) == {"x-\u212a": "1"}


@pytest.mark.parametrize(
    ("name", "fits"),
    [("X-A", True), ("!#$%&'*+-.^_`|~09", True), ("", False), ("a b", False), ("a:", False), ("é", False)],
)
def test_a_name_is_a_token(name: str, fits: bool) -> None:
    """RFC 9110, 5.6.2."""
    assert is_token(name) is fits


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("", True),
        ("a\tb", True),
        ("é\u2028", True),
        ("a\r\nb", False),
        ("\0", False),
        ("\x7f", False),
        ("é\n", False),
        ("\ud800", False),
    ],
)
def test_a_value_has_no_control_characters(value: str, fits: bool) -> None:
    """Nothing that could end a line, and nothing that UTF-8 cannot write."""
    assert is_field_value(value) is fits


def test_a_line_takes_its_separators_too() -> None:
    """``X-A: 1`` and CRLF are eight bytes."""
    assert wire_size([(b"X-A", b"1"), (b"B", b"")]) == 8 + 5


def test_a_date_is_imf_fixdate() -> None:
    """The example of RFC 9110, at any millisecond of its second."""
    assert http_date(784_111_777_000) == b"Sun, 06 Nov 1994 08:49:37 GMT"
    assert http_date(784_111_777_999) == b"Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize("day", range(0, 400, 13))
def test_every_day_and_month_has_its_name(day: int) -> None:
    """As the standard library writes them."""
    epoch_s = day * 86400 + 1_700_000_000

    assert http_date(epoch_s * 1000) == formatdate(epoch_s, usegmt=True).encode()
