"""An entry as the one request that a parser other than ours reads in it, and answers without their framing."""

import re
from typing import Final, NamedTuple

import h11

from gateway.listeners.wire import split_target
from gateway.types import HeaderList
from tests.golden.texts import PAUSE, to_bytes, to_text

_HEAD: Final = re.compile(rb"HTTP/1\.1 (\d{3})[^\r]*\r\n")
BROKEN: Final = b"<broken>"
"""Behind a body that has no length and no last chunk."""

_CODING: Final = b"transfer-encoding: chunked\r\n"
_CHUNK: Final = re.compile(rb"([0-9a-fA-F]+)\r\n")


class OneRequest(NamedTuple):
    """What h11 reads; authority, path and query are those of the target."""

    method: str
    authority: bytes
    path: bytes
    query: bytes
    headers: HeaderList
    body: bytes
    http_version: str


def one_request(text: str) -> OneRequest | None:
    """The request of an entry; None when its bytes are not exactly one that h11 takes."""
    reader = h11.Connection(h11.SERVER, max_incomplete_event_size=2**20)
    reader.receive_data(to_bytes(text.replace(PAUSE, "")))
    body = b""
    try:
        head = reader.next_event()
        while isinstance(event := reader.next_event(), h11.Data):
            body += event.data
    except h11.RemoteProtocolError:
        return None
    if not isinstance(head, h11.Request) or not isinstance(event, h11.EndOfMessage) or reader.trailing_data[0]:
        return None
    method = head.method.decode()
    try:
        target = split_target(head.target, method)
    except ValueError:
        return None
    headers = [(bytes(name), bytes(value)) for name, value in head.headers.raw_items()]
    return OneRequest(method, *target, headers, body, head.http_version.decode())


def answer_bytes(status: int, headers: HeaderList, body: bytes) -> bytes:
    """An answer as bytes, for `tests.golden.masks`."""
    lines = [b"%b: %b\r\n" % line for line in headers]
    return b"HTTP/1.1 %d\r\n%b\r\n%b" % (status, b"".join(lines), body)


def comparable(answer: bytes) -> str:
    """Status, header lines with names in lower case, and body of the last answer, whatever ended the body."""
    while (head := _HEAD.match(answer)) and head[1].startswith(b"1") and head[1] != b"101":
        answer = answer.partition(b"\r\n\r\n")[2]
    if head is None:
        return to_text(answer)
    lines, _, body = answer[head.end() - 2 :].partition(b"\r\n\r\n")
    named = [line.partition(b": ") for line in lines.split(b"\r\n")[1:]]
    kept = [b"%b: %b\r\n" % (name.lower(), value) for name, _, value in named]
    if _CODING in kept:
        kept.remove(_CODING)
        body = _unchunked(body)
    return to_text(head[1] + b"\r\n" + b"".join(kept) + b"\r\n" + body)


def _unchunked(body: bytes) -> bytes:
    parts = []
    while (size := _CHUNK.match(body)) and int(size[1], 16):
        end = size.end() + int(size[1], 16)
        parts.append(body[size.end() : end])
        body = body[end + 2 :]
    return b"".join(parts if size else [*parts, BROKEN])
