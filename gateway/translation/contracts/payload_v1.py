"""What all events of payload format 1.0 have in common: both maps of a pair are sent, null when they are empty."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from gateway.translation.contracts.rebuilt import Lines, body_of, line, sent_trace, without_peer
from gateway.translation.messages import Request
from gateway.translation.shape import (
    FLAG,
    TEXT,
    WHOLE,
    Anything,
    ListOf,
    MapOf,
    Members,
    Misfit,
    OrNull,
    Shape,
    pair_misfits,
)
from gateway.types import Json

_ADDED: Final = frozenset({"X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"})
_OF_REQUEST: Final = frozenset({"sourceIp", "userAgent"})


def request_of(event: Mapping[str, Any], path: str, peer: str = "") -> tuple[Request, str]:
    """The request and its trace id; its TCP peer is ``sourceIp``, unless it is known to be another."""
    peer = peer or event["requestContext"]["identity"]["sourceIp"]
    body = body_of(event)
    lines, trace_id = _lines(event["multiValueHeaders"], peer, empty=not body)
    grouped = (event["multiValueQueryStringParameters"] or {}).items()
    query = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, values in grouped for value in values)
    request = Request(
        method=event["httpMethod"],
        raw_path=path.encode(),
        raw_query=query.encode(),
        headers=lines,
        body=body,
        client=(peer, 0),
        server=("127.0.0.1", 443),
        scheme="https",
    )
    return request, trace_id


def _lines(headers: Mapping[str, list[str]], peer: str, *, empty: bool) -> tuple[Lines, str]:
    """The client's lines, and the trace id."""
    trace, trace_id = sent_trace(headers.get("X-Amzn-Trace-Id", [""])[-1])
    forwarded_for = without_peer(", ".join(headers.get("X-Forwarded-For", ())), peer)
    lines = [
        line(name, value)
        for name, values in headers.items()
        # HTTP APIs add the length of no body.
        if name not in _ADDED and not (empty and name == "Content-Length" and values == ["0"])
        for value in values
    ]
    own = (("X-Amzn-Trace-Id", trace), ("X-Forwarded-For", forwarded_for))
    return lines + [line(name, value) for name, value in own if value], trace_id


def callers_members(identity: Mapping[str, Any]) -> list[str]:
    """What is known of the caller beyond the request."""
    return [f"identity/{name}" for name, value in identity.items() if value is not None and name not in _OF_REQUEST]


def unpaired(event: dict[str, Json]) -> Iterator[Misfit]:
    """Where the two maps of a pair do not say the same."""
    yield from pair_misfits(event, "headers", "multiValueHeaders")
    yield from pair_misfits(event, "queryStringParameters", "multiValueQueryStringParameters")


RESULT: Final = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
"""What is read of a result."""

OBJECT: Final = MapOf(Anything())
TEXTS: Final = MapOf(TEXT, empty=False)
LISTS: Final = MapOf(ListOf(TEXT), empty=False)
_IDENTITY_NAMES: Final = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "user",
    "userArn",
)
_IDENTITY: Final = Members(
    {"sourceIp": TEXT, "userAgent": OrNull(TEXT), **dict.fromkeys(_IDENTITY_NAMES, OrNull(TEXT))},
    {
        "apiKey": TEXT,
        "apiKeyId": TEXT,
        "clientCert": OBJECT,
        "cognitoAmr": OrNull(Anything()),
        "vpcId": TEXT,
        "vpceId": TEXT,
    },
)
_CONTEXT_TEXTS: Final[dict[str, Shape]] = dict.fromkeys(
    (
        "accountId",
        "apiId",
        "domainName",
        "domainPrefix",
        "extendedRequestId",
        "httpMethod",
        "path",
        "protocol",
        "requestId",
        "requestTime",
        "resourceId",
        "resourcePath",
        "stage",
    ),
    TEXT,
)
MEMBERS: Final[dict[str, Shape]] = {
    "resource": TEXT,
    "path": TEXT,
    "httpMethod": TEXT,
    "headers": TEXTS,
    "multiValueHeaders": LISTS,
    "queryStringParameters": OrNull(TEXTS),
    "multiValueQueryStringParameters": OrNull(LISTS),
    "pathParameters": OrNull(TEXTS),
    "stageVariables": OrNull(TEXTS),
    "body": OrNull(TEXT),
    "isBase64Encoded": FLAG,
}
CONTEXT: Final[dict[str, Shape]] = {**_CONTEXT_TEXTS, "identity": _IDENTITY, "requestTimeEpoch": WHOLE}
