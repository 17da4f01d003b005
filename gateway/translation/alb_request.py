"""What an Application Load Balancer refuses by itself, and what it does to a request's headers before the event.

Facts, from the AWS ELB user guide ("Troubleshoot", "Application Load Balancers", "Lambda functions as targets")

- TRACE is answered with 405, a WebSocket upgrade with 400, a body over 1 MB with 413, more than 30 addresses in
  ``X-Forwarded-For`` with 463.
- ``X-Forwarded-For``, ``-Proto``, ``-Port`` and ``X-Amzn-Trace-Id`` are added to every request of a client.
- What the load balancer adds wins over the client's copy in single mode; in multi mode it comes behind the client's
  (laravel/vapor-core pull request 25, recorded 2020).
- ``Expect: 100-continue`` is answered by the load balancer and not passed on; other hop-by-hop lines are passed on
  (``connection`` is there in captures of 2018-2021).
"""

from collections.abc import Iterator
from typing import Final

from gateway.errors import Fault, FaultKind
from gateway.translation import forwarded, host, trace
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.alb_owned import without_tls_lines
from gateway.translation.client_certificate import to_header, verify_headers
from gateway.translation.flavour import Limits
from gateway.translation.headers import all_values, wire_size
from gateway.translation.messages import Arrival, Request, Tls
from gateway.types import HeaderList

_PLAIN_NAME: Final = frozenset(b"-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


def refuse_early(request: Request, limits: Limits) -> None:
    """Raise the `Fault` of a request that can be judged before its headers are read."""
    if len(request.body) > limits.request_body or request.stream is not None:
        raise Fault(FaultKind.REQUEST_TOO_LARGE, f"more than {limits.request_body} bytes of body")
    refuse_target(request)


def refuse_target(request: Request) -> None:
    """Raise the `Fault` of a method or a path that no target gets."""
    if request.method == "TRACE":
        raise Fault(FaultKind.METHOD_NOT_ALLOWED, "TRACE")
    # Percent-encoded dots are not looked at: nothing decodes the path.
    if b"/.." in request.raw_path and _leaves_the_root(request.raw_path):
        raise Fault(FaultKind.MALFORMED, f"the path {request.raw_path!r:.80} climbs above the root")


def _leaves_the_root(raw_path: bytes) -> bool:
    depth = 0
    for segment in raw_path.split(b"/"):
        if segment == b"..":
            depth -= 1
            if depth < 0:
                return True
        elif segment not in (b"", b"."):
            depth += 1
    return False


def refuse_websocket(last: dict[str, str]) -> None:
    """Raise the `Fault` of a WebSocket upgrade, for the headers by lower-case name."""
    if "upgrade" in last and "websocket" in last["upgrade"].lower() and "upgrade" in last.get("connection", "").lower():
        raise Fault(FaultKind.WEBSOCKET, "send plain HTTP, or use an API Gateway WebSocket API")


def admitted_lines(request: Request, attributes: AlbAttributes) -> HeaderList:
    """The client's lines that may reach the target."""
    lines = request.headers
    if attributes.drop_invalid_header_fields:
        lines = [line for line in lines if _PLAIN_NAME.issuperset(line[0])]
    if request.tls is not None or attributes.tls_headers or attributes.tls_key_exchange or attributes.mtls_passthrough:
        lines = without_tls_lines(lines, request.tls, attributes)
    return lines


def single_headers(
    last: dict[str, str], added: dict[str, str], request: Request, attributes: AlbAttributes
) -> dict[str, str]:
    """The event's headers in single mode; changes and returns ``last``."""
    # The load balancer's value is the last one of its name.
    last.update(added)
    if ("host" in last or request.authority) and not attributes.preserve_host:
        last["host"] = _host(last.get("host", ""), request)
    if "expect" in last or attributes.xff_mode == "remove":
        _drop(last, last.get("expect", ""), attributes)
    return last


def multi_headers(
    every: dict[str, list[str]], added: dict[str, str], request: Request, attributes: AlbAttributes
) -> dict[str, list[str]]:
    """The event's headers in multi mode; changes and returns ``every``."""
    for name, value in added.items():
        every.setdefault(name, []).append(value)
    if ("host" in every or request.authority) and not attributes.preserve_host:
        # One authority stands for however many lines the client sent.
        sent = [""] if request.authority else every["host"]
        every["host"] = [_host(value, request) for value in sent]
    _drop(every, every.get("expect", [""])[-1], attributes)
    return every


def _drop(headers: dict[str, str] | dict[str, list[str]], expect: str, attributes: AlbAttributes) -> None:
    if expect.lower() == "100-continue":
        del headers["expect"]
    if attributes.xff_mode == "remove":
        headers.pop("x-forwarded-for", None)


def added_headers(
    lines: HeaderList, last: dict[str, str], request: Request, arrival: Arrival, attributes: AlbAttributes
) -> dict[str, str]:
    """What the load balancer adds, by lower-case name; raises `Fault` for too many addresses."""
    added = {"x-forwarded-proto": request.scheme, "x-forwarded-port": str(request.server[1])}
    peer = forwarded.peer_item(request.client, with_port=attributes.xff_client_port)
    # The count is checked in every mode: the load balancer has received the header.
    if "x-forwarded-for" in last:
        peer = _behind_client(lines, peer)
    if attributes.xff_mode == "append":
        added["x-forwarded-for"] = peer
    incoming = last.get("x-amzn-trace-id", "")
    # Only a client's own fields can be lost, so other requests are not measured.
    if incoming and wire_size(lines) > trace.MAX_HEADERS_BYTES:
        incoming = ""
    added["x-amzn-trace-id"] = trace.extended(incoming, arrival.trace_id)
    if request.tls is not None:
        for name, value in tls_headers(request.tls, attributes):
            added[attributes.request_header_names.get(name, name).lower()] = value
    return added


def tls_headers(tls: Tls, attributes: AlbAttributes) -> Iterator[tuple[str, str]]:
    """What the load balancer tells of the client's TLS session, under the default names."""
    if attributes.tls_headers:
        yield "x-amzn-tls-version", tls.version
        yield "x-amzn-tls-cipher-suite", tls.cipher
    if attributes.tls_key_exchange and tls.group:
        yield "x-amzn-tls-kx", tls.group
    if tls.verified is not None:
        yield from verify_headers(tls.verified)
    elif attributes.mtls_passthrough and tls.client_certificate:
        yield "x-amzn-mtls-clientcert", to_header(tls.client_certificate)


def _behind_client(lines: HeaderList, peer: str) -> str:
    """The peer's item behind all addresses that the client named."""
    sent = all_values(lines)["x-forwarded-for"]
    if forwarded.address_count(sent) > forwarded.MAX_ADDRESSES:
        raise Fault(FaultKind.TOO_MANY_ADDRESSES, f"at most {forwarded.MAX_ADDRESSES} addresses in X-Forwarded-For")
    return ", ".join((*sent, peer))


def _host(sent: str, request: Request) -> str:
    port = request.server[1]
    return host.of_target(request.authority.decode(), port) if request.authority else host.normalised(sent, port)
