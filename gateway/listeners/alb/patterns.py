r"""Patterns with ``*`` and ``?``, compiled to the cheapest test that tells the same.

Facts, from the AWS ELB user guide (condition types for listener rules)

- ``*`` stands for zero or more characters, ``?`` for exactly one; a pattern must match the whole value.
- In a query-string condition ``\*`` and ``\?`` stand for the characters themselves.

Each test is a bound C function, which counts when a hundred rules are tried.  Plain texts are looked up in a set; a
prefix is the `match` of its text as a regular expression, which CPython calls quicker than ``bytes.startswith``; only
what is neither a prefix, a suffix nor within needs wildcards in its expression.  None of them takes longer than a few
passes over the value, whatever a client sends.
"""

import operator
import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

from gateway.translation.wildcards import MARK, STAR, wildcard_expression

Test: TypeAlias = Callable[[bytes], object]
"""Tells by its truth whether a value matches."""


class Pattern(NamedTuple):
    """A pattern in pieces: texts, and ``*`` or ``?`` as pieces of their own with ``wild`` set."""

    pieces: tuple[tuple[bool, str], ...]

    @property
    def shape(self) -> str:
        """The pieces in short: ``t`` for a text, ``*`` and ``?``; ``t*`` is a prefix."""
        return "".join(text if wild else "t" for wild, text in self.pieces)

    @property
    def texts(self) -> tuple[bytes, ...]:
        """The texts between the wildcards."""
        return tuple(text.encode() for wild, text in self.pieces if not wild)

    @property
    def start(self) -> bytes:
        """The text before the first wildcard."""
        return self.texts[0] if self.pieces and not self.pieces[0][0] else b""

    def lower(self) -> "Pattern":
        """The pattern for values in lower case."""
        return Pattern(tuple((wild, text.lower()) for wild, text in self.pieces))

    @property
    def wildcards(self) -> int:
        """How many wildcards the pattern has, as AWS counts them."""
        return sum(wild for wild, _ in self.pieces)


def parse(pattern: str, *, escapes: bool = False) -> Pattern:
    r"""Take a pattern apart; with ``escapes`` a backslash takes its meaning from ``*``, ``?`` and itself."""
    pieces: list[tuple[bool, str]] = []
    characters = iter(pattern)
    for character in characters:
        wild = character in (STAR, MARK)
        if escapes and character == "\\":
            character = next(characters, "\\")  # noqa: PLW2901 - the next one stands for itself
            if character not in (STAR, MARK, "\\"):
                character = "\\" + character  # noqa: PLW2901
        if not wild and pieces and not pieces[-1][0]:
            pieces[-1] = (False, pieces[-1][1] + character)
        else:
            pieces.append((wild, character))
    return Pattern(tuple(pieces))


def compile_patterns(patterns: Sequence[Pattern]) -> Test:
    """One test for all patterns of a condition: true when any of them matches."""
    kinds: dict[str, list[Pattern]] = {}
    for pattern in patterns:
        shape = re.sub(r"\*+", STAR, pattern.shape)
        kinds.setdefault(shape if shape in ("t", "", "*", "t*", "*t", "*t*", "t*t") else "regex", []).append(pattern)
    if "*" in kinds:
        return _always
    tests = [test for shape, members in kinds.items() for test in _COMPILERS[shape](members)]
    return tests[0] if len(tests) == 1 else any_of(tests)


def any_of(tests: Sequence[Test]) -> Test:
    """True when any of the tests is."""
    frozen = tuple(tests)

    def test(value: bytes) -> bool:
        return any(one(value) for one in frozen)

    return test


def _always(value: bytes) -> bool:  # noqa: ARG001 - ``*`` matches whatever the value is
    return True


def _exact(patterns: list[Pattern]) -> list[Test]:
    return [frozenset(b"".join(pattern.texts) for pattern in patterns).__contains__]


def _prefixes(patterns: list[Pattern]) -> list[Test]:
    return [_literals(patterns).match]


def _suffixes(patterns: list[Pattern]) -> list[Test]:
    return [operator.methodcaller("endswith", tuple(pattern.texts[0] for pattern in patterns))]


def _literals(patterns: list[Pattern]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(re.escape(pattern.texts[0]) for pattern in patterns))


def _within(patterns: list[Pattern]) -> list[Test]:
    return [_literals(patterns).search]


def _around(patterns: list[Pattern]) -> list[Test]:
    return [_prefix_and_suffix(*pattern.texts) for pattern in patterns]


def _prefix_and_suffix(prefix: bytes, suffix: bytes) -> Test:
    shortest = len(prefix) + len(suffix)

    def test(value: bytes) -> bool:
        return value.startswith(prefix) and value.endswith(suffix) and len(value) >= shortest

    return test


def _regex(patterns: list[Pattern]) -> list[Test]:
    alternatives = b"|".join(_as_regex(pattern) for pattern in patterns)
    return [re.compile(alternatives, re.DOTALL).fullmatch]


def _as_regex(pattern: Pattern) -> bytes:
    # A byte is a character here, so that ``?`` stands for one byte as the other tests see it.
    expression = wildcard_expression((wild, text.encode().decode("latin-1")) for wild, text in pattern.pieces)
    return expression.encode("latin-1")


_COMPILERS: Final[dict[str, Callable[[list[Pattern]], list[Test]]]] = {
    "": _exact,
    "t": _exact,
    "t*": _prefixes,
    "*t": _suffixes,
    "*t*": _within,
    "t*t": _around,
    "regex": _regex,
}


def beginning_of(regex: str) -> Pattern:
    """The pattern ``text*`` of the values in which a regular expression can be found, ``*`` when that is any."""
    found = None if _has_alternatives(regex) else _BEGINNING.match(regex)
    text = found[1].replace("\\", "") if found else ""
    return Pattern((*([(False, text)] if text else ()), (True, STAR)))


def _has_alternatives(regex: str) -> bool:
    """Whether a ``|`` stands outside of all groups; then a part of the expression begins anywhere."""
    depth = 0
    for character in _NO_SYNTAX.sub("", regex):
        depth += (character == "(") - (character == ")")
        if character == "|" and depth == 0:
            return True
    return False


# Plain characters and plain escapes behind ^; the last one is left out when it may be missing or repeated, which flags
# and an empty quotation in between do not change.
_BEGINNING: Final = re.compile(
    r"\^((?:(?:[A-Za-z0-9/_-]|\\[./-])(?!(?:\(\?[A-Za-z]*(?:-[A-Za-z]*)?\)|\\Q\\E|\\E)*[*+?{]))*)"
)
_NO_SYNTAX: Final = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]", re.DOTALL)
"""Quoted texts, escapes and classes of a regular expression."""


def covers(wide: Pattern, narrow: Pattern) -> bool:
    """Whether every value that ``narrow`` matches is matched by ``wide`` too; false when that cannot be told."""
    wide_symbols, narrow_symbols = _symbols(wide), _symbols(narrow)
    # reachable[i]: the first i symbols of the wide pattern can stand for what was read of the narrow one.
    reachable = [True] + [False] * len(wide_symbols)
    _skip_stars(wide_symbols, reachable)
    for symbol in narrow_symbols:
        following = [False] * len(reachable)
        for place, ours in enumerate(wide_symbols):
            if not reachable[place]:
                continue
            if ours == (True, STAR):
                following[place] = True
            elif ours == symbol or (ours == (True, MARK) and symbol != (True, STAR)):
                following[place + 1] = True
        _skip_stars(wide_symbols, following)
        reachable = following
    return reachable[-1]


def _symbols(pattern: Pattern) -> list[tuple[bool, str]]:
    return [(wild, character) for wild, text in pattern.pieces for character in text]


def _skip_stars(symbols: Sequence[tuple[bool, str]], reachable: list[bool]) -> None:
    """``*`` may stand for nothing."""
    for place, symbol in enumerate(symbols):
        if reachable[place] and symbol == (True, STAR):
            reachable[place + 1] = True
