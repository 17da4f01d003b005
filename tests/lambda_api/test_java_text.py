"""Characters as Java sees them."""

import pytest

from gateway.lambda_api.java_text import describe, is_control, is_identifier_part, is_identifier_start


@pytest.mark.parametrize(
    ("character", "start", "part"),
    [
        ("a", True, True),
        ("_", True, True),
        ("$", True, True),
        ("€", True, True),
        ("é", True, True),
        ("7", False, True),
        ("\x00", False, True),
        ("\x99", False, True),
        ("\u0301", False, True),
        ("\u200b", False, True),
        ("-", False, False),
        (" ", False, False),
        ("\t", False, False),
        ("\x1c", False, False),
        ("'", False, False),
    ],
)
def test_identifiers_are_javas(character: str, start: bool, part: bool) -> None:
    """Letters, currencies and connectors begin one; digits, marks and ignorable characters go on with it."""
    assert (is_identifier_start(ord(character)), is_identifier_part(ord(character))) == (start, part)


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        (0x61, "'a' (code 97)"),
        (0x00, "(CTRL-CHAR, code 0)"),
        (0x99, "(CTRL-CHAR, code 153)"),
        (0xA0, "'\xa0' (code 160)"),
        (0x20AC, "'€' (code 8364 / 0x20ac)"),
    ],
)
def test_a_character_is_shown_as_the_parser_does(code: int, shown: str) -> None:
    """Control characters by number only, wide ones in hexadecimal as well."""
    assert describe(code) == shown
    assert is_control(code) == shown.startswith("(CTRL")
