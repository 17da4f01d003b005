"""The attributes of the file reach translation."""

import pytest

from gateway.config.attributes import LISTENER
from gateway.listeners.alb.attributes import alb_attributes
from gateway.translation.alb_attributes import AlbAttributes
from gateway.types import Json
from tests.listeners.alb.stacks import alb

TLS_NAMES = {
    "x-amzn-mtls-clientcert",
    "x-amzn-mtls-clientcert-serial-number",
    "x-amzn-mtls-clientcert-issuer",
    "x-amzn-mtls-clientcert-subject",
    "x-amzn-mtls-clientcert-validity",
    "x-amzn-mtls-clientcert-leaf",
    "x-amzn-tls-version",
    "x-amzn-tls-cipher-suite",
}


def test_defaults() -> None:
    """Without attributes the load balancer is as AWS makes it."""
    made = alb_attributes(alb())

    assert made == AlbAttributes(request_header_names={name: name for name in TLS_NAMES})


@pytest.mark.parametrize(
    ("key", "value", "field", "expected"),
    [
        ("routing.http.xff_header_processing.mode", "remove", "xff_mode", "remove"),
        ("routing.http.xff_client_port.enabled", True, "xff_client_port", True),
        ("routing.http.preserve_host_header.enabled", True, "preserve_host", True),
        ("routing.http.drop_invalid_header_fields.enabled", "true", "drop_invalid_header_fields", True),
        ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", True, "tls_headers", True),
        ("routing.http.response.server.enabled", False, "server_header", False),
        (
            "routing.http.response.access_control_max_age.header_value",
            "600",
            "response_headers",
            ((b"Access-Control-Max-Age", b"600"),),
        ),
    ],
)
def test_attribute(key: str, value: Json, field: str, expected: object) -> None:
    """Each attribute sets its own field."""
    assert key in LISTENER

    assert getattr(alb_attributes(alb(attributes={key: value})), field) == expected


def test_renamed_header() -> None:
    """A TLS header goes out under the listener's own name, in lower case as all of an event's names."""
    made = alb_attributes(alb(attributes={"routing.http.request.x_amzn_tls_version.header_name": "X-Tls"}))

    assert made.request_header_names["x-amzn-tls-version"] == "x-tls"


def test_mutual_tls_passthrough() -> None:
    """In passthrough mode the certificate becomes a header."""
    assert alb_attributes(alb(protocol="HTTPS", mutual_authentication={"mode": "passthrough"})).mtls_passthrough
