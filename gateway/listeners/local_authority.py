"""A certificate authority of the user's own, for HTTPS listeners without certificates.

It is made once, with trustme, and kept in a folder of the user's cache; server certificates are new at each start.
Nothing trusts it until the user says so: ``docs/tls.md`` tells how.
"""

import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.config.settings import AlbSettings, Certificate
from gateway.errors import UsageError
from gateway.listeners.http2 import has_http2_extra
from gateway.listeners.tls_files import TlsFiles

if TYPE_CHECKING:
    import trustme

_FOLDER: Final = "lambda-http-gateway"
_NAMES: Final = ("localhost", "*.localhost", "127.0.0.1", "::1")
# Browsers refuse server certificates that are valid for longer.
_VALID_DAYS: Final = 397


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where the gateway keeps what it can make again: ``XDG_CACHE_HOME`` or ``~/.cache``, and its name."""
    given = environment.get("XDG_CACHE_HOME", "")
    return (Path(given) if given.startswith("/") else Path.home() / ".cache") / _FOLDER


def tls_files_of(listener: AlbSettings, folder: Path) -> TlsFiles | None:
    """The TLS files of a listener, None when it speaks plain HTTP; without certificates a local authority makes one.

    HTTP/2 is offered as ``routing.http2.enabled`` says, true by default, but only where its extra is installed.

    Raises:
        UsageError: The extra for that is missing, the folder cannot be used, or the mutual authentication cannot work.
    """
    if listener.protocol != "HTTPS":
        return None
    mutual = listener.mutual_authentication
    if mutual.mode == "passthrough" and mutual.trust_store is None:
        raise UsageError(
            f"the listener on port {listener.port}: mutual_authentication with mode 'passthrough' needs a trust_store "
            "here, since Python's TLS takes only client certificates that it can verify; name a PEM file with the "
            "authorities of your clients, or with their self-signed certificates"
        )
    certificates = listener.certificates or (server_certificate(folder, listener.host),)
    return TlsFiles(
        certificates[0].certificate,
        certificates[0].private_key,
        None if mutual.mode == "off" else mutual.trust_store,
        client_may_have_none=mutual.mode == "passthrough",
        others=certificates[1:],
        http2=bool(listener.attributes["routing.http2.enabled"]) and has_http2_extra(),
    )


def authority_file(folder: Path) -> Path:
    """The certificate to trust."""
    return folder / "local-ca.pem"


def how_to_trust(folder: Path) -> str:
    """One line for the user."""
    path = authority_file(folder)
    return f"the certificate comes from a local authority: curl --cacert {path}, or see docs/tls.md"


def server_certificate(folder: Path, host: str) -> Certificate:
    """A certificate for this machine and ``host``, from the authority in ``folder``, which is made when there is none.

    Raises:
        UsageError: trustme is missing, or the folder cannot be used.
    """
    try:
        import trustme  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise UsageError(
            "a listener with protocol = 'HTTPS' needs certificates; to have a local authority make one, "
            "pip install 'lambda-http-gateway[tls]'"
        ) from error
    names = dict.fromkeys((*_NAMES, socket.gethostname(), *([] if host in ("0.0.0.0", "::", "") else [host])))
    stem = "server-" + "".join(letter if letter.isalnum() else "-" for letter in host)
    made = Certificate(folder / f"{stem}.pem", folder / f"{stem}-key.pem")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        end = datetime.now(UTC) + timedelta(days=_VALID_DAYS)
        issued = _authority(folder).issue_cert(*names, not_after=end)
        _write(made.private_key, issued.private_key_pem.bytes())
        made.certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot keep a local authority in {folder}: {error}; remove it, or set XDG_CACHE_HOME to another place"
        ) from error
    return made


def _authority(folder: Path) -> "trustme.CA":
    import trustme  # noqa: PLC0415 - an extra

    certificate, key = authority_file(folder), folder / "local-ca-key.pem"
    if not certificate.exists():
        made = trustme.CA(organization_name="lambda-http-gateway local authority")
        _write(key, made.private_key_pem.bytes())
        certificate.write_bytes(made.cert_pem.bytes())
    return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())


def _write(path: Path, secret: bytes) -> None:
    """Write a file that only its user can read."""
    path.touch(mode=0o600)
    path.write_bytes(secret)
