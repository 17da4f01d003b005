"""A certificate authority of the user's own, for HTTPS listeners without certificates.

It is made once and kept in a folder of the user's cache; server certificates are new at each start.  Nothing trusts it
until the user says so: ``docs/tls.md`` tells how.  It can sign for the names of this machine only; a listener whose
host is another one has an authority of its own, so that trust in the first never grows.
"""

import fcntl
import logging
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.config.listener import Certificate, ListenerKeys
from gateway.errors import UsageError
from gateway.listeners.pipeline import PortNeeds
from gateway.listeners.tls_files import TlsFiles
from gateway.private_files import make_private_folder, read_private, write_private

if TYPE_CHECKING:
    from gateway.listeners.certificates import Authority

log = logging.getLogger("gateway")

_FOLDER: Final = "lambda-http-gateway"
_NAMES: Final = ("localhost", "*.localhost", "127.0.0.1", "::1")
_NETWORKS: Final = ("127.0.0.0/8", "::1/128")
_ANY: Final = ("", "0.0.0.0", "::")


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where the gateway keeps what it can make again: ``XDG_CACHE_HOME`` or ``~/.cache``, and its name."""
    given = environment.get("XDG_CACHE_HOME", "")
    return (Path(given) if given.startswith("/") else Path.home() / ".cache") / _FOLDER


def tls_files_of(keys: ListenerKeys, needs: PortNeeds, folder: Path) -> TlsFiles | None:
    """The TLS files of a port, None when it speaks plain HTTP; without certificates a local authority makes one.

    HTTP/2 is offered where the listener can have it, but only where its extra is installed.

    Args:
        keys: The listener's, of whatever type.
        needs: What else the listener asks of its port.
        folder: Where the local authority is kept.

    Raises:
        UsageError: The extra for that is missing, or the folder cannot be used.
    """
    if keys.protocol != "HTTPS":
        return None
    from gateway.listeners.http2 import has_http2_extra  # noqa: PLC0415 - ASGI comes with it

    certificates = keys.certificates or (server_certificate(folder, keys.host),)
    return TlsFiles(
        certificates[0].certificate,
        certificates[0].private_key,
        needs.client_ca,
        needs.client_may_have_none,
        others=certificates[1:],
        http2=needs.http2 and has_http2_extra(),
    )


def authority_file(folder: Path, host: str = "") -> Path:
    """The certificate to trust for a listener on ``host``."""
    own = _own_host(host)
    return folder / (f"local-ca-{_slug(own)}.pem" if own else "local-ca.pem")


def how_to_trust(folder: Path, host: str = "") -> str:
    """One line for the user."""
    path = authority_file(folder, host)
    return f"the certificate comes from a local authority: curl --cacert {path}, or see docs/tls.md"


def server_certificate(folder: Path, host: str) -> Certificate:
    """A certificate for this machine and ``host``, from the authority in ``folder``, which is made when there is none.

    Raises:
        UsageError: The extra is missing, the folder cannot be used, or somebody else may know the authority's key.
    """
    try:
        import cryptography.x509  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise UsageError(
            "a listener with protocol = 'HTTPS' needs certificates; to have a local authority make one, "
            "pip install 'lambda-http-gateway[tls]'"
        ) from error
    stem = f"server-{_slug(host)}"
    made = Certificate(folder / f"{stem}.pem", folder / f"{stem}-key.pem")
    now = datetime.now(UTC)
    try:
        make_private_folder(folder)
        with _alone(folder):
            authority = _authority(folder, host, now)
            wanted = dict.fromkeys((*_NAMES, *_host_names(), *([] if host in _ANY else [host])))
            # The machine may have another name than when the authority was made.
            issued = authority.issue(filter(authority.permits, wanted), now)
            write_private(made.private_key, issued.key)
            write_private(made.certificate, issued.certificate)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot keep a local authority in {folder}: {error}; remove it, or set XDG_CACHE_HOME to another place"
        ) from error
    return made


def _authority(folder: Path, host: str, now: datetime) -> "Authority":
    """The authority that is kept, or a new one where there is none or only one that must not be used any longer."""
    from gateway.listeners.certificates import Authority, Pair, why_replaced  # noqa: PLC0415 - an extra

    file = authority_file(folder, host)
    key = file.with_name(f"{file.stem}-key.pem")
    own = [name for name in [_own_host(host)] if name]
    if file.exists():
        certificate = file.read_bytes()
        why = why_replaced(certificate, [*_NAMES, *own], now)
        if not why:
            return Authority.load(Pair(certificate, read_private(key)))
        log.warning(
            "the local authority %s is a new one, since %s: trust the new one, and the old one no longer (docs/tls.md)",
            file,
            why,
        )
    made = Authority.make(["localhost", *_host_names(), *own], _NETWORKS, now)
    pair = made.pair()
    write_private(key, pair.key)
    write_private(file, pair.certificate)
    return made


def _own_host(host: str) -> str:
    """The host of a listener when it is neither this machine's loopback nor all of its addresses, else ""."""
    if host in _ANY or host == "localhost" or host.endswith(".localhost"):
        return ""
    try:
        return "" if ip_address(host).is_loopback else host
    except ValueError:
        return host


def _host_names() -> list[str]:
    """This machine's name, when a certificate can have it."""
    name = socket.gethostname()
    try:
        name.encode("idna")
    except UnicodeError:
        return []
    return [name] if name else []


def _slug(host: str) -> str:
    return "".join(letter if letter.isalnum() or letter == "." else "-" for letter in host)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other gateways from making an authority here meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
