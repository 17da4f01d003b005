"""A client's certificate as a header value, for mutual TLS in passthrough mode.

Facts, from the AWS ELB user guide ("Mutual authentication with TLS")

- ``X-Amzn-Mtls-Clientcert`` holds the PEM text, URL-encoded with ``+``, ``=`` and ``/`` as safe characters.
"""

from urllib.parse import quote

from gateway.translation.body import to_base64

_LINE = 64


def to_header(der: bytes) -> str:
    """The value for a DER certificate."""
    text = to_base64(der).decode()
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    pem = "\n".join(("-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""))
    return quote(pem, safe="+=/")
