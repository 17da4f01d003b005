"""The header ``X-Forwarded-For`` as a load balancer writes it.

Facts, from the AWS ELB user guide ("HTTP headers and Application Load Balancers" and "Troubleshoot")

- ``append`` adds the peer behind the client's addresses, ``preserve`` passes the client's header on, ``remove``
  drops it.
- With the client port preserved the added item is ``ip:port``, IPv6 as ``[ip]:port``; otherwise IPv6 stands bare.
- A request that names more than 30 addresses is answered with 463.
"""

from typing import Final, Literal, TypeAlias

from gateway.types import Address

MAX_ADDRESSES: Final = 30

XffMode: TypeAlias = Literal["append", "preserve", "remove"]
"""The attribute ``routing.http.xff_header_processing.mode``."""


def address_count(values: list[str]) -> int:
    """How many addresses the client's lines name."""
    return sum(value.count(",") + 1 for value in values)


def peer_item(client: Address, *, with_port: bool) -> str:
    """The item for the TCP peer."""
    host, port = client
    if not with_port:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
