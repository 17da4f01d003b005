"""Requests whose length servers may read in different ways, each with another request inside that nobody meant."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_NAMES: Final = {
    b"Content-Length": (
        b"content_length",
        b"Content-Length ",
        b"Content-Length\t",
        b"Content.Length",
        b"Content-Length\0",
    ),
    b"Transfer-Encoding": (
        b"transfer_encoding",
        b"Transfer-Encoding ",
        b"Transfer-Encoding\x0b",
        b"Transfer-Encoding-",
        b"\x00Transfer-Encoding",
        b"X: y\nTransfer-Encoding",
        b"X: y\rTransfer-Encoding",
    ),
}
_CODINGS: Final = (
    b"Chunked", b" chunked", b"chunked ", b"\tchunked", b"xchunked", b"chunked, identity", b"identity, chunked",
    b"identity", b"gzip, chunked", b"chunked;q=1", b"\x0bchunked", b"chunked\0", b'"chunked"', b"chunked,", b",chunked",
    b"\r\n chunked", b"chunked\r\n\tx", b"cow", b"", b"chunked\nX-Smuggled: 1",
)  # fmt: skip
_LENGTHS: Final = (
    b"+%d",
    b"-%d",
    b"%d, %d",
    b"%d %d",
    b"0x%x",
    b"%d\x0b",
    b"%d;",
    b"\r\n %d",
    b"1e1",
    b"",
    b"%d\nX: y",
)
_SIZES: Final = (
    b"0x%x",
    b" %x",
    b"%x ",
    b"%x;a=b",
    b'%x;a="\n"',
    b"+%x",
    b"-%x",
    b"%x\n",
    b"0000000%x",
    b"1000000000000000%x",
)
_METHODS: Final = (b"POST", b"PUT", b"PATCH", b"DELETE", b"GET", b"HEAD", b"OPTIONS")


@dataclass(frozen=True, slots=True)
class Case:
    """What one client sends.

    Attributes:
        data: All bytes.
        meant: Numbers of the requests that may reach the back end.
        needed: Those that must.
    """

    data: bytes
    meant: tuple[int, ...]
    needed: tuple[int, ...] = ()


class Maker:
    """Makes cases; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._number = 0

    def plain(self, answer: int = 0) -> Case:
        """Requests in a row as they should be; ``answer`` is the number of the answer that the back end gives."""
        numbers = [self._next() for _ in range(self._dice.choice((1, 1, 2, 3)))]
        return Case(b"".join([self._ordinary(number, answer) for number in numbers]), tuple(numbers), tuple(numbers))

    def conflict(self) -> Case:
        """One request that is none, or is not clear."""
        number = self._next()
        recipe: Callable[[int], bytes] = self._dice.choice(
            (
                self._length_beside_chunks, self._chunks_beside_length, self._two_lengths, self._odd_length,
                self._odd_name, self._odd_coding, self._odd_chunks, self._old_version, self._bodies_of_get,
                self._trailers, self._odd_lines, self._odd_request_line, self._upgrade, self._cut_short,
            )
        )  # fmt: skip
        data = recipe(number)
        if self._dice.random() < 0.2:  # what comes behind must not be met either, or as what it is
            behind = self._next()
            return Case(data + self._ordinary(behind, 0), (number, behind))
        return Case(data, (number,))

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _ordinary(self, number: int, answer: int) -> bytes:
        target = b"/meant/%d?answer=%d" % (number, answer) if answer else b"/meant/%d" % number
        form = self._dice.randrange(4)
        if form == 0:
            return b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX-Plain: 1\r\n\r\nabc" % target
        if form == 1:
            return b"PUT %b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" % target
        if form == 2:
            return b"GET http://b%b HTTP/1.1\r\nHost: a\r\nCookie: c=d\r\n\r\n" % target
        return b"GET %b HTTP/1.1\r\nHost: a\r\nUser-Agent: attack\r\n\r\n" % target

    def _smuggled(self, number: int) -> bytes:
        return b"GET /smuggled/%d HTTP/1.1\r\nHost: s\r\nX-Smuggled: 1\r\n\r\n" % number

    def _chunked(self, body: bytes, size: bytes = b"%x") -> bytes:
        return size % len(body) + b"\r\n" + body + b"\r\n0\r\n\r\n"

    def _message(
        self, number: int, lines: list[bytes], body: bytes, method: bytes = b"", version: bytes = b"1.1"
    ) -> bytes:
        dice = self._dice
        lines = [*lines, b"Host: a"]
        if dice.random() < 0.3:
            lines.append(
                dice.choice((b"Connection: keep-alive", b"X-Plain: 1", b"Expect: 100-continue", b"TE: trailers"))
            )
        if dice.random() < 0.2:
            lines.append(b"Connection: content-length, transfer-encoding, host, x-forwarded-for")
        dice.shuffle(lines)
        first = b"%b /meant/%d HTTP/%b" % (method or dice.choice(_METHODS), number, version)
        return b"\r\n".join([first, *lines, b"", body])

    # Each has an odd way to say how long it is.

    def _length_beside_chunks(self, number: int) -> bytes:
        length = self._dice.choice((b"0", b"3", b"5"))
        lines = [b"Content-Length: " + length, b"Transfer-Encoding: chunked"]
        return self._message(number, lines, self._chunked(b"abc" + self._smuggled(number)))

    def _chunks_beside_length(self, number: int) -> bytes:
        body = b"0\r\n\r\n" + self._smuggled(number)
        return self._message(number, [b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked"], body)

    def _two_lengths(self, number: int) -> bytes:
        body = b"abc" + self._smuggled(number)
        other = self._dice.choice((b"3", b"%d" % len(body), b"0", b"%d" % (len(body) + 1)))
        return self._message(number, [b"Content-Length: %d" % len(body), b"content-length: " + other], body)

    def _odd_length(self, number: int) -> bytes:
        body = b"abc" + self._smuggled(number)
        odd = self._dice.choice(_LENGTHS)
        return self._message(number, [b"Content-Length: " + odd.replace(b"%d", b"3").replace(b"%x", b"3")], body)

    def _odd_name(self, number: int) -> bytes:
        body = self._chunked(b"abc" + self._smuggled(number))
        real, resembled = self._dice.choice(((b"Content-Length: %d", b"Transfer-Encoding"), (b"", b"Content-Length")))
        value = b"chunked" if resembled == b"Transfer-Encoding" else b"3"
        odd = self._dice.choice(_NAMES[resembled]) + b": " + value
        return self._message(number, [real % len(body) if real else b"Transfer-Encoding: chunked", odd], body)

    def _odd_coding(self, number: int) -> bytes:
        smuggled = self._smuggled(number)
        body = self._dice.choice((self._chunked(b"abc" + smuggled), b"0\r\n\r\n" + smuggled))
        odd = b"Transfer-Encoding: " + self._dice.choice(_CODINGS)
        real = self._dice.choice((b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked"))
        return self._message(number, [odd, real], body)

    def _odd_chunks(self, number: int) -> bytes:
        body = self._chunked(b"abc" + self._smuggled(number), self._dice.choice(_SIZES))
        return self._message(number, [b"Transfer-Encoding: chunked"], body, b"POST")

    def _old_version(self, number: int) -> bytes:
        lines = [b"Transfer-Encoding: chunked", b"Connection: keep-alive"]
        return self._message(number, lines, self._chunked(self._smuggled(number)), version=b"1.0")

    def _bodies_of_get(self, number: int) -> bytes:
        body = self._smuggled(number)
        method = self._dice.choice((b"GET", b"HEAD", b"DELETE", b"OPTIONS", b"CONNECT", b"TRACE"))
        return self._message(number, [b"Content-Length: %d" % len(body)], body, method)

    def _trailers(self, number: int) -> bytes:
        name = self._dice.choice((b"Content-Length: 3", b"Transfer-Encoding: chunked", b"X-Smuggled: 1", b"Host: s"))
        body = self._chunked(self._smuggled(number))[:-2] + name + b"\r\n\r\n"
        return self._message(number, [b"Transfer-Encoding: chunked", b"Trailer: X-Smuggled"], body)

    def _odd_lines(self, number: int) -> bytes:
        body = b"abc" + self._smuggled(number)
        odd = self._dice.choice(
            (b"X-Plain: a\nX-Smuggled: 1", b"X-Plain: a\rX-Smuggled: 1", b"X-Plain: a\r\n X-Smuggled: 1",
             b"X-Plain: a\0", b": x", b"X-Smuggled", b" X-Smuggled: 1", b"Content-Length: 3\n")
        )  # fmt: skip
        return self._message(number, [b"Content-Length: %d" % len(body), odd], body)

    def _odd_request_line(self, number: int) -> bytes:
        odd = self._dice.choice(
            (b"POST  /meant/%d HTTP/1.1", b"POST\t/meant/%d\tHTTP/1.1", b"POST /meant/%d HTTP/1.1 ", b"POST /meant/%d",
             b"POST /meant/%d HTTP/1.2", b"POST /meant/%d HTTP/1.1\rX: y", b"POST /meant/%d HTTP/1.1\nX: y",
             b"POST /meant/%d HTTP/1.1 HTTP/1.1", b"P\0ST /meant/%d HTTP/1.1", b"POST /meant/%d\0 HTTP/1.1")
        )  # fmt: skip
        body = self._smuggled(number)
        return odd % number + b"\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    def _upgrade(self, number: int) -> bytes:
        body = self._smuggled(number)
        protocol = self._dice.choice((b"h2c", b"x", b"TLS/1.3"))
        lines = [b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: " + protocol, b"HTTP2-Settings: AAMAAABkAAQAAP__"]
        if self._dice.random() < 0.5:
            return self._message(number, [*lines, b"Transfer-Encoding: chunked"], self._chunked(body))
        return self._message(number, [*lines, b"Content-Length: %d" % len(body)], body)

    def _cut_short(self, number: int) -> bytes:
        body = self._smuggled(number)
        return self._message(number, [b"Content-Length: %d" % (len(body) + 10)], body)
