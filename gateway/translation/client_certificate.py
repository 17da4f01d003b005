"""A client's certificate as header values, for mutual TLS.

Facts, from the AWS ELB user guide ("Mutual authentication with TLS") and its demo site

- Passthrough: ``X-Amzn-Mtls-Clientcert`` holds the PEM text, URL-encoded with ``+``, ``=`` and ``/`` as safe
  characters.
- Verify: ``-Serial-Number`` is hexadecimal, ``-Issuer`` and ``-Subject`` are RFC 2253 texts
  (`gateway.translation.distinguished_name`), ``-Validity`` holds two ISO 8601 instants, ``-Leaf`` is encoded as in
  passthrough mode.
- The example of a serial number, ``03A5B1``, has capital letters and whole bytes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

from gateway.translation.body import to_base64
from gateway.types import EpochMs

_LINE = 64
_PREFIX = "x-amzn-mtls-clientcert"


class ClientCertificate(NamedTuple):
    """A client's certificate that was verified.

    Attributes:
        issuer: An RFC 2253 text.
        subject: Another one.
        der: The whole certificate.
    """

    serial_number: int
    issuer: str
    subject: str
    not_before: EpochMs
    not_after: EpochMs
    der: bytes


def to_header(der: bytes) -> str:
    """The value for a DER certificate."""
    text = to_base64(der).decode()
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    pem = "\n".join(("-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""))
    return quote(pem, safe="+=/")


def verify_headers(certificate: ClientCertificate) -> Iterator[tuple[str, str]]:
    """Lower-case names and values in verify mode."""
    digits = f"{certificate.serial_number:X}"
    yield f"{_PREFIX}-serial-number", digits.zfill(len(digits) + len(digits) % 2)
    yield f"{_PREFIX}-issuer", certificate.issuer
    yield f"{_PREFIX}-subject", certificate.subject
    begin, end = _instant(certificate.not_before), _instant(certificate.not_after)
    yield f"{_PREFIX}-validity", f"NotBefore={begin};NotAfter={end}"
    yield f"{_PREFIX}-leaf", to_header(certificate.der)


def _instant(epoch_ms: EpochMs) -> str:
    return f"{datetime.fromtimestamp(epoch_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
