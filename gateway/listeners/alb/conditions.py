"""The conditions of listener rules, compiled once and tested against the facts of a request.

Facts, from the AWS ELB user guide (condition types for listener rules) and the ELBv2 API model

- ``host-header``: case-insensitive; the first Host line decides, without its port.
- ``path-pattern``: case-sensitive; the path only, never the query.  Compared as it came, percent-encoded.
- ``http-header``: name and value case-insensitive; the lines of a repeated header are searched in order.
- ``http-request-method``: exact, case-sensitive; GET does not cover HEAD.
- ``query-string``: case-insensitive, not decoded; without a key the value of any key may match.
- ``source-ip``: the address of the connection, never X-Forwarded-For.
- Values of one condition are alternatives.  Regular expressions are searched for, not matched against the whole:
  every example of the guide that needs anchors has them.
"""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

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
from gateway.config.regex import compile_regex
from gateway.listeners.alb.facts import (
    FAMILY,
    FIRST_HEADER,
    HOST,
    METHOD,
    PATH,
    QUERY,
    SOURCE,
    FactReader,
    Network,
    address_number,
)
from gateway.listeners.alb.patterns import Test, any_of, compile_patterns, parse


class Condition(NamedTuple):
    """A compiled condition: which fact it looks at, and the test that tells whether it holds."""

    fact: int
    test: Callable[..., object]


def fact_reader(conditions: Sequence[ConditionSettings], trusted_proxies: Sequence[str] = ()) -> FactReader:
    """What the conditions of all rules look at."""
    names = {it.http_header_name.lower().encode("ascii") for it in conditions if isinstance(it, HttpHeader)}
    headers = {name: FIRST_HEADER + place for place, name in enumerate(sorted(names))}
    used = frozenset(_FACTS[type(condition)] for condition in conditions if type(condition) in _FACTS)
    return FactReader(used, headers, tuple(ipaddress.ip_network(block) for block in trusted_proxies))


_FACTS: Final[Mapping[type, int]] = {
    PathPattern: PATH,
    HttpRequestMethod: METHOD,
    HostHeader: HOST,
    QueryString: QUERY,
    SourceIp: SOURCE,
}


def compile_condition(condition: ConditionSettings, reader: FactReader) -> Condition:
    """The cheapest test for a condition."""
    match condition:
        case PathPattern(values, regexes):
            return Condition(PATH, _text_test(values, regexes))
        case HostHeader(values, regexes):
            return Condition(HOST, _text_test([value.lower() for value in values], regexes, ignore_case=True))
        case HttpHeader(values, regexes, http_header_name=name):
            test = _text_test([value.lower() for value in values], regexes, ignore_case=True)
            return Condition(reader.headers[name.lower().encode("ascii")], _any_line(test))
        case HttpRequestMethod(values):
            return Condition(METHOD, frozenset(values).__contains__)
        case QueryString(values):
            return Condition(QUERY, _any_pair(values))
        case SourceIp(values):
            return Condition(SOURCE, _within_networks([ipaddress.ip_network(block) for block in values]))


def _text_test(values: Sequence[str], regexes: Sequence[str], *, ignore_case: bool = False) -> Test:
    if values:
        return compile_patterns([parse(value) for value in values])
    searches: list[Test] = [compile_regex(regex, ignore_case=ignore_case).search for regex in regexes]
    return searches[0] if len(searches) == 1 else any_of(searches)


def _any_line(test: Test) -> Callable[[list[bytes]], bool]:
    """A header that is not there has no line, so not even ``*`` matches it."""

    def any_line(lines: list[bytes]) -> bool:
        for line in lines:  # noqa: SIM110 - a generator costs three times as much here
            if test(line):
                return True
        return False

    return any_line


def _any_pair(pairs: Sequence[QueryStringPair]) -> Callable[[Sequence[tuple[bytes, bytes]]], bool]:
    tests = [(_query_test(pair.key), _query_test(pair.value)) for pair in pairs]

    def any_pair(query: Sequence[tuple[bytes, bytes]]) -> bool:
        for key_test, value_test in tests:
            for key, value in query:
                if (key_test is None or key_test(key)) and (value_test is None or value_test(value)):
                    return True
        return False

    return any_pair


def _query_test(pattern: str | None) -> Test | None:
    return None if pattern is None else compile_patterns([parse(pattern.lower(), escapes=True)])


def _within_networks(networks: Sequence[Network]) -> Callable[[int], bool]:
    blocks = [(int(network.netmask) | FAMILY, address_number(network.network_address)) for network in networks]

    def within(number: int) -> bool:
        for mask, block in blocks:  # noqa: SIM110 - as above
            if number & mask == block:
                return True
        return False

    return within
