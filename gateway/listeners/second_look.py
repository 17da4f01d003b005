"""Heads that the parser refuses although AWS's load balancers let them pass.

Facts, from the AWS ELB user guide (desync mitigation mode ``defensive``, which is the default, and listener rules):

- Two ``Content-Length`` lines with the same value, and ``Content-Length`` beside ``Transfer-Encoding``, are ambiguous:
  the request passes and the client's connection is closed after it.  Different values are severe: 400.
- ``Transfer-Encoding: identity`` is accepted, other codings than it and ``chunked`` get 501.  Since it was taken out of
  HTTP (RFC 7230, A.2), servers read it in different ways, which makes it as ambiguous as the others.
- Methods are free: a rule can match any of up to 40 characters out of ``A-Z``, ``-`` and ``_``.

Nothing passes but what is framed anew: of the lines about framing, one at most is left, and the parser reads all others
again.  Names and lines that only a lenient parser would take stay refused, though a load balancer passes some on.

Bytes over 0x7F in a target pass as well, since only control characters there have a desync class; what a listener
makes of them is its own affair.
"""

import re
from typing import Final, NamedTuple

from gateway.listeners.wire import Refusal
from gateway.translation.headers import values_of
from gateway.types import HeaderList

_REQUEST_LINE: Final = re.compile(rb"([A-Z_-]{1,40}) ([!-~\x80-\xff]+) (HTTP/1\.[01])")
_REQUEST_LINE_SO_FAR: Final = re.compile(rb"[A-Z_-]{0,40}(?: [!-~\x80-\xff]*(?: [HTP/1.0]{0,8}\r?)?)?")
# Blanks are never given back (*+): a value may hold them too, and trying each border between the two takes seconds.
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*+([^\x00-\x08\x0a-\x1f\x7f]*)")
_HEADER_SO_FAR: Final = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*\r?")
_HIGH: Final = re.compile(rb"[\x80-\xff]")


class SecondLook(NamedTuple):
    """A head that passes after all.

    Attributes:
        method: As sent.
        target: As sent.
        headers: As sent.
        closes: The connection must be closed after this request.
        plain: The head and what follows it in words that the parser accepts, with the same framing.
    """

    method: str
    target: bytes
    headers: HeaderList
    closes: bool
    plain: bytes


def look_again(data: bytes) -> SecondLook | None:
    """Read a head, and what may follow it, that the parser refused; None when more of it must arrive first.

    Raises:
        Refusal: It must be refused, whatever follows.
    """
    head, complete, rest = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    first, *others = head.split(b"\r\n")
    if not complete:
        _check_so_far(first, others)
        return None
    found = _REQUEST_LINE.fullmatch(first)
    headers = [_header(line, first) for line in others]
    if found is None:
        raise Refusal(400, first)
    method, target, version = found.groups()
    framing, closes = _framing(headers, first)
    kept = [b"%b: %b" % line for line in headers if line[0].lower() not in {b"content-length", b"transfer-encoding"}]
    plain = b"\r\n".join([b"POST %b %b" % (_HIGH.sub(b"x", target), version), *kept, *framing, b"", rest])
    return SecondLook(method.decode(), target, headers, closes, plain)


def _check_so_far(first: bytes, others: list[bytes]) -> None:
    if not others:
        if not _REQUEST_LINE_SO_FAR.fullmatch(first):
            raise Refusal(400)
        return
    if not _REQUEST_LINE.fullmatch(first) or not _HEADER_SO_FAR.fullmatch(others[-1]):
        raise Refusal(400, first)
    for line in others[:-1]:
        _header(line, first)


def _header(line: bytes, request_line: bytes) -> tuple[bytes, bytes]:
    found = _HEADER.fullmatch(line)
    if found is None:
        raise Refusal(400, request_line)
    name, value = found.groups()
    return name, value.rstrip(b" \t")


def _framing(headers: HeaderList, request_line: bytes) -> tuple[list[bytes], bool]:
    """The one framing line that is left, if any, and whether the original ones were ambiguous."""
    lengths = values_of(headers, b"content-length")
    codings = [value.lower() for value in values_of(headers, b"transfer-encoding")]
    if len(set(lengths)) > 1 or not all(length.isdigit() for length in lengths) or codings.count(b"chunked") > 1:
        raise Refusal(400, request_line)
    if not set(codings) <= {b"chunked", b"identity"}:
        raise Refusal(501, request_line)
    ambiguous = len(lengths) > 1 or b"identity" in codings or bool(lengths and codings)
    if b"chunked" in codings:
        return [b"Transfer-Encoding: chunked"], ambiguous
    return [b"Content-Length: " + length for length in lengths[:1]], ambiguous
