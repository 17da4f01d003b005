"""Whether one rule takes everything that another one could match.

The answer "yes" is sure; "no" also stands for "cannot be told", as with two different regular expressions.
"""

import ipaddress
from collections.abc import Callable, Sequence
from typing import TypeVar

from gateway.config.conditions import (
    ConditionSettings,
    HostHeader,
    HttpHeader,
    HttpRequestMethod,
    PathPattern,
    QueryString,
    QueryStringPair,
    SourceIp,
)
from gateway.listeners.alb.patterns import covers, parse

T = TypeVar("T")


def rule_covers(wide: Sequence[ConditionSettings], narrow: Sequence[ConditionSettings]) -> bool:
    """Every condition of the wide rule holds whenever those of the narrow one do."""
    return all(_always(one) or any(condition_covers(one, other) for other in narrow) for one in wide)


def _always(condition: ConditionSettings) -> bool:
    """The condition holds for every request."""
    match condition:
        case PathPattern(values):
            return any(value in {"*", "/*"} for value in values)
        case HostHeader(values):
            return "*" in values
        case _:
            return False


def condition_covers(wide: ConditionSettings, narrow: ConditionSettings) -> bool:
    """The wide condition holds whenever the narrow one does."""
    match wide, narrow:
        case PathPattern(values, regexes), PathPattern(others, other_regexes):
            return _each(values, others, _path_covers) and _each(regexes, other_regexes, str.__eq__)
        case HostHeader(values, regexes), HostHeader(others, other_regexes):
            return _each(values, others, _text_covers) and _each(regexes, other_regexes, str.__eq__)
        case (
            HttpHeader(values, regexes, http_header_name=name),
            HttpHeader(others, other_regexes, http_header_name=other),
        ) if name.lower() == other.lower():
            return _each(values, others, _text_covers) and _each(regexes, other_regexes, str.__eq__)
        case HttpRequestMethod(values), HttpRequestMethod(others):
            return set(others) <= set(values)
        case QueryString(pairs), QueryString(other_pairs):
            return _each(pairs, other_pairs, _pair_covers)
        case SourceIp(values), SourceIp(others):
            return _each(values, others, _block_covers)
        case _:
            return False


def _each(wide: Sequence[T], narrow: Sequence[T], covers_one: Callable[[T, T], bool]) -> bool:
    """Each of the narrow alternatives is covered by one of the wide ones."""
    return all(any(covers_one(one, other) for one in wide) for other in narrow)


def _path_covers(wide: str, narrow: str) -> bool:
    return covers(parse(wide), parse(narrow))


def _text_covers(wide: str, narrow: str) -> bool:
    return covers(parse(wide.lower()), parse(narrow.lower()))


def _pair_covers(wide: QueryStringPair, narrow: QueryStringPair) -> bool:
    value_covered = _query_covers(wide.value, narrow.value)
    if wide.key is None:
        return value_covered
    return narrow.key is not None and value_covered and _query_covers(wide.key, narrow.key)


def _query_covers(wide: str, narrow: str) -> bool:
    return covers(parse(wide.lower(), escapes=True), parse(narrow.lower(), escapes=True))


def _block_covers(wide: str, narrow: str) -> bool:
    one, other = ipaddress.ip_network(wide), ipaddress.ip_network(narrow)
    mask = int(one.netmask)
    return (
        one.version == other.version
        and one.prefixlen <= other.prefixlen
        and int(other.network_address) & mask == int(one.network_address)
    )
