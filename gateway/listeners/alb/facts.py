"""What the conditions of rules look at in a request: its host, its query, where it came from.

Facts, from the AWS ELB user guide (condition types for listener rules) and the ELBv2 API model

- The first Host line decides; its port does not belong to the host.
- The query is not decoded, and case does not matter there.
- The source is the address of the connection, never X-Forwarded-For.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from gateway.translation.headers import first_value, values_of
from gateway.translation.messages import Request

PATH: Final = 0
METHOD: Final = 1
HOST: Final = 2
QUERY: Final = 3
SOURCE: Final = 4
FIRST_HEADER: Final = 5

_IPV4: Final = 1 << 128
_NO_ADDRESS: Final = 1 << 129
FAMILY: Final = _IPV4 | _NO_ADDRESS
"""The bits of an address's number that tell its family."""

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


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
    host = request.authority or first_value(request.headers, b"host")
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
    hops = b",".join(values_of(request.headers, b"x-forwarded-for")).split(b",")
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
