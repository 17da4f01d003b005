"""The reading position below the parser's texts."""

import pytest

from gateway.lambda_api.jackson_tokens import NotJson, Tokens


@pytest.mark.parametrize(
    ("body", "codes", "line"),
    [(b" \t7", [0x37, -1], 1), (b"\r7\r\n8\n", [0x37, 0x38, -1], 4), (b"\xef\xbb\xbf7", [0x37, -1], 1), (b"", [-1], 1)],
)
def test_white_space_is_passed_and_lines_counted(body: bytes, codes: list[int], line: int) -> None:
    """CR, LF and CR LF each end one line; a byte order mark is no token."""
    tokens = Tokens(body)

    assert [tokens.next_significant() for _ in codes] == codes
    assert tokens.line == line


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"a", 0x61),
        ("ä".encode(), 0xE4),
        ("€".encode(), 0x20AC),
        ("😀".encode(), 0x1F600),
        (b"\xf7\xbf\xbf\xbf", 0x10FFFF),
    ],
)
def test_a_character_is_decoded(body: bytes, code: int) -> None:
    """One to four bytes; what no Unicode has is still a character to the parser."""
    tokens = Tokens(body)

    assert tokens.character(tokens.next_or_end("")) == code
    assert tokens.at == len(body)


def test_a_mistake_names_the_place() -> None:
    """Behind the last byte read, or the byte itself."""
    tokens = Tokens(b"ab")
    tokens.at = 2

    with pytest.raises(NotJson, match=r"what\n at .*; line: 1, column: 3\]$"):
        tokens.refuse("what")
    with pytest.raises(NotJson, match=r"column: 2\]$"):
        tokens.refuse("what", back=1)
