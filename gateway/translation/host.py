"""The header ``Host`` as a load balancer normalises it.

Facts, from the AWS ELB user guide ("Application Load Balancers", host header preservation)

- The name keeps its case (captures of 2022 and July 2026; the guide puts it in lower case).
- A listener on port 80 or 443 removes the port; any other one adds its own when the client gave none.
- The authority of an absolute-form target takes the place of the header.
"""

from functools import lru_cache
from typing import Final

_DEFAULT_PORTS: Final = frozenset((80, 443))


@lru_cache(maxsize=64)  # clients name the same few hosts again and again
def normalised(host: str, listener_port: int) -> str:
    """The value that the function gets for what the client sent; an IPv6 literal keeps its brackets."""
    name, port = _split(host)
    if listener_port in _DEFAULT_PORTS:
        return name
    return f"{name}:{port or listener_port}"


def of_target(authority: str, listener_port: int) -> str:
    """The value for an absolute-form target: its authority, never with a port that the client did not write."""
    name, port = _split(authority)
    return f"{name}:{port}" if port and listener_port not in _DEFAULT_PORTS else name


def _split(host: str) -> tuple[str, str]:
    if ":" not in host:
        return host, ""
    # "[::1]" ends with a bracket, so what follows its last colon is no port.
    name, _, port = host.rpartition(":")
    return (name, port) if name and (port.isdigit() or not port) else (host, "")
