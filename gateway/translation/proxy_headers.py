"""Header lines on their way through API Gateway: which are dropped, which change their name, which are added.

Facts:

- REST APIs, request: twelve names never reach the function; some names have a fixed spelling whatever the client sent
  (``aUThorization`` arrives as ``Authorization``, ``tEsT-HEADeR`` stays) (recorded: localstack/localstack@8b9a79f0).
- REST APIs, response: eight names come out as ``x-amzn-Remapped-`` and the name as given, others are dropped
  (API Gateway developer guide, api-gateway-known-issues; reported: serverless-offline issue 236).  So does
  ``content-length``, streamed too, beside the API's own (transcripts: REST 2021 and 2023, a Function URL 2024).
- HTTP APIs and Function URLs: hop-by-hop names show up in no recorded event.
- HTTP API 1.0 events, over HTTP/1.1: ``Content-Type`` and a few others are Title-Case, ``accept``,
  ``accept-encoding`` and ``cache-control`` lower case, other names as sent (recorded, 2022).
- A client's ``X-Amzn-Trace-Id`` is honoured (recorded: localstack/localstack@8b9a79f0, 2024).
- Authorization that holds a SigV4 signature does not reach the function of a REST API (same page as the remapping).
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Final

from gateway.types import HeaderList, Json

FORWARDED_PORT: Final = "443"
FORWARDED_PROTO: Final = "https"
"""The front doors are HTTPS only, so every recorded event says so."""

HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Dropped from requests by HTTP APIs and Function URLs."""

REST_DROPPED: Final = frozenset(
    {
        "connection",
        "content-length",
        "content-md5",
        "expect",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
    }
)
"""Dropped from requests by REST APIs."""

_FORWARDING: Final = (
    "Host",
    "User-Agent",
    "X-Amzn-Trace-Id",
    "X-Forwarded-For",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
)

REST_SPELLING: Final[Mapping[str, str]] = {
    name.lower(): name
    for name in (
        *_FORWARDING,
        "Authorization",
        "CloudFront-Forwarded-Proto",
        "CloudFront-Is-Desktop-Viewer",
        "CloudFront-Is-Mobile-Viewer",
        "CloudFront-Is-SmartTV-Viewer",
        "CloudFront-Is-Tablet-Viewer",
        "CloudFront-Viewer-ASN",
        "CloudFront-Viewer-Country",
        "Via",
        "X-Amz-Cf-Id",
    )
}
"""Names that REST APIs spell their own way."""

HTTP_V1_SPELLING: Final[Mapping[str, str]] = {
    name.lower(): name
    for name in (*_FORWARDING, "Content-Length", "Content-Type", "accept", "accept-encoding", "cache-control")
}
"""Names that HTTP APIs spell their own way in payload 1.0."""

_WEBSOCKET_SPELLING: Final = {name.lower(): name for name in _FORWARDING}

REST_REMAPPED: Final = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "content-md5",
        "date",
        "max-forwards",
        "server",
        "user-agent",
        "www-authenticate",
    }
)
"""Renamed in responses of REST APIs and Function URLs (of the latter ``content-length`` and ``www-authenticate`` are
reported)."""

REST_RESPONSE_DROPPED: Final = frozenset(
    {"expect", "host", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade", "via"}
)
"""Dropped from responses of REST APIs and Function URLs."""

HTTP_RESPONSE_DROPPED: Final = frozenset(
    {"connection", "content-length", "date", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Dropped from responses of HTTP APIs, which frame by themselves."""


# The names of a client's headers repeat from request to request: a look-up is cheaper than the rule.
@lru_cache(maxsize=256)
def rest_name(raw: bytes) -> str:
    """A request header's name in a REST API's event, "" for one that is dropped."""
    name = raw.decode("latin-1")
    lower = name.lower()
    return "" if lower in REST_DROPPED else REST_SPELLING.get(lower, name)


@lru_cache(maxsize=256)
def http_v1_name(raw: bytes) -> str:
    """A request header's name in an HTTP API's 1.0 event, "" for one that is dropped."""
    name = raw.decode("latin-1")
    lower = name.lower()
    return "" if lower in HOP_BY_HOP else HTTP_V1_SPELLING.get(lower, name)


@lru_cache(maxsize=256)
def lower_name(raw: bytes) -> str:
    """A request header's name in a 2.0 event, "" for one that is dropped."""
    lower = raw.decode("latin-1").lower()
    return "" if lower in HOP_BY_HOP else lower


@lru_cache(maxsize=256)
def websocket_name(raw: bytes) -> str:
    """A handshake header's name in a CONNECT event, "" for one that is dropped."""
    name = raw.decode("latin-1")
    lower = name.lower()
    return "" if lower in REST_DROPPED else _WEBSOCKET_SPELLING.get(lower, name)


@lru_cache(maxsize=128)
def in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names sorted by ASCII; a client's requests mostly have the same names."""
    return tuple(sorted(names))


@lru_cache(maxsize=128)
def in_order_ignoring_case(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names sorted as if they were all in small letters."""
    return tuple(sorted(names, key=str.lower))


def by_name(parameters: Mapping[str, Json]) -> dict[str, Json]:
    """Parameters sorted by name."""
    return dict(parameters) if len(parameters) < 2 else dict(sorted(parameters.items()))


def text_lines(headers: HeaderList, spelled: Callable[[bytes], str]) -> list[tuple[str, str]]:
    """Lines as text, without those whose name ``spelled`` drops.

    A value is UTF-8 where it can be, else ISO 8859-1, which takes every byte.
    """
    try:
        return [(name, value.decode()) for raw, value in headers if (name := spelled(raw))]
    except UnicodeDecodeError:
        return [(name, _text(value)) for raw, value in headers if (name := spelled(raw))]


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def forwarded_for(sent: str, peer: str) -> str:
    """``X-Forwarded-For``: what the client sent, then the TCP peer."""
    return f"{sent}, {peer}" if sent else peer


def trace(sent: str, fresh: str) -> str:
    """``X-Amzn-Trace-Id``: what the client sent when it names a Root, else a Root of our own."""
    return sent if sent.startswith("Root=") or ";Root=" in sent else f"Root={fresh}"


def remap(lines: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """A function's response lines as a REST API sends them."""
    return [(renamed, value) for name, value in lines if (renamed := _response_name(name))]


@lru_cache(maxsize=256)
def _response_name(name: bytes) -> bytes:
    lower = name.decode("ascii").lower()
    if lower in REST_REMAPPED:
        return b"x-amzn-Remapped-" + name
    return b"" if lower in REST_RESPONSE_DROPPED else name


def is_signature(authorization: str) -> bool:
    """Whether an Authorization value is a SigV4 signature, with whatever algorithm."""
    return authorization.startswith("AWS4-")
