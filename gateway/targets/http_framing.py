"""The head of an outgoing request: the caller's lines, and one framing line that is made from the body.

Facts

- Request smuggling needs two servers that read the length of one body differently.  So nothing of what a caller says
  about framing goes on, whatever the length of the body is said to be elsewhere (RFC 9112, 6.3 and 11.2).
- Many servers hand lines to applications under names in which hyphens and underscores are the same (RFC 3875, 4.1.18),
  and some drop other characters; of a name that has only such characters more than a framing line nobody knows who
  reads it as one.
- Line ends and NUL end a line early, blanks a request line; none of them can stand in a head (RFC 9110, 5.5; RFC 9112,
  3 and 2.2).
- A 2xx answer to CONNECT turns the connection into a tunnel (RFC 9110, 9.3.6); nothing here speaks through one.
"""

from collections.abc import AsyncIterator
from typing import Final

from gateway.targets.http_transport import Body, RequestInvalid
from gateway.types import HeaderList

_TOKEN: Final = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LETTERS_AND_DIGITS: Final = b"0123456789abcdefghijklmnopqrstuvwxyz"
_PUNCTUATION: Final = bytes(set(range(256)) - set(_LETTERS_AND_DIGITS))
_TARGET: Final = bytes(byte for byte in range(0x21, 0x100) if byte != 0x7F)
_FRAMING_NAMES: Final = frozenset({b"content-length", b"transfer-encoding"})
_RESEMBLING: Final = frozenset(name.translate(None, _PUNCTUATION) for name in _FRAMING_NAMES)

_EXPECT_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests say that they have no body (RFC 9110, 8.6)."""

_LINE_ENDING: Final = b"\r\n\0"
_MAX_NAMES: Final = 2048


class _Openings(dict[bytes, bytes]):
    """Header name → how its line opens, line end before it; b"" for a name that says something about framing.

    The names of a client's headers repeat from request to request: a look-up is cheaper than the rule.
    """

    def __missing__(self, name: bytes) -> bytes:
        if not name or name.translate(None, _TOKEN):
            raise RequestInvalid(f"{name!r:.80} is no header name")
        if len(self) >= _MAX_NAMES:
            self.clear()
        frames = name.lower().translate(None, _PUNCTUATION) in _RESEMBLING
        self[name] = opening = b"" if frames else b"\r\n%b: " % name
        return opening


_openings: Final = _Openings()


def request_head(method: str, target: bytes, headers: HeaderList, body: Body, length: int | None, host: bytes) -> bytes:
    """A head with its own framing, the empty line included.

    Args:
        method: The method.
        target: As it goes on the wire.
        headers: All lines; those about framing are left out.
        body: Decides about the framing.
        length: The length of a stream; None for one that goes in chunks.
        host: The value of ``Host`` for callers that give none.

    Raises:
        RequestInvalid: Something of it would not stay in its line.
    """
    if not method or method == "CONNECT" or not method.isascii() or method.encode().translate(None, _TOKEN):
        raise RequestInvalid(f"{method!r:.80} is no method for a server")
    if not target or target.translate(None, _TARGET):
        raise RequestInvalid(f"the target {target!r:.80} cannot stand in a request line")
    lines = [opening + value for name, value in headers if (opening := _openings[name])]
    said = len(lines) < len(headers)
    if isinstance(body, bytes):
        # Without a body a length of 0 is said where one is expected, and where the caller said something.
        if body or said or method in _EXPECT_BODY:
            lines.append(b"\r\nContent-Length: %d" % len(body))
    else:
        lines.append(b"\r\nTransfer-Encoding: chunked" if length is None else b"\r\nContent-Length: %d" % length)
    joined = b"".join(lines)
    if len(joined.translate(None, _LINE_ENDING)) + 2 * len(lines) != len(joined):
        raise RequestInvalid("a header line holds a line end or NUL")
    if b"\r\nHost: " not in joined and not any(len(name) == 4 and name.lower() == b"host" for name, _ in headers):
        joined = b"\r\nHost: " + host + joined
    return b"%b %b HTTP/1.1%b\r\n\r\n" % (method.encode(), target, joined)


def without_framing(headers: HeaderList) -> list[tuple[bytes, bytes]]:
    """The lines that say nothing about framing, nor seem to.

    Raises:
        RequestInvalid: A name is none.
    """
    return [line for line in headers if _openings[line[0]]]


async def exactly(body: AsyncIterator[bytes], length: int) -> AsyncIterator[bytes]:
    """A stream that has as many bytes as were announced.

    Raises:
        RequestInvalid: There are more, before one too many was given; or fewer.
    """
    left = length
    async for chunk in body:
        left -= len(chunk)
        if left < 0:
            raise RequestInvalid(f"the body has more than the {length} bytes that were announced")
        yield chunk
    if left:
        raise RequestInvalid(f"the body has {left} bytes less than the {length} that were announced")


def is_ambiguous(answered: HeaderList) -> bool:
    """Whether an answer says more about its length than one line of one kind, for clients that let it pass."""
    framing = [(name.lower(), value.lower().strip()) for name, value in answered if name.lower() in _FRAMING_NAMES]
    return len(framing) > 1 or any(name != b"content-length" and value != b"chunked" for name, value in framing)
