"""Wildcards against a slow model, and against texts that make backtracking engines hang."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translation.wildcards import wildcard_expression


def matches(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern describes."""
    expression = wildcard_expression((character in "*?", character) for character in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def slowly(pattern: str, text: str) -> bool:
    """The same by the words of the documentation."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(slowly(pattern[1:], text[skipped:]) for skipped in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and slowly(pattern[1:], text[1:])


@given(st.text("ab.*?\n", max_size=8), st.text("ab.\n", max_size=8))
def test_as_documented(pattern: str, text: str) -> None:
    """A star is any run, also an empty one, a question mark is one character, the rest is itself."""
    assert matches(pattern, text) == slowly(pattern, text)


@pytest.mark.parametrize("pattern", ["*a*a*a*a*b", "*?a*?a*?a*?b", "a*a*a*?*?*?b*c", "****b", "*a*b*"])
def test_in_one_pass(pattern: str) -> None:
    """Stars do not multiply: with a million characters, the square of that would take hours."""
    assert not matches(pattern, "a" * 2**20)
