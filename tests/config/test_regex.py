"""Regular expressions: what is refused, that the rest means what it should, and that no text takes long."""

import contextlib
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

from gateway.config.regex import compile_regex, compile_text_regex
from gateway.errors import UsageError


@pytest.mark.parametrize(
    "pattern",
    [
        *("a(?=b)", "a(?!b)", "(?<=a)b", "(?<!a)b"),
        *(r"(a)\1", r"(?P<n>a)(?P=n)", r"(?<n>a)\k<n>", r"(a)\g1"),
        *("(?>a)", "a*+", "a++", "a?+", "a{2}+"),
        *("(?R)", "(a)(?1)", "(?-1)", "(?P<n>a)(?P>n)", "(?&n)", "(a)?(?(1)b)", "(?#x)"),
        *("(?x)a b", r"\Z", r"\u0041", r"\h", "a\\", "a{1001}", "a{1,1001}", "[[:nope:]]"),
        *("[a", "(", ")", "*", "a**", "[b-a]", "a{2,1}"),
    ],
)
def test_refused_by_re2(pattern: str) -> None:
    """Look-around and all that needs backtracking is told in RE2's words, and so is what is no expression."""
    with pytest.raises(UsageError, match=r"^RE2 refuses it, .+; allowed: RE2 syntax, without look-around"):
        compile_regex(pattern)


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        (r"\p{L}", "a Unicode class"),
        (r"[\pL]", "a Unicode class"),
        (r"\\\PN", "a Unicode class"),
        ("é", "a character that is not ASCII"),
    ],
)
def test_refused_by_aws(pattern: str, what: str) -> None:
    """RE2 knows Unicode classes, a load balancer does not."""
    with pytest.raises(UsageError, match=f"^it has {what}; allowed: "):
        compile_regex(pattern)


@pytest.mark.parametrize("pattern", ["a{1000}" * 3, "(a)" * 33, "a{1000}" * 100])
def test_too_large(pattern: str) -> None:
    """Linear time is long when an expression is large: programs and groups are limited."""
    with pytest.raises(UsageError, match="too large"):
        compile_regex(pattern, captures=True)
    compile_regex(r"^([a-z0-9-]{1,63}\.){1,8}example\.com$" + "()" * 31, ignore_case=True, captures=True)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^\/api\/(.*)$", b"/api/x", True),
        (r"a\z", b"xa", True),
        (r"a\z", b"ax", False),
        (r"\Qa.b\E$", b"a.b", True),
        (r"\Qa.b\E$", b"axb", False),
        (r"\Qa.*", b"xa.*", True),
        ("^[[:alpha:]]+$", b"aZ", True),
        ("^[[:alpha:]]+$", b"a1", False),
        ("^[^[:digit:]_]+$", b"ab", True),
        ("^[]a]+$", b"]a", True),
        ("^[^]a]+$", b"]", False),
        ("^[[a]+$", b"[a", True),
        ("(?<year>[0-9]{4})", b"in 2025", True),
        ("(?P<year>[0-9]{4})", b"in 25", False),
        ("(?i)ABC", b"abc", True),
        ("(?i:A)bc", b"aBc", False),
        ("(?:a|b){2,}", b"xba", True),
        (r"\x41\101", b"AA", True),
        ("a{,2}", b"a{,2}", True),
        (r"\d\w\s", "é ".encode(), False),
        (r"^\\p$", rb"\p", True),
        (r"^\Q\p{L}\E$", rb"\p{L}", True),
        (r"^.[^a]$", b"\xff\xe9", True),
        ("[[:^alpha:]]", b"a1", True),
        ("(?U)a*", b"", True),
        ("a.b", b"a\nb", False),
    ],
)
def test_meaning(pattern: str, text: bytes, *, found: bool) -> None:
    """Spellings that Python does not have mean what they mean in RE2, and bytes are characters."""
    assert bool(compile_regex(pattern).search(text)) == found


def test_options() -> None:
    """Case and groups are the caller's choice."""
    assert not compile_regex("^EX").search(b"example")
    assert compile_regex("^EX", ignore_case=True).search(b"example")
    assert compile_regex("(a)(b)?").groups == 0
    found = compile_regex("(a)(b)?", captures=True).search(b"xac")
    assert found
    assert (found.start(), found.end(), found[1], found[2]) == (1, 2, b"a", None)


def test_texts() -> None:
    """In a text a character may have several bytes, and classes of Unicode are known; the end of a line is a choice."""
    assert compile_text_regex("^.é$").search("né".encode())
    assert compile_text_regex(r"^\p{L}+$").search("Ünsal".encode())
    assert not compile_text_regex("a.b").search(b"a\nb")
    assert compile_text_regex("a.b", dot_all=True).fullmatch(b"a\nb")
    assert not compile_text_regex("a.b").fullmatch(b"a.bc")
    with pytest.raises(UsageError, match="RE2 refuses it"):
        compile_text_regex("(?=é)")
    with pytest.raises(UsageError, match="too large"):
        compile_text_regex("é{1000}" * 3)


@pytest.mark.parametrize(
    "pattern", [r"^/([\w-]+/?)*$", "(a+)+$", "(a|aa)*b", "(.*a){30}b", "(a?){100}a{100}b", "((a*)*)*c"]
)
def test_no_text_takes_long(pattern: str) -> None:
    """Where a backtracking engine needs more time than there is, two passes are enough."""
    regex = compile_regex(pattern, captures=True)

    assert regex.search(b"/" + b"a" * 2**14 + b"!") is None


def test_missing_extra() -> None:
    """Without RE2, or with another package of that name, it is said what to install."""
    program = (
        "import sys, types; sys.modules['re2'] = {}; from gateway.config.regex import compile_regex as it; it('a')"
    )
    for module in ("None", "types.ModuleType('re2')"):
        command = [sys.executable, "-c", program.format(module)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)

        assert done.stderr.endswith(
            "UsageError: regular expressions need RE2: install it with pip install 'lambda-http-gateway[re2]'\n"
        )


PIECES = st.sampled_from(
    ["a", "b", ".", "^", "$", "*", "+", "?", "|", "(", ")", "(?:", "[ab]", "[^a]", "{2}", "{1,2}", r"\.", r"\w", r"\z"]
)


@given(st.lists(PIECES, max_size=8).map("".join), st.text("ab.", max_size=5))
def test_agrees_with_other_engines(pattern: str, text: str) -> None:
    """Where Python takes a pattern as well, and pydantic's engine (Rust's, of RE2's family), all find the same."""
    try:
        compiled = compile_regex(pattern)
    except UsageError:
        return
    found = bool(compiled.search(text.encode()))
    with contextlib.suppress(re.error):
        assert found == bool(re.search(pattern.replace(r"\z", r"\Z"), text))
    try:
        validator = SchemaValidator(core_schema.str_schema(pattern=pattern))
    except SchemaError:
        return
    try:
        validator.validate_python(text)
    except ValidationError:
        assert not found
    else:
        assert found
