"""A strict reader of HTTP/1.1 answers: what a client could take in two ways is malformed.

RFC 9112 has the grammar; nothing that it lets a recipient forgive is forgiven here.
"""

import re
from typing import Final, NamedTuple

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) [\t\x20-\x7e\x80-\xff]*")
_HEADER_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\x21-\x7e\x80-\xff]|[ \t](?!$))*)[ \t]*")
_CHUNK_LINE: Final = re.compile(rb"[0-9A-Fa-f]{1,16}")
_DIGITS: Final = re.compile(rb"[0-9]{1,16}")


class Malformed(Exception):
    """What came is no answer."""


class Answer(NamedTuple):
    """One answer; names of headers are in lower case, ``whole`` tells that its body has come to its end."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes
    whole: bool


class _Body(NamedTuple):
    body: bytes
    end: int
    whole: bool


def read_answers(data: bytes, *, ended: bool, head: bool = False) -> tuple[list[Answer], bytes]:
    """All answers in what a connection gave, interim ones left out, and what follows a switch of protocols.

    Args:
        data: Everything that came.
        ended: The connection has ended; what lacks an end then ends here.
        head: One of the requests may be HEAD, whose answer has a length and no body.

    Raises:
        Malformed: This is no answer, or more than one.
    """
    answers: list[Answer] = []
    at = 0
    while at < len(data):
        found = data.find(b"\r\n\r\n", at)
        if found < 0:
            _check_beginning(data[at:])
            if ended:
                raise Malformed(f"the head of an answer is cut off: {data[at : at + 200]!r}")
            break
        status, headers = _head(data[at:found])
        at = found + 4
        if status == 101:
            answers.append(Answer(status, headers, b"", whole=True))
            return answers, data[at:]
        if status < 200:
            continue
        body, at, whole = _body(data, at, (status, headers), ended=ended, head=head)
        answers.append(Answer(status, headers, body, whole))
        if not whole:
            break
    return answers, b""


def _check_beginning(data: bytes) -> None:
    if not b"HTTP/1.1 ".startswith(data[:9]):
        raise Malformed(f"no answer begins with {data[:60]!r}")


def _head(head: bytes) -> tuple[int, dict[bytes, bytes]]:
    lines = head.split(b"\r\n")
    status_line = _STATUS_LINE.fullmatch(lines[0])
    if not status_line:
        raise Malformed(f"no status line: {lines[0][:200]!r}")
    headers: dict[bytes, bytes] = {}
    for line in lines[1:]:
        matched = _HEADER_LINE.fullmatch(line)
        if not matched:
            raise Malformed(f"no header line: {line[:200]!r}")
        name, value = matched[1].lower(), matched[2]
        if name in headers and name in {b"content-length", b"transfer-encoding"}:
            raise Malformed(f"{name.decode()} twice")
        headers[name] = value
    if b"transfer-encoding" in headers and b"content-length" in headers:
        raise Malformed("a length beside a transfer coding")
    return int(status_line[1]), headers


def _body(data: bytes, at: int, about: tuple[int, dict[bytes, bytes]], *, ended: bool, head: bool) -> _Body:
    status, headers = about
    coding = headers.get(b"transfer-encoding")
    length = headers.get(b"content-length")
    if status in {204, 304}:
        if coding is not None:
            raise Malformed(f"{status} with a transfer coding")
        return _Body(b"", at, whole=True)
    if head and (at == len(data) or data.startswith(b"HTTP/1.1 ", at)):
        return _Body(b"", at, whole=True)
    if coding is not None:
        if coding.lower() != b"chunked":
            raise Malformed(f"the transfer coding {coding!r}")
        return _chunks(data, at)
    if length is None:
        return _Body(data[at:], len(data), whole=ended)
    if not _DIGITS.fullmatch(length):
        raise Malformed(f"the length {length!r}")
    end = at + int(length)
    return _Body(data[at:end], min(end, len(data)), whole=end <= len(data))


def _chunks(data: bytes, at: int) -> _Body:
    parts: list[bytes] = []
    while True:
        line_end = data.find(b"\r\n", at)
        if line_end < 0:
            return _Body(b"".join(parts), len(data), whole=False)
        line = data[at:line_end]
        if not _CHUNK_LINE.fullmatch(line):
            raise Malformed(f"the chunk size {line[:80]!r}")
        size = int(line, 16)
        end = line_end + 2 + size
        if len(data) < end + 2:
            return _Body(b"".join(parts), len(data), whole=False)
        if data[end : end + 2] != b"\r\n":
            raise Malformed("a chunk is longer than it says, or ends with trailers")
        if size == 0:
            return _Body(b"".join(parts), end + 2, whole=True)
        parts.append(data[line_end + 2 : end])
        at = end + 2
