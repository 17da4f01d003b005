"""HTTP/1.1 bytes: the head of a response and the target of a request.

Sources: RFC 9110 (which answers have no content, section 6.4.1), RFC 9112 (request targets, section 3.2).
"""

from typing import Final, NamedTuple

from gateway.translation.error_page import STANDARD_REASONS
from gateway.translation.flavour import Limits
from gateway.translation.headers import values_of
from gateway.translation.messages import Request, Response, Tls
from gateway.types import Address, HeaderList

# Python's own phrases for some of them changed between its versions.
_STATUS_LINES: Final = {status: b"HTTP/1.1 %d %b" % (status, reason) for status, reason in STANDARD_REASONS.items()}

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
"""The interim answer to ``Expect: 100-continue``."""

LAST_CHUNK: Final = b"0\r\n\r\n"
"""The end of a chunked body without trailers."""


class Peer(NamedTuple):
    """What a connection says of all its requests; the fields are those of `Request`."""

    client: Address
    server: Address
    scheme: str
    tls: Tls | None


class Reading(NamedTuple):
    """How one request came in: its size and three instants of `time.perf_counter`, in seconds.

    Attributes:
        received_bytes: Request line, header lines and body; the framing of a chunked body is not counted.
        created_at: Its first byte arrived.
        head_complete_at: Its last header line arrived.
        complete_at: Its last byte arrived, or a `Request.stream` was handed over.
    """

    received_bytes: int
    created_at: float
    head_complete_at: float
    complete_at: float


class Refusal(Exception):
    """Bytes that are not an acceptable request; ``status`` and ``request_line`` are for `Listener.reject`.

    Attributes:
        why: What is wrong, for the log; "" where the status says it.
        head: The head as far as it has come, b"" where it is not known by itself.
    """

    def __init__(self, status: int, request_line: bytes = b"", why: str = "") -> None:
        super().__init__(f"{status} for {request_line[:80]!r}")
        self.status = status
        self.request_line = request_line
        self.why = why
        self.head = b""


def head_lines(response: Response) -> list[bytes]:
    """The status line and all header lines of a response, without line ends.

    A response without a reason phrase gets the standard one; a status that has none gets an empty phrase.
    """
    status, headers, _, reason, *_ = response
    if reason:
        lines = [b"HTTP/1.1 %d %b" % (status, reason)]
    else:
        lines = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d " % status]
    lines += [name + b": " + value for name, value in headers]
    return lines


def has_content(method: str, status: int) -> bool:
    """Whether an answer may carry body bytes: none to HEAD, none with 1xx, 204 and 304."""
    return method != "HEAD" and status >= 200 and status not in {204, 304}


def split_target(target: bytes, method: str) -> tuple[bytes, bytes, bytes]:
    """Authority, path and query of a request target, nothing decoded.

    The authority is b"" except for the absolute form, whose empty path is ``/``.  ``*`` is a target of OPTIONS only.

    Raises:
        ValueError: This is no target for this method.
    """
    if target.startswith(b"/"):
        path, _, query = target.partition(b"?")
        return b"", path, query
    if target == b"*" and method == "OPTIONS":
        return b"", target, b""
    _, found, rest = target.partition(b"://")
    if not found or method == "CONNECT":
        raise ValueError(f"{target!r} is no target of {method}")
    location, _, query = rest.partition(b"?")
    authority, _, path = location.partition(b"/")
    return authority, b"/" + path, query


def over_limit(request_line_bytes: int, headers: HeaderList, limits: Limits) -> int:
    """The status for a head that is too long, 0 when it is not: 414 for the request line, the listener's for the lines.

    Colon, space and line end count for all header lines together, not for one line.
    """
    if request_line_bytes > limits.request_line:
        return 414
    sizes = [len(name) + len(value) for name, value in headers]
    if sizes and (max(sizes) > limits.header_line or sum(sizes) + 4 * len(sizes) > limits.headers):
        return limits.header_status
    return 0


def refused_while_read(request: Request, limits: Limits) -> int:
    """The status for a whole request that a port would not have read to its end, 0 for one that it would have."""
    target = len(request.raw_path) + len(request.raw_query) + bool(request.raw_query)
    status = over_limit(len(request.method) + target + len("  HTTP/1.1"), request.headers, limits)
    return status or (413 if len(request.body) > limits.request_body else 0)


def keeps_alive(http_version: str, headers: HeaderList) -> bool:
    """Whether the connection may serve another request after one with these lines (RFC 9112, section 9.3)."""
    tokens = {token.strip().lower() for value in values_of(headers, b"connection") for token in value.split(b",")}
    return b"close" not in tokens and (http_version != "1.0" or b"keep-alive" in tokens)
