"""Requests and answers on their way between a client and a plain HTTP server behind a load balancer.

Facts

- The load balancer adds ``X-Forwarded-For``, ``-Proto``, ``-Port`` and ``X-Amzn-Trace-Id`` and normalises ``Host``
  (AWS ELB user guide, "Application Load Balancers" and "HTTP headers").  They stand in front of the client's own
  lines, which keep their spelling; no page of AWS says so, servers that print what they got show it.
- ``Expect: 100-continue`` is answered by the load balancer; hop-by-hop lines belong to one connection (RFC 9110,
  7.6.1).  A client's ``Connection`` names lines of its own, never those that the load balancer adds.
- How long the body is, is no line here: the client of the server frames what it sends (`gateway.targets`).
- Answers begin with ``Date``, ``Content-Type``, the length or ``Transfer-Encoding``, ``Connection``, then the
  stickiness cookies ``AWSALB`` and ``AWSALBCORS``, then the server's own lines as it spelled them, ``Server`` among
  them (transcripts of real load balancers of 2019, 2020, 2022 and 2024; kubernetes-sigs/aws-load-balancer-controller
  issue 884).  ``AWSALBAPP-0`` to ``-3`` stand last (a transcript of 2026).
- What a server's answer without ``Date`` gets is not known; here it gets the load balancer's.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from gateway.errors import Fault, FaultKind
from gateway.translation import forwarded, host, trace
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.alb_owned import FORWARDED_FOR, TRACE_ID, USER, WRITTEN, folded, is_written
from gateway.translation.alb_request import admitted_lines, tls_headers
from gateway.translation.alb_response import finished
from gateway.translation.headers import HOP_BY_HOP, http_date, values_of, wire_size
from gateway.translation.messages import Arrival, Request
from gateway.types import HeaderList

_HOP_BY_HOP: Final = frozenset(name.encode() for name in HOP_BY_HOP)
_HOST: Final = b"host"
_NEVER: Final = _HOP_BY_HOP | {b"expect"}
_UNFRAMED: Final = _HOP_BY_HOP | {b"content-length"}
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_LENGTH_DIGITS: Final = 18
_NOWHERE: Final = b""
_DISGUISED: Final = b"_"
"""Only underscores tell the name from one that the load balancer writes."""
_OPTIONS: Final = _NEVER | {b"close", b"", b"content-length"}
"""What a ``Connection`` line may name without any effect here; how a body is framed is no client's to say."""


class _Sent(NamedTuple):
    """The client's lines: those that the load balancer writes anew, by lower-case name, and the rest."""

    written: dict[bytes, list[bytes]]
    rest: list[tuple[bytes, bytes]]


def request_lines(request: Request, arrival: Arrival, attributes: AlbAttributes) -> list[tuple[bytes, bytes]]:
    """The lines that the server gets; a length among them is the client's word and frames nothing.

    Raises:
        Fault: TOO_MANY_ADDRESSES.
    """
    sent = _sorted_out(request, attributes)
    lines = _forwarded_for(sent.written.get(FORWARDED_FOR, []), request, attributes)
    lines.append((b"X-Forwarded-Proto", request.scheme.encode()))
    lines.append((b"X-Forwarded-Port", b"%d" % request.server[1]))
    lines += _host(sent.written.get(_HOST, []), request, attributes)
    incoming = sent.written.get(TRACE_ID, [b""])[-1].decode("latin-1")
    if incoming and wire_size(request.headers) > trace.MAX_HEADERS_BYTES:
        incoming = ""
    lines.append((b"X-Amzn-Trace-Id", trace.extended(incoming, arrival.trace_id).encode("latin-1")))
    if request.tls is not None:
        for name, value in tls_headers(request.tls, attributes):
            lines.append((attributes.request_header_names.get(name, name).encode(), value.encode()))
    return lines + sent.rest


def _sorted_out(request: Request, attributes: AlbAttributes) -> _Sent:
    written: dict[bytes, list[bytes]] = {}
    rest = []
    for line in admitted_lines(request, attributes):
        place = _placed(line[0])
        if place is None:
            rest.append(line)
        elif place is _DISGUISED:
            if not is_written(folded(line[0]), attributes):
                rest.append(line)
        elif place:
            written.setdefault(place, []).append(line[1])
    named = _named_by_connection(request.headers)
    if named:
        rest = [line for line in rest if line[0].lower() not in named]
    return _Sent(written, rest)


@lru_cache(maxsize=256)  # names repeat from request to request
def _placed(name: bytes) -> bytes | None:
    """Where a client's line goes: as it is for None, nowhere for b"", to those of this name; or `_DISGUISED`."""
    lower = name.lower()
    if lower in WRITTEN or lower == _HOST:
        return lower
    if lower in _NEVER:
        return _NOWHERE
    return _DISGUISED if folded(name) in WRITTEN else None


def _named_by_connection(lines: HeaderList) -> frozenset[bytes]:
    """The names that a ``Connection`` line makes hop-by-hop, but for those that are always so, or never."""
    named = values_of(lines, b"connection")
    if not named:
        return frozenset()
    names = frozenset([part.strip().lower() for value in named for part in value.split(b",")]) - _OPTIONS
    return frozenset([name for name in names if not name.startswith(USER)]) if names else names


def _forwarded_for(sent: list[bytes], request: Request, attributes: AlbAttributes) -> list[tuple[bytes, bytes]]:
    values = [value.decode("latin-1") for value in sent]
    if values and forwarded.address_count(values) > forwarded.MAX_ADDRESSES:
        raise Fault(FaultKind.TOO_MANY_ADDRESSES, f"at most {forwarded.MAX_ADDRESSES} addresses in X-Forwarded-For")
    if attributes.xff_mode == "append":
        values = [", ".join([*values, forwarded.peer_item(request.client, with_port=attributes.xff_client_port)])]
    elif attributes.xff_mode == "remove":
        values = []
    return [(b"X-Forwarded-For", value.encode("latin-1")) for value in values]


def _host(sent: list[bytes], request: Request, attributes: AlbAttributes) -> list[tuple[bytes, bytes]]:
    if attributes.preserve_host:
        return [(b"Host", value) for value in sent]
    port = request.server[1]
    if request.authority:
        return [(b"Host", host.of_target(request.authority.decode("latin-1"), port).encode("latin-1"))]
    return [(b"Host", host.normalised(value.decode("latin-1"), port).encode("latin-1")) for value in sent[:1]]


def stream_length(request: Request) -> int | None:
    """How long a streamed body is, None when only its end will show: what the client said, if it said one thing."""
    said = [value for name, value in request.headers if name.lower() in _FRAMING]
    lengths = values_of(request.headers, b"content-length")
    if len(said) != 1 or not lengths or not lengths[0].isdigit() or len(lengths[0]) > _LENGTH_DIGITS:
        return None
    return int(lengths[0])


class Framing(NamedTuple):
    """How the body goes to the client.

    Attributes:
        length: The value of ``Content-Length``, None for a body of unknown length or an answer without one.
        chunked: The body goes in chunks where the client's version of HTTP has them.
    """

    length: int | None
    chunked: bool = False


def response_lines(
    answered: HeaderList,
    framing: Framing,
    cookies: HeaderList,
    request: Request,
    arrival: Arrival,
    attributes: AlbAttributes,
) -> HeaderList:
    """The lines that the client gets for the lines that the server answered with."""
    first: dict[bytes, bytes] = {}
    rest = []
    dropped = _UNFRAMED | _named_by_connection(answered)
    for name, value in answered:
        lower = name.lower()
        if lower in {b"date", b"content-type"} and lower not in first:
            first[lower] = value
        elif lower not in dropped and (lower != b"server" or attributes.server_header):
            rest.append((name, value))
    lines = [(b"Date", first.get(b"date") or http_date(arrival.epoch_ms))]
    if b"content-type" in first:
        lines.append((b"Content-Type", first[b"content-type"]))
    if framing.length is not None:
        lines.append((b"Content-Length", b"%d" % framing.length))
    elif framing.chunked and request.http_version == "1.1":
        lines.append((b"Transfer-Encoding", b"chunked"))
    lines.append((b"Connection", b"keep-alive" if request.keep_alive else b"close"))
    for line in cookies:
        (rest if line[1].startswith(b"AWSALBAPP-") else lines).append(line)
    return finished(lines + rest, attributes, request)
