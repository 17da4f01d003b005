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
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from gateway.config.regex import compile_regex
from gateway.config.rules import (
    ConditionSettings,
    HostHeader,
    HttpHeader,
    HttpRequestMethod,
    PathPattern,
    QueryString,
    QueryStringPair,
    SourceIp,
)
from gateway.listeners.alb.patterns import Test, any_of, compile_patterns, parse
from gateway.translation.messages import Request

PATH: Final = 0
METHOD: Final = 1
HOST: Final = 2
QUERY: Final = 3
SOURCE: Final = 4
FIRST_HEADER: Final = 5

_IPV4: Final = 1 << 128
_NO_ADDRESS: Final = 1 << 129
_FAMILY: Final = _IPV4 | _NO_ADDRESS

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class Condition(NamedTuple):
    """A compiled condition: which fact it looks at, and the test that tells whether it holds."""

    fact: int
    test: Callable[..., object]


class FactReader(NamedTuple):
    """Which facts the rules of a listener look at, so that no other is made.

    Attributes:
        headers: Lower-case header names to their fact.
        trusted: Networks of proxies whose X-Forwarded-For is believed.
    """

    used: frozenset[int]
    headers: Mapping[bytes, int]
    trusted: tuple[Network, ...] = ()

    def read(self, request: Request) -> list[object]:
        """The facts of a request, at the places that the conditions name."""
        used = self.used
        headers = self.headers
        # Path and method cost nothing; the others are made only when some rule looks at them.
        facts: list[object] = [request.raw_path, request.method, b"", (), _NO_ADDRESS]
        if HOST in used:
            facts[HOST] = host_of(request).lower()
        if QUERY in used:
            facts[QUERY] = query_pairs(request.raw_query)
        if SOURCE in used:
            facts[SOURCE] = address_number(source_address(request, self.trusted))
        if headers:
            facts.extend([] for _ in headers)
            for name, value in request.headers:
                place = headers.get(name.lower())
                if place is not None:
                    facts[place].append(value.lower())  # type: ignore[attr-defined]
        return facts


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
        case HttpHeader(name, values, regexes):
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
    blocks = [(int(network.netmask) | _FAMILY, address_number(network.network_address)) for network in networks]

    def within(number: int) -> bool:
        for mask, block in blocks:  # noqa: SIM110 - as above
            if number & mask == block:
                return True
        return False

    return within


@lru_cache(maxsize=1024)
def address_number(address: IpAddress | None) -> int:
    """An address as a number, its family in the bits above, so that a block is tested with one mask."""
    if address is None:
        return _NO_ADDRESS
    return int(address) | (_IPV4 if address.version == 4 else 0)


def host_of(request: Request) -> bytes:
    """The host that the client asked for, without a port; b"" when it named none.

    The authority of an absolute-form target takes the place of the Host line.
    """
    host = request.authority
    if not host:
        host = next((value for name, value in request.headers if name.lower() == b"host"), b"")
    if host.startswith(b"["):  # an IPv6 address has colons of its own
        return host[: host.find(b"]") + 1] or host
    return host.partition(b":")[0]


def query_pairs(raw_query: bytes) -> list[tuple[bytes, bytes]]:
    """Keys and values in lower case, not decoded; empty segments are left out, and ``a`` is as ``a=``."""
    pairs = []
    for segment in raw_query.lower().split(b"&"):
        if segment:
            key, _, value = segment.partition(b"=")
            pairs.append((key, value))
    return pairs


def source_address(request: Request, trusted: Sequence[Network] = ()) -> IpAddress | None:
    """The peer's address; behind trusted proxies the last address of X-Forwarded-For that is not a proxy's.

    None when the peer has no IP address, as on a Unix socket.
    """
    address = parse_address(request.client[0])
    if not trusted:
        return address
    # Several lines count as one list, and the nearest hop stands last.
    hops = b",".join(value for name, value in request.headers if name.lower() == b"x-forwarded-for").split(b",")
    while hops and address is not None and any(address in network for network in trusted):
        hop = parse_address(hops.pop().strip().decode("latin-1"))
        if hop is None:
            return address
        address = hop
    return address


@lru_cache(maxsize=1024)
def parse_address(text: str) -> IpAddress | None:
    """An address; IPv4 in IPv6's clothes (``::ffff:127.0.0.1``) counts as IPv4."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
