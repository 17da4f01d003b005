"""What a WebSocket handshake is."""

import pytest

from gateway.listeners.handshake import accept_line
from gateway.translation.gateway_response import Refused
from gateway.translation.messages import Request

LINES = {
    b"Upgrade": b"WebSocket",
    b"Connection": b"keep-alive, Upgrade",
    b"Sec-WebSocket-Version": b"13",
    b"Sec-WebSocket-Key": b"dGhlIHNhbXBsZSBub25jZQ==",
}


def asked(method: str = "GET", **changes: bytes) -> Request:
    """A handshake with some lines changed; their names have ``_`` for ``-``."""
    lines = LINES | {name.replace("_", "-").encode(): value for name, value in changes.items()}
    return Request(method, b"/", b"", list(lines.items()), b"", ("192.0.2.1", 1), ("127.0.0.1", 2))


def test_the_answer_to_the_key() -> None:
    """The example of RFC 6455, section 1.3."""
    assert accept_line(asked()) == (b"Sec-WebSocket-Accept", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")


@pytest.mark.parametrize(
    "request_",
    [
        asked("POST"),
        asked(Upgrade=b"h2c"),
        asked(Connection=b"close"),
        asked(Sec_WebSocket_Version=b"8"),
        asked(Sec_WebSocket_Key=b"c2hvcnQ="),
        asked(Sec_WebSocket_Key=b"no base64"),
    ],
    ids=["method", "protocol", "connection", "version", "short key", "bad key"],
)
def test_what_is_no_handshake(request_: Request) -> None:
    """It is refused as a bad request."""
    with pytest.raises(Refused, match="no WebSocket handshake of version 13"):
        accept_line(request_)
