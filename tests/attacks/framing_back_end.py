"""A back end that takes apart every byte that it gets, and says what of it was not meant."""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

_REQUEST_LINE: Final = re.compile(rb"([A-Z]{3,7}) /meant/(\d+)(?:\?answer=(\d+))? HTTP/1\.1")
_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\x20-\x7e]*)")
_WRITTEN: Final = frozenset(
    {b"host", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-port", b"x-amzn-trace-id"}
)
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
ORDINARY: Final = frozenset({b"x-plain", b"user-agent", b"cookie", b"content-type"})
"""The client's lines that may arrive."""

_STRAY: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"


def _whole(body: bytes, *lines: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", *lines, b"Content-Length: %d" % len(body), b"", body])


def answers_to(body: bytes) -> list[bytes]:
    """Answers by their number: the first is good, each other one breaks a rule of framing."""
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    return [
        _whole(body),
        _whole(body) + _STRAY,
        _whole(body) + b"\r\n" + _STRAY,
        _whole(body) + b"HTTP/1.1 200 OK\r\nX-Stray: ",
        _whole(body, b"Content-Length: %d" % (len(body) + 40)),
        _whole(body, b"Transfer-Encoding: chunked") + _STRAY,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + _STRAY,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n" + chunks,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, chunked\r\n\r\n" + chunks + _STRAY,
        b"HTTP/1.1 200 OK\r\nContent-Length:\r\n %d\r\n\r\n" % len(body) + body + _STRAY,
        b"HTTP/1.1 204 No Content\r\nContent-Length: %d\r\n\r\n" % len(_STRAY) + _STRAY,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n" + _STRAY,
        b"HTTP/1.1 100 Continue\r\n\r\n" + _whole(body),
    ]


KINDS: Final = len(answers_to(b""))


@dataclass
class BackEnd:
    """What arrived.

    Attributes:
        meant: Requests that may arrive, by number; each at most once.
        arrived: How often each did.
        found: What was not meant, in words, and how often.
    """

    meant: set[int] = field(default_factory=set)
    arrived: Counter[int] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    port: int = 0

    def start(self) -> "asyncio.Protocol":
        """The protocol of a new connection."""
        return _Connection(self)


class _Connection(asyncio.Protocol):
    """Reads requests as RFC 9112 has them and nothing else; the first that is none is told and ends the connection."""

    def __init__(self, back_end: BackEnd) -> None:
        self._back_end = back_end
        self._data = b""
        self._last = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while self._data:
            try:
                complete = self._request()
            except ValueError as error:
                self._back_end.found[str(error)] += 1
                self._transport.abort()
                return
            if not complete:
                return

    def _request(self) -> bool:
        head, complete, rest = self._data.partition(b"\r\n\r\n")
        if self._last:
            raise ValueError(f"bytes behind the last request of a connection: {self._data[:80]!r}")
        first, *lines = head.split(b"\r\n")
        if complete or lines:
            found = _REQUEST_LINE.fullmatch(first)
            if found is None or int(found[2]) not in self._back_end.meant:
                raise ValueError(f"a request that was not meant: {first[:80]!r}")
        if not complete:
            return False
        headers = _headers(lines)
        body = _body(rest, headers)
        if body is None:
            return False
        method, number, kind = _REQUEST_LINE.fullmatch(first).groups()  # type: ignore[union-attr]
        self._data = rest[body:]
        self._last = headers.get(b"connection") == b"close"
        self._back_end.arrived[int(number)] += 1
        if self._back_end.arrived[int(number)] > 1:
            raise ValueError(f"a request that came twice: {first[:80]!r}")
        answer = answers_to(b"" if method == b"HEAD" else b"answer to %b" % number)[int(kind or 0)]
        self._transport.write(answer)
        return True


def _headers(lines: list[bytes]) -> dict[bytes, bytes]:
    """The lines of a head; raises `ValueError` for one that was not meant."""
    headers = {}
    for line in lines:
        found = _LINE.fullmatch(line)
        name = found[1].lower() if found else b""
        if found is None or name in headers or name not in _WRITTEN | _FRAMING | ORDINARY | {b"connection"}:
            raise ValueError(f"a line that was not meant: {line[:80]!r}")
        headers[name] = found[2]
    if len(_FRAMING & headers.keys()) > 1 or headers.get(b"transfer-encoding", b"chunked") != b"chunked":
        raise ValueError(f"framing that was not meant: {[headers.get(name) for name in sorted(_FRAMING)]}")
    if not headers.get(b"content-length", b"0").isdigit() or headers.get(b"connection", b"close") != b"close":
        raise ValueError(f"a value that was not meant: {headers}")
    return headers


def _body(data: bytes, headers: dict[bytes, bytes]) -> int | None:
    """How many bytes belong to the body; None when more of them must come."""
    if b"transfer-encoding" not in headers:
        length = int(headers.get(b"content-length", b"0"))
        return length if length <= len(data) else None
    at = 0
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        if not re.fullmatch(rb"[0-9a-f]{1,8}", data[at:end]):
            raise ValueError(f"a chunk that was not meant: {data[at : at + 40]!r}")
        size = int(data[at:end], 16)
        at = end + 2 + size + 2
        if at > len(data):
            return None
        if data[at - 2 : at] != b"\r\n":
            raise ValueError(f"a chunk that was not meant: {data[end : end + 40]!r}")
        if size == 0:
            return at
