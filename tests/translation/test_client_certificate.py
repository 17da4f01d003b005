"""A certificate as a header value."""

import ssl
from urllib.parse import unquote

from gateway.translation.client_certificate import to_header

DER = bytes(range(256))


def test_the_value_decodes_to_the_pem_text() -> None:
    """The standard library reads the certificate back."""
    value = to_header(DER)

    assert ssl.PEM_cert_to_DER_cert(unquote(value)) == DER
    assert value.isascii()


def test_plus_slash_and_equals_stay_as_they_are() -> None:
    """The documented safe characters, and only blanks and line feeds are escaped."""
    value = to_header(b"\xff\xef\xbe\x00")

    assert value == "-----BEGIN%20CERTIFICATE-----%0A/+++AA==%0A-----END%20CERTIFICATE-----%0A"
