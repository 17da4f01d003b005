"""Bodies in events."""

import pytest

from gateway.translation.request_body import event_body
from gateway.types import Json


@pytest.mark.parametrize(
    ("body", "as_text", "members"),
    [
        (b"", True, {"isBase64Encoded": False}),
        (b"", False, {"isBase64Encoded": False}),
        (b"hello", True, {"body": "hello", "isBase64Encoded": False}),
        (b"hello", False, {"body": "aGVsbG8=", "isBase64Encoded": True}),
        (b"\xff", True, {"body": "\ufffd", "isBase64Encoded": False}),
    ],
)
def test_event_body(body: bytes, as_text: bool, members: dict[str, Json]) -> None:
    """An empty body is absent and never base64; the type decides, so bytes that are no text may be damaged."""
    assert event_body({}, body, as_text=as_text) == members
