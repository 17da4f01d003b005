"""Regular expressions: what RE2 and a load balancer refuse, and that the rest means the same as in a linear engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

from gateway.config.regex import RegexNotSupported, compile_regex


@pytest.mark.parametrize(
    ("pattern", "feature"),
    [
        ("a(?=b)", "a look-ahead at character 2"),
        ("a(?!b)", "a look-ahead at character 2"),
        ("(?<=a)b", "a look-behind at character 1"),
        ("(?<!a)b", "a look-behind at character 1"),
        (r"(a)\1", "a back-reference at character 4"),
        (r"(?P<n>a)(?P=n)", "a back-reference at character 9"),
        (r"(?<n>a)\k<n>", "a back-reference at character 8"),
        (r"(a)\g1", "a back-reference at character 4"),
        ("(?>a)", "an atomic group at character 1"),
        ("a*+", "a possessive quantifier at character 3"),
        ("a++", "a possessive quantifier at character 3"),
        ("a?+", "a possessive quantifier at character 3"),
        ("a{2}+", "a possessive quantifier at character 5"),
        ("(?R)", "recursion at character 1"),
        ("(a)(?1)", "a subroutine at character 4"),
        ("(?-1)", "a subroutine at character 1"),
        ("(?P<n>a)(?P>n)", "a subroutine at character 9"),
        ("(?&n)", "a subroutine at character 1"),
        ("(a)?(?(1)b)", "a conditional at character 5"),
        ("(?#x)", "a comment at character 1"),
        (r"\p{L}", "a Unicode class at character 1"),
        (r"[\pL]", "a Unicode class at character 2"),
        (r"\PN", "a Unicode class at character 1"),
        ("(?x)a b", "a flag other than i, m and s at character 1"),
        ("(?U)a*", "a flag other than i, m and s at character 1"),
        (r"\Z", r"the escape \Z at character 1"),
        (r"\u0041", r"the escape \u at character 1"),
        (r"\h", r"the escape \h at character 1"),
        ("a\\", "the escape \\ at character 2"),
        ("a{1001}", "a repetition over 1000 at character 2"),
        ("a{1,1001}", "a repetition over 1000 at character 2"),
        ("[[:^alpha:]]", "the class [:^alpha:] at character 2"),
        ("[[:nope:]]", "the class [:nope:] at character 2"),
        ("[a", "a character class without its end at character 1"),
        ("é", "a character that is not ASCII at character 1"),
    ],
)
def test_refused(pattern: str, feature: str) -> None:
    """What a load balancer does not know is told with its place."""
    with pytest.raises(RegexNotSupported) as caught:
        compile_regex(pattern)

    assert str(caught.value) == f"{feature} is not supported"


@pytest.mark.parametrize("pattern", ["(", ")", "*", "a**", "[b-a]", "(?P<1>a)", "a{2,1}"])
def test_malformed(pattern: str) -> None:
    """What is no expression at all is told as such."""
    with pytest.raises(RegexNotSupported, match="a malformed part"):
        compile_regex(pattern)


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
    ],
)
def test_meaning(pattern: str, text: bytes, *, found: bool) -> None:
    """Spellings that only RE2 has are translated."""
    assert bool(compile_regex(pattern).search(text)) == found


def test_ignoring_case() -> None:
    """Host names and header values are compared without regard to case."""
    assert compile_regex("^EX", ignore_case=True).search(b"example")


PIECES = st.sampled_from(
    ["a", "b", ".", "^", "$", "*", "+", "?", "|", "(", ")", "(?:", "[ab]", "[^a]", "{2}", "{1,2}", r"\.", r"\w", r"\z"]
)


@given(st.lists(PIECES, max_size=8).map("".join), st.text("ab.", max_size=5))
def test_agrees_with_a_linear_engine(pattern: str, text: str) -> None:
    """Where pydantic's engine (Rust's, of RE2's family) takes a pattern as well, both find the same."""
    try:
        validator = SchemaValidator(core_schema.str_schema(pattern=pattern))
        compiled = compile_regex(pattern)
    except (SchemaError, RegexNotSupported):
        return
    try:
        validator.validate_python(text)
    except ValidationError:
        assert not compiled.search(text.encode())
    else:
        assert compiled.search(text.encode())
