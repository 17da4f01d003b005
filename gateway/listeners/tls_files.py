"""TLS of a listener's port: certificates chosen by the name that a client asks for, mutual TLS, HTTP/2.

Facts, from the AWS ELB user guide ("HTTPS listeners", "Mutual authentication with TLS")

- A client that asks for a name (SNI) gets a certificate for it when there is one, every other client the default one;
  an exact name wins over a wildcard, which stands for one label.
- Mode ``verify`` takes no client without a certificate of the trust store.  Mode ``passthrough`` takes every client and
  verifies nothing; Python's TLS cannot do that, so here the client's certificate must come from the trust store too,
  while clients without one are taken.
"""

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gateway.config.listener import Certificate
from gateway.errors import UsageError
from gateway.listeners.tls import remember_server_names


class TlsFiles(NamedTuple):
    """PEM files of a TLS listener.

    Attributes:
        certificate: The default certificate, with its chain.
        client_ca: The authorities whose client certificates are taken; None asks clients for none.
        client_may_have_none: Mode ``passthrough``: clients without a certificate are taken as well.
        others: Certificates for other names.
        http2: Offer HTTP/2.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None
    client_may_have_none: bool = False
    others: tuple[Certificate, ...] = ()
    http2: bool = False


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """The context of a port.

    Raises:
        UsageError: A file cannot be read, or an extra is missing.
    """
    default = _context(files, Certificate(files.certificate, files.key))
    if files.client_ca is not None:
        need_tls_extra("mutual TLS")
    if not files.others:
        remember_server_names(default)
        return default
    contexts: dict[str, ssl.SSLContext] = {}
    for path, context in (
        (files.certificate, default),
        *((other.certificate, _context(files, other)) for other in files.others),
    ):
        for name in _names(path):
            contexts.setdefault(name, context)
    remember_server_names(default, lambda name: contexts.get(name) or contexts.get("*." + name.partition(".")[2]))
    return default


def need_tls_extra(what: str) -> None:
    """Check that certificates can be read; raises `UsageError` otherwise."""
    try:
        import cryptography.x509  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise UsageError(f"{what} needs cryptography: pip install 'lambda-http-gateway[tls]'") from error


def _context(files: TlsFiles, certificate: Certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate.certificate, certificate.private_key)
        if files.client_ca is not None:
            context.load_verify_locations(files.client_ca)
            context.verify_mode = ssl.CERT_OPTIONAL if files.client_may_have_none else ssl.CERT_REQUIRED
    except OSError as error:  # ssl.SSLError is one
        paths = [certificate.certificate, certificate.private_key, files.client_ca]
        given = ", ".join(str(path) for path in paths if path is not None)
        raise UsageError(
            f"cannot read the TLS files ({given}): {error}; give PEM files that belong together"
        ) from error
    context.set_alpn_protocols(["h2", "http/1.1"] if files.http2 else ["http/1.1"])
    return context


def _names(path: Path) -> Sequence[str]:
    """The host names that a certificate is for, in lower case."""
    need_tls_extra("choosing between several certificates")
    from cryptography import x509  # noqa: PLC0415

    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return [name.lower() for name in names.get_values_for_type(x509.DNSName)]
