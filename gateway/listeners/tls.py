"""What a TLS connection says about itself."""

import asyncio
import ssl
import sys
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

from gateway.translation.client_certificate import ClientCertificate
from gateway.translation.messages import Tls

# Python gives the name that a client asked for (SNI) to a callback of the context and keeps it nowhere else.
_server_names: Final[WeakKeyDictionary[object, str]] = WeakKeyDictionary()


def remember_server_names(
    context: ssl.SSLContext, choose: Callable[[str], ssl.SSLContext | None] | None = None
) -> None:
    """Make `tls_facts` know the server names of a context's connections.

    ``choose`` gives the context with the certificate for a name in lower case; None stays with this one.
    """

    def remember(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        if name is None:
            return
        _server_names[connection] = name
        chosen = choose(name.lower()) if choose is not None else None
        if chosen is not None:
            connection.context = chosen

    context.sni_callback = remember
    if not isinstance(sys.unraisablehook, _NamesOverlooked):
        sys.unraisablehook = _NamesOverlooked(sys.unraisablehook)


class _NamesOverlooked:
    """A ``sys.unraisablehook`` without what Python's ``ssl`` reports when a client asks for a name that is not ASCII.

    The handshake fails then, as it should, but a traceback is written too that nobody can catch (``_ssl.c``,
    ``_servername_callback``).
    """

    def __init__(self, report: "Callable[[sys.UnraisableHookArgs], object]") -> None:
        self._report = report

    def __call__(self, unraisable: "sys.UnraisableHookArgs") -> None:
        """Report everything else."""
        if not (isinstance(unraisable.exc_value, UnicodeDecodeError) and isinstance(unraisable.object, bytes)):
            self._report(unraisable)


def tls_facts(transport: asyncio.BaseTransport) -> Tls | None:
    """The TLS session of a connection, None when it has none."""
    connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    if connection is None:
        return None
    cipher = connection.cipher()
    group = getattr(connection, "group", None)
    der = connection.getpeercert(binary_form=True) or b""
    return Tls(
        connection.version() or "",
        "" if cipher is None else cipher[0],
        _server_names.get(connection, ""),
        der,
        read_certificate(der) if connection.context.verify_mode is ssl.CERT_REQUIRED else None,
        group() or "" if group is not None else "",
    )


def read_certificate(der: bytes) -> ClientCertificate:
    """What mode ``verify`` tells of a certificate."""
    from cryptography import x509  # noqa: PLC0415 - an extra; `tls_context` has checked that it is there

    from gateway.translation.distinguished_name import names_in  # noqa: PLC0415 - few listeners verify certificates

    certificate = x509.load_der_x509_certificate(der)
    issuer, subject = names_in(certificate.tbs_certificate_bytes)
    return ClientCertificate(
        certificate.serial_number,
        issuer,
        subject,
        int(certificate.not_valid_before_utc.timestamp() * 1000),
        int(certificate.not_valid_after_utc.timestamp() * 1000),
        der,
    )
