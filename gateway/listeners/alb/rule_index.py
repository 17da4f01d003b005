"""Which rules a request can meet at all, told by a few lookups instead of trying every rule.

A rule stands under texts that a request must have to meet it: a whole path or host, a segment of a path or a label of a
host (``api`` for ``*/api/*`` and for the expression ``^/api/``), a header's value, a key or value of a query.  Rules
are bits of a number, the n-th by priority is bit n: "any of these values" is ``|``, "and this condition too" is ``&``,
and the order is never lost.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

from gateway.config.conditions import (
    ConditionSettings,
    HostHeader,
    HttpHeader,
    PathPattern,
    QueryString,
    QueryStringPair,
)
from gateway.listeners.alb.facts import HOST, PATH, QUERY, FactReader
from gateway.listeners.alb.patterns import Pattern, beginning_of, parse

WORTH: Final = 6
"""From how many rules on a lookup is cheaper than trying them."""

_SEPARATORS: Final[Mapping[int, bytes]] = {PATH: b"/", HOST: b"."}


class RuleIndex(NamedTuple):
    """The rules under the texts of one fact.

    Attributes:
        fact: The fact's place among those of a request.
        texts: Gives the texts of a fact's value, among them all that rules stand under.
        rules: Text to the rules under it, bit n for the n-th rule.
        others: The rules that stand under no text, since they may match whatever the fact is.
    """

    fact: int
    texts: Callable[..., Iterable[bytes]]
    rules: Mapping[bytes, int]
    others: int


def index_rules(rules: Sequence[Sequence[ConditionSettings]], reader: FactReader) -> tuple[RuleIndex, ...]:
    """The indexes that are worth it, for the conditions of all rules by priority."""
    facts: dict[int, dict[int, list[list[bytes]]]] = {}
    for place, conditions in enumerate(rules):
        for condition in conditions:
            fact, values = _required(condition, reader)
            # Of two conditions about the same fact either one will do, as both must hold.
            if values and all(values):
                facts.setdefault(fact, {})[place] = values
    everything = (1 << len(rules)) - 1
    return tuple(_index(fact, everything, values) for fact, values in facts.items() if len(values) >= WORTH)


def _index(fact: int, everything: int, required: Mapping[int, Sequence[Sequence[bytes]]]) -> RuleIndex:
    rules: dict[bytes, int] = {}
    others = everything
    often = Counter(chain.from_iterable(chain.from_iterable(required.values())))
    for place, values in required.items():
        others ^= 1 << place
        for texts in values:
            text = min(texts, key=often.__getitem__)  # the one that tells most
            rules[text] = rules.get(text, 0) | 1 << place
    return RuleIndex(fact, _reading(fact, rules), rules, others)


def _required(condition: ConditionSettings, reader: FactReader) -> tuple[int, list[list[bytes]]]:
    """A fact, and for each value of the condition the texts that the fact must have to match it."""
    match condition:
        case PathPattern(values, regexes):
            patterns = [*map(parse, values), *map(beginning_of, regexes)]
            return PATH, [_whole_parts(pattern, "/") for pattern in patterns]
        case HostHeader(values, regexes):
            patterns = [*map(parse, values), *map(beginning_of, regexes)]
            return HOST, [_whole_parts(pattern.lower(), ".") for pattern in patterns]
        case HttpHeader(values, http_header_name=name):
            return reader.headers[name.lower().encode("ascii")], [_literal(parse(value.lower())) for value in values]
        case QueryString(values):
            return QUERY, [_literals_of(pair) for pair in values]
        case _:
            return -1, []


def _literal(pattern: Pattern) -> list[bytes]:
    return [] if pattern.wildcards else [b"".join(pattern.texts)]


def _literals_of(pair: QueryStringPair) -> list[bytes]:
    texts = [text for text in (pair.key, pair.value) if text is not None]
    return [literal for text in texts for literal in _literal(parse(text.lower(), escapes=True))]


def _whole_parts(pattern: Pattern, separator: str) -> list[bytes]:
    """What stands between two separators, or between one and an end, without a wildcard."""
    if not pattern.wildcards:
        return _literal(pattern)
    last = len(pattern.pieces) - 1
    found: list[str] = []
    for place, (wild, text) in enumerate(pattern.pieces):
        if not wild:
            parts = text.split(separator)
            found += parts[place > 0 : len(parts) - (place < last)]
    return [part.encode() for part in found if part]


def _reading(fact: int, under: Iterable[bytes]) -> Callable[..., Iterable[bytes]]:
    """What gives the texts of a fact's value, no more of them than rules stand under."""
    if fact == QUERY:
        return chain.from_iterable
    separator = _SEPARATORS.get(fact)
    if separator is None:
        return iter
    cut = {separator in text for text in under}
    if cut == {False}:
        return lambda value: value.split(separator)
    if cut == {True}:
        return lambda value: (value,)
    return lambda value: (value, *value.split(separator))
