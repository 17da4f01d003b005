"""Header lines on their way through."""

import pytest

from gateway.translation.proxy_headers import (
    forwarded_for,
    is_signature,
    lower_name,
    remap,
    rest_name,
    trace,
    websocket_name,
)


@pytest.mark.parametrize(
    ("sent", "spelled"),
    [
        (b"aUThorization", "Authorization"),
        (b"tEsT-HEADeR", "tEsT-HEADeR"),
        (b"cloudfront-viewer-asn", "CloudFront-Viewer-ASN"),
        (b"accept", "accept"),
        (b"CONTENT-LENGTH", ""),
        (b"Te", ""),
    ],
)
def test_rest_name(sent: bytes, spelled: str) -> None:
    """Few names have a spelling of their own, twelve are dropped, the rest stay as sent."""
    assert rest_name(sent) == spelled


def test_other_names() -> None:
    """2.0 events have lower case; handshakes keep the client's spelling."""
    assert (lower_name(b"X-One"), lower_name(b"Upgrade")) == ("x-one", "")
    assert (websocket_name(b"host"), websocket_name(b"x-api-key"), websocket_name(b"Upgrade")) == (
        "Host",
        "x-api-key",
        "",
    )


@pytest.mark.parametrize(
    ("name", "out"),
    [
        (b"WWW-Authenticate", b"x-amzn-Remapped-WWW-Authenticate"),
        (b"user-agent", b"x-amzn-Remapped-user-agent"),
        (b"content-md5", b"x-amzn-Remapped-content-md5"),
        (b"Content-Length", b"x-amzn-Remapped-Content-Length"),
        (b"X-Custom", b"X-Custom"),
        (b"Pragma", b"Pragma"),
        (b"Via", None),
        (b"Host", None),
        (b"Trailer", None),
    ],
)
def test_remap(name: bytes, out: bytes | None) -> None:
    """Renamed with the spelling that the function gave, or dropped, or passed."""
    assert remap([(name, b"v")]) == ([] if out is None else [(out, b"v")])


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ("", "Root=1-2-3"),
        ("Root=1-5-6", "Root=1-5-6"),
        ("Self=1;Root=1-5-6;Sampled=1", "Self=1;Root=1-5-6;Sampled=1"),
        ("garbage", "Root=1-2-3"),
    ],
)
def test_trace(sent: str, value: str) -> None:
    """A client's value counts when it names a Root."""
    assert trace(sent, "1-2-3") == value


def test_forwarded_for_and_signatures() -> None:
    """The peer comes last; only a SigV4 value is a signature."""
    assert forwarded_for("", "192.0.2.1") == "192.0.2.1"
    assert forwarded_for("10.0.0.1", "192.0.2.1") == "10.0.0.1, 192.0.2.1"
    assert is_signature("AWS4-HMAC-SHA256 Credential=x")
    assert is_signature("AWS4-ECDSA-P256-SHA256 Credential=x")
    assert not is_signature("Bearer AWS4-HMAC-SHA256")
