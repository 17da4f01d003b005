"""What every API Gateway front door knows about itself and about the wire around its answers."""

from collections.abc import Sequence
from typing import Final

from gateway.translation.headers import http_date
from gateway.translation.messages import Arrival, Request, Response

NO_CONTENT: Final = frozenset({204, 304})
"""Statuses whose responses carry neither body nor length (RFC 9110, 6.4.1)."""

NO_BASE_PATH: Final = "(none)"
"""``basePathMatched`` of a custom domain's mapping that has no base path."""

MAX_EVENT: Final = 6 * 1024 * 1024
"""The largest event in bytes that Lambda's Invoke takes from a front door."""


def execute_api_domain(api_id: str, region: str) -> str:
    """The host name that API Gateway gives to an API."""
    return f"{api_id}.execute-api.{region}.amazonaws.com"


def bare_host(host: str) -> str:
    """A Host header without its port: ``domainName`` has none."""
    if host.endswith("]"):
        return host
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def framed(
    status: int,
    lines: Sequence[tuple[bytes, bytes]],
    body: bytes,
    request: Request | None,
    arrival: Arrival,
    content_type: bytes = b"",
) -> Response:
    """A response with the lines that every front door puts first: Date, Content-Type, Content-Length, Connection.

    Args:
        status: The status; 204 and 304 have neither body nor length.
        lines: What follows, in wire order, without the four.
        body: The bytes of the body.
        request: None when the bytes on the wire were no request; the connection then closes.
        arrival: Gives the Date.
        content_type: b"" for none.
    """
    keep_alive = request is not None and request.keep_alive
    head = [(b"Date", http_date(arrival.epoch_ms))]
    if content_type:
        head.append((b"Content-Type", content_type))
    if status in NO_CONTENT:
        body = b""
    else:
        head.append((b"Content-Length", b"%d" % len(body)))
    head.append((b"Connection", b"keep-alive" if keep_alive else b"close"))
    head.extend(lines)
    return Response(status, head, body, close=not keep_alive)


def stream_head(
    status: int,
    lines: Sequence[tuple[bytes, bytes]],
    request: Request,
    arrival: Arrival,
    content_type: bytes,
) -> Response:
    """The head of a response whose body is yet to come, in the order of `framed`.

    Args:
        status: The status; 204 and 304 have no body to frame.
        lines: As for `framed`.
        request: HTTP/1.1 has a chunked body, HTTP/1.0 one that ends with the connection.
        arrival: Gives the Date.
        content_type: b"" for none.
    """
    framing: list[tuple[bytes, bytes]] = []
    if status in NO_CONTENT:
        pass
    elif request.http_version == "1.0":
        request = request._replace(keep_alive=False)
    elif request.http_version == "1.1" and request.method != "HEAD":
        framing = [(b"Transfer-Encoding", b"chunked")]
    whole = framed(status, lines, b"", request, arrival, content_type)
    head = [line for line in whole.headers if line[0] != b"Content-Length"]
    # Behind Date and Content-Type, where the length would stand.
    at = len(head) - len(lines) - 1
    return whole._replace(headers=[*head[:at], *framing, *head[at:]])
