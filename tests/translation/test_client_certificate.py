"""A certificate as header values."""

import ssl
from urllib.parse import unquote

import pytest

from gateway.translation.client_certificate import ClientCertificate, to_header, verify_headers

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


@pytest.mark.parametrize(("number", "text"), [(0x3A5B1, "03A5B1"), (0xAB, "AB"), (1, "01"), (0, "00")])
def test_serial_numbers_are_whole_bytes(number: int, text: str) -> None:
    """As in the user guide's example: capital letters, and a zero in front where a digit is missing."""
    assert (
        dict(verify_headers(ClientCertificate(number, "", "", 0, 0, DER)))["x-amzn-mtls-clientcert-serial-number"]
        == text
    )


def test_verify() -> None:
    """The five headers of verify mode; the leaf is encoded as the whole is in passthrough mode."""
    certificate = ClientCertificate(1, "CN=i", "CN=s", 1_695_261_017_999, 0, DER)

    assert dict(verify_headers(certificate)) == {
        "x-amzn-mtls-clientcert-serial-number": "01",
        "x-amzn-mtls-clientcert-issuer": "CN=i",
        "x-amzn-mtls-clientcert-subject": "CN=s",
        "x-amzn-mtls-clientcert-validity": "NotBefore=2023-09-21T01:50:17Z;NotAfter=1970-01-01T00:00:00Z",
        "x-amzn-mtls-clientcert-leaf": to_header(DER),
    }
