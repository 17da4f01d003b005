"""Patterns: the shapes that are compiled apart must all tell the same as the plain meaning."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.regex import compile_regex
from gateway.errors import UsageError
from gateway.listeners.alb.patterns import beginning_of, compile_patterns, covers, parse

LETTERS = st.text("ab*?", max_size=6)
TEXTS = st.text("ab", max_size=6)


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [("ab", "t"), ("a*", "t*"), ("*a", "*t"), ("*a*", "*t*"), ("a*b", "t*t"), ("a?*", "t?*"), ("", "")],
)
def test_shape(pattern: str, shape: str) -> None:
    """The shape tells texts and wildcards apart."""
    assert parse(pattern).shape == shape


@given(st.lists(LETTERS, min_size=1, max_size=3), TEXTS)
def test_every_shape_means_the_same(patterns: list[str], text: str) -> None:
    """Whatever a pattern is compiled to, it matches as a shell pattern does."""
    test = compile_patterns([parse(pattern) for pattern in patterns])

    assert bool(test(text.encode())) == any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"a\*", "a*", True),
        (r"a\*", "ab", False),
        (r"\?", "?", True),
        (r"\\*", "\\x", True),
        (r"\a", r"\a", True),
        ("\\", "\\", True),
    ],
)
def test_escapes(pattern: str, text: str, *, matches: bool) -> None:
    """A backslash takes the meaning of a wildcard and of a backslash; before others it stands for itself."""
    assert bool(compile_patterns([parse(pattern, escapes=True)])(text.encode())) == matches


def test_a_new_line_is_a_character_too() -> None:
    """Wildcards take every byte."""
    assert compile_patterns([parse("a?b?c")])(b"a\nb\xffc")


@pytest.mark.parametrize("pattern", ["b*", "*b", "*b*", "a*b", "*a*b", "*a*a*a*a*b", "*" * 60 + "a?" + "*" * 60 + "b"])
def test_stars_do_not_multiply(pattern: str) -> None:
    """Every shape is tested in a few passes: the square of a million steps would take hours."""
    assert not compile_patterns([parse(pattern)])(b"a" * 2**20)


@given(LETTERS, LETTERS, TEXTS)
def test_covers_is_never_wrong(wide: str, narrow: str, text: str) -> None:
    """When one pattern covers another, it matches whatever the other matches."""
    if covers(parse(wide), parse(narrow)) and fnmatch.fnmatchcase(text, narrow):
        assert fnmatch.fnmatchcase(text, wide)


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/b/*", True),
        ("/a/*", "/a*", False),
        ("*", "/a?", True),
        ("/a?", "/ab", True),
        ("/a?", "/a*", False),
        ("/a*", "/a?", True),
        ("*.com", "a.com", True),
        ("a", "a", True),
        ("a*b*c", "axbxc", True),
        ("a*b*c", "axcxb", False),
    ],
)
def test_covers(wide: str, narrow: str, *, expected: bool) -> None:
    """Plain cases of one pattern within another."""
    assert covers(parse(wide), parse(narrow)) == expected


@pytest.mark.parametrize(
    ("regex", "beginning"),
    [
        ("^/api/v1/(a|b)/x$", "/api/v1/*"),
        (r"^\/a\.b", "/a.b*"),
        ("^/ab?c", "/a*"),
        ("^/ab{2}", "/a*"),
        ("^/ab(?i)*", "/a*"),
        (r"^/ab\Q\E(?i-s)?", "/a*"),
        ("^/a[]|]b", "/a*"),
        (r"^/a\|b", "/a*"),
        (r"^/a\Qb|\E", "/a*"),
        ("^/a|/b", "*"),
        ("^/a[]|]b|c", "*"),
        (r"^/\Q(\E|b", "*"),
        ("^(?i)/a", "*"),
        ("/a", "*"),
    ],
)
def test_beginning_of_an_expression(regex: str, beginning: str) -> None:
    """What is found by it begins with its plain characters, up to the first that may be something else."""
    assert beginning_of(regex) == parse(beginning)


PARTS = st.sampled_from(
    ["^", "/", "a", "b", "|", "(", ")", "*", "?", "[|]", "[a]", r"\.", r"\|", "{2}", r"\Q", r"\E", "(?i)"]
)


@given(st.lists(PARTS, max_size=7).map("".join), st.text("/ab|.", max_size=5))
def test_what_is_found_has_the_beginning(regex: str, text: str) -> None:
    """The beginning leaves out no value in which the expression is found."""
    try:
        found = compile_regex(regex).search(text.encode())
    except UsageError:
        return

    assert not found or compile_patterns([beginning_of(regex)])(text.encode())
