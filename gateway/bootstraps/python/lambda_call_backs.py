"""Leads connections from the public names of the gateway's own APIs to this machine.

On Lambda a function reaches its APIs under ``https://DOMAIN/STAGE``.  Here that name is nobody's, or another one's, so
its look-up gives the address and the port where the gateway listens.  TLS stays as it is: the client checks the
certificate for the name that it asked for.  Every other name, and every other port, is looked up as ever.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # importing typing would cost a tenth of the cold start
if TYPE_CHECKING:
    from typing import Any

_TABLE = "_GATEWAY_CALL_BACKS"
_HTTPS = (443, "443", b"443", "https", b"https")


def lead_as_told() -> None:
    """Lead the names of the variable that the gateway has set, if any, which the handler does not see."""
    if table := os.environ.pop(_TABLE, ""):
        lead(table)


def lead(table: str) -> None:
    """Lead names to ports of the loopback interface; the table has ``NAME=PORT``, with blanks between."""
    import socket  # noqa: PLC0415 - most functions need it later or never

    ports = {name: int(port) for name, _, port in (item.partition("=") for item in table.split())}
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *rest: Any, **named: Any) -> Any:  # noqa: ANN401 - as the real one
        own = ports.get(_name(host)) if port in _HTTPS else None
        return look_up(host, port, *rest, **named) if own is None else look_up("127.0.0.1", own, *rest, **named)

    socket.getaddrinfo = getaddrinfo


def _name(host: str | bytes | bytearray | None) -> str:
    text = host if isinstance(host, str) else (host or b"").decode("ascii", "replace")
    return text.lower().removesuffix(".")
