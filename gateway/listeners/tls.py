"""What a TLS connection says about itself."""

import asyncio
import ssl
from typing import Final
from weakref import WeakKeyDictionary

from gateway.translation.messages import Tls

# Python gives the name that a client asked for (SNI) to a callback of the context and keeps it nowhere else.
_server_names: Final[WeakKeyDictionary[object, str]] = WeakKeyDictionary()


def remember_server_names(context: ssl.SSLContext) -> None:
    """Make `tls_facts` know the server names of a context's connections."""

    def remember(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        if name is not None:
            _server_names[connection] = name

    context.sni_callback = remember


def tls_facts(transport: asyncio.BaseTransport) -> Tls | None:
    """The TLS session of a connection, None when it has none."""
    connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    if connection is None:
        return None
    cipher = connection.cipher()
    return Tls(
        connection.version() or "",
        "" if cipher is None else cipher[0],
        _server_names.get(connection, ""),
        connection.getpeercert(binary_form=True) or b"",
    )
