"""The request's body in an event: text, or base64 with ``isBase64Encoded``."""

import pybase64

from gateway.types import Json


def body_text(body: bytes) -> str:
    """A body that the front door calls text; bytes that are not UTF-8 become U+FFFD, as JSON cannot hold them."""
    return body.decode("utf-8", "replace")


def event_body(event: dict[str, Json], body: bytes, *, as_text: bool) -> dict[str, Json]:
    """The event with ``body``, absent when empty, and ``isBase64Encoded`` (payload 2.0)."""
    if body:
        event["body"] = body_text(body) if as_text else pybase64.b64encode(body).decode("ascii")
    event["isBase64Encoded"] = bool(body) and not as_text
    return event
