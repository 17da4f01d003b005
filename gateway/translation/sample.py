"""Requests and arrivals that nobody sent: what an event is made of when there is no client.

Facts: a client sends the path and the query percent-encoded and keeps the fragment to itself (RFC 9110, 7.1;
RFC 3986, 3.5); the port is left out of ``Host`` when it is the scheme's own (RFC 9110, 7.2).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, TypeAlias
from urllib.parse import quote, urlsplit

from gateway.errors import UsageError
from gateway.translation.messages import Arrival, Request
from gateway.types import Address, EpochMs

Headers: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]
"""Header lines as a caller writes them; pairs may repeat a name."""

SAMPLE_ARRIVAL: Final = Arrival(
    "8af0f750-fdfc-4b2e-bf85-0218623df93e", 1_744_668_620_123, "1-67fd87cc-09a86408172acd0726c798d5"
)
"""2025-04-14T22:10:20.123Z; the trace id says the same second."""

SAMPLE_CLIENT: Final = ("127.0.0.1", 50000)
SAMPLE_HOST: Final = "gateway.test"

_PORTS: Final = {"http": 80, "https": 443}
# Everything that may stand in a request target, and % because it may already be encoded.
_TARGET_SAFE: Final = "/:@!$&'()*+,;=-._~%?[]\"<>\\^`{|}#"


def sample_request(
    method: str,
    url: str,
    headers: Headers = (),
    body: bytes = b"",
    client: Address = SAMPLE_CLIENT,
    scheme: str = "https",
) -> Request:
    """The request that a client makes of a URL.

    Args:
        method: Sent as it is.
        url: A whole URL, or a path with query for `SAMPLE_HOST`; what is not ASCII is percent-encoded as UTF-8.
        headers: Sent as they are; ``Host`` goes in front and ``Content-Length`` behind when they are missing.
        body: The whole body.
        client: The client's address.
        scheme: Of a URL without one.

    Raises:
        UsageError: The URL or a header cannot be sent.
    """
    scheme, host, port, target = split_url(url, scheme)
    lines = [(_sendable(name), _sendable(value)) for name, value in pairs_of(headers)]
    sent = {name.lower() for name, _ in lines}
    if b"host" not in sent:
        lines.insert(0, (b"Host", host.encode()))
    if body and not sent & {b"content-length", b"transfer-encoding"}:
        lines.append((b"Content-Length", b"%d" % len(body)))
    path, _, query = target.partition("?")
    return Request(
        method=method,
        raw_path=quote(path, safe=_TARGET_SAFE).encode() or b"/",
        raw_query=quote(query, safe=_TARGET_SAFE).encode(),
        headers=lines,
        body=body,
        client=client,
        server=("127.0.0.1", port),
        scheme=scheme,
    )


def split_url(url: str, scheme: str) -> tuple[str, str, int, str]:
    """Scheme, ``Host``, port and request target of a URL; ``scheme`` and `SAMPLE_HOST` stand in for what it lacks.

    Raises:
        UsageError: It is neither an HTTP URL nor a path.
    """
    if url.startswith("/"):
        return scheme, SAMPLE_HOST, _PORTS[scheme], url.partition("#")[0]
    try:
        parts = urlsplit(url if "://" in url else f"{scheme}://{url}")
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{url!r} is no URL: {error}") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError(f"{url!r} is no URL: give a path such as /pets?limit=3, or http://host/path")
    host = parts.netloc.rpartition("@")[2]
    if port == _PORTS[parts.scheme]:
        host = host.rpartition(":")[0]
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or _PORTS[parts.scheme], target


def sample_arrival(request_id: str = "", time: datetime | EpochMs | None = None, trace_id: str = "") -> Arrival:
    """`SAMPLE_ARRIVAL` with other values in their places; a trace id follows the time unless it is given."""
    arrival = SAMPLE_ARRIVAL
    if time is not None:
        epoch_ms = time if isinstance(time, int) else int(time.timestamp() * 1000)
        arrival = arrival._replace(epoch_ms=epoch_ms, trace_id=f"1-{epoch_ms // 1000:08x}-{arrival.trace_id[11:]}")
    return arrival._replace(request_id=request_id or arrival.request_id, trace_id=trace_id or arrival.trace_id)


def pairs_of(headers: Headers) -> list[tuple[str, str]]:
    """Header lines as pairs."""
    return list(headers.items()) if isinstance(headers, Mapping) else list(headers)


def _sendable(text: str) -> bytes:
    if any(mark in text for mark in "\r\n\0"):
        raise UsageError(f"{text!r} cannot stand in a header line: it has a line break or a NUL in it")
    return text.encode()
