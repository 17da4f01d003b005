"""The frames of a streamed answer: ``application/vnd.amazon.eventstream``, the two events of an invocation.

Facts, from the Smithy specification of the Amazon event stream encoding; checked against botocore's decoder:

- A frame is: total length u32, length of the headers u32, CRC-32 of these eight bytes, headers, payload, CRC-32 of
  everything before it; big endian.
- A header is: length of the name u8, name, type u8 (7 for a string), length of the value u16, value.
- ``PayloadChunk`` carries raw bytes; ``InvokeComplete`` closes the stream with ``{}``, or with the error and the log.
"""

from typing import Final
from zlib import crc32

import orjson
import pybase64

_STRING: Final = b"\x07"
_PRELUDE: Final = 12
_FRAMING: Final = _PRELUDE + 4
CHUNK_LIMIT: Final = 1 << 20
"""Bytes of payload in one frame; decoders accept 16 MiB and more, but a reader wants to see progress."""


def _header(name: bytes, value: bytes) -> bytes:
    return b"".join((bytes((len(name),)), name, _STRING, len(value).to_bytes(2, "big"), value))


def _event_headers(event: bytes, content_type: bytes) -> bytes:
    lines = ((b":message-type", b"event"), (b":event-type", event), (b":content-type", content_type))
    return b"".join(_header(name, value) for name, value in lines)


_CHUNK: Final = _event_headers(b"PayloadChunk", b"application/octet-stream")
_COMPLETE: Final = _event_headers(b"InvokeComplete", b"application/json")


def frame(headers: bytes, payload: bytes | memoryview) -> bytes:
    """One frame around encoded ``headers`` and a payload."""
    total = _FRAMING + len(headers) + len(payload)
    prelude = total.to_bytes(4, "big") + len(headers).to_bytes(4, "big")
    body = b"".join((prelude, crc32(prelude).to_bytes(4, "big"), headers, payload))
    return body + crc32(body).to_bytes(4, "big")


def payload_chunks(payload: bytes) -> list[bytes]:
    """The ``PayloadChunk`` frames of one piece of the answer; none for an empty piece."""
    if len(payload) <= CHUNK_LIMIT:
        return [frame(_CHUNK, payload)] if payload else []
    view = memoryview(payload)
    return [frame(_CHUNK, view[start : start + CHUNK_LIMIT]) for start in range(0, len(view), CHUNK_LIMIT)]


def invoke_complete(error_code: str = "", error_details: bytes = b"", log_tail: bytes | None = None) -> bytes:
    """The ``InvokeComplete`` frame.

    Args:
        error_code: The runtime's error type, "" on success.
        error_details: The error object as the runtime sent it; bytes that are not UTF-8 are replaced.
        log_tail: The last 4 KB of the log when the caller asked for it, sent as base64.
    """
    members: dict[str, str] = {}
    if error_code:
        members = {"ErrorCode": error_code, "ErrorDetails": error_details.decode(errors="replace")}
    if log_tail is not None:
        members["LogResult"] = pybase64.b64encode(log_tail).decode()
    return frame(_COMPLETE, orjson.dumps(members))
