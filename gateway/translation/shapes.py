"""What the events of each front door look like: names, types, and what is null where others are absent.

Facts, from the same recordings as the flavours themselves:

- Load balancers send one pair of maps, never both and never null; header names are in lower case.
- REST APIs and payload 1.0 send both maps of a pair, null when they are empty.
- Payload 2.0 leaves out what has no value; ``body`` is absent, not null.
- Only HTTP APIs leave ``cookie`` out of ``headers`` where ``cookies`` has them.
"""

from collections.abc import Iterator
from typing import Final

from gateway.errors import UsageError
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
    base64_misfits,
    pair_misfits,
)
from gateway.types import Json

_TEXTS: Final = MapOf(TEXT)
_LISTS: Final = MapOf(ListOf(TEXT))
_SOME_TEXTS: Final = MapOf(TEXT, empty=False)
_SOME_LISTS: Final = MapOf(ListOf(TEXT), empty=False)
_ANY: Final = Anything()
_OBJECT: Final = MapOf(_ANY)

_ALB_CONTEXT: Final = Members({"elb": Members({"targetGroupArn": TEXT})})
_ALB_COMMON: Final[dict[str, Shape]] = {
    "requestContext": _ALB_CONTEXT,
    "httpMethod": TEXT,
    "path": TEXT,
    "body": TEXT,
    "isBase64Encoded": FLAG,
}
_ALB: Final = Members({**_ALB_COMMON, "queryStringParameters": _TEXTS, "headers": MapOf(TEXT, lower=True)})
_ALB_MULTI: Final = Members(
    {
        **_ALB_COMMON,
        "multiValueQueryStringParameters": _LISTS,
        "multiValueHeaders": MapOf(ListOf(TEXT), lower=True),
    }
)

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
_REST_IDENTITY: Final = Members(
    {"sourceIp": TEXT, "userAgent": OrNull(TEXT), **dict.fromkeys(_IDENTITY_NAMES, OrNull(TEXT))},
    {
        "apiKey": TEXT,
        "apiKeyId": TEXT,
        "clientCert": _OBJECT,
        "cognitoAmr": OrNull(_ANY),
        "vpcId": TEXT,
        "vpceId": TEXT,
    },
)
_V1_CONTEXT_TEXTS: Final[dict[str, Shape]] = dict.fromkeys(
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
_REST_CONTEXT: Final = Members(
    {**_V1_CONTEXT_TEXTS, "deploymentId": TEXT, "identity": _REST_IDENTITY, "requestTimeEpoch": WHOLE},
    {"authorizer": _OBJECT, "operationName": TEXT},
)
_V1_CONTEXT: Final = Members(
    {**_V1_CONTEXT_TEXTS, "identity": _REST_IDENTITY, "requestTimeEpoch": WHOLE}, {"authorizer": _OBJECT}
)
_V1_MEMBERS: Final[dict[str, Shape]] = {
    "resource": TEXT,
    "path": TEXT,
    "httpMethod": TEXT,
    "headers": _SOME_TEXTS,
    "multiValueHeaders": _SOME_LISTS,
    "queryStringParameters": OrNull(_SOME_TEXTS),
    "multiValueQueryStringParameters": OrNull(_SOME_LISTS),
    "pathParameters": OrNull(_SOME_TEXTS),
    "stageVariables": OrNull(_SOME_TEXTS),
    "body": OrNull(TEXT),
    "isBase64Encoded": FLAG,
}
_REST: Final = Members({**_V1_MEMBERS, "requestContext": _REST_CONTEXT})
_V1: Final = Members({"version": TEXT, **_V1_MEMBERS, "requestContext": _V1_CONTEXT})

_V2_CONTEXT: Final = Members(
    {
        **dict.fromkeys(
            ("accountId", "apiId", "domainName", "domainPrefix", "requestId", "routeKey", "stage", "time"), TEXT
        ),
        "http": Members(dict.fromkeys(("method", "path", "protocol", "sourceIp", "userAgent"), TEXT)),
        "timeEpoch": WHOLE,
    },
    {"authentication": _OBJECT, "authorizer": _OBJECT},
)
_V2: Final = Members(
    {
        "version": TEXT,
        "routeKey": TEXT,
        "rawPath": TEXT,
        "rawQueryString": TEXT,
        "headers": MapOf(TEXT, empty=False, lower=True),
        "requestContext": _V2_CONTEXT,
        "isBase64Encoded": FLAG,
    },
    {
        "cookies": ListOf(TEXT),
        "queryStringParameters": _SOME_TEXTS,
        "pathParameters": _SOME_TEXTS,
        "stageVariables": _SOME_TEXTS,
        "body": TEXT,
    },
)

_WEBSOCKET_CONTEXT: Final = Members(
    {
        **dict.fromkeys(
            (
                "routeKey",
                "eventType",
                "extendedRequestId",
                "requestTime",
                "messageDirection",
                "stage",
                "requestId",
                "domainName",
                "connectionId",
                "apiId",
            ),
            TEXT,
        ),
        "connectedAt": WHOLE,
        "requestTimeEpoch": WHOLE,
        "identity": Members({"sourceIp": TEXT}, closed=False),
    },
    {"authorizer": _OBJECT, "messageId": TEXT, "disconnectStatusCode": WHOLE, "disconnectReason": TEXT},
)
_WEBSOCKET: Final = Members(
    {"requestContext": _WEBSOCKET_CONTEXT, "isBase64Encoded": FLAG},
    {
        "headers": _TEXTS,
        "multiValueHeaders": _LISTS,
        "queryStringParameters": _SOME_TEXTS,
        "multiValueQueryStringParameters": _SOME_LISTS,
        "stageVariables": _SOME_TEXTS,
        "body": TEXT,
    },
)

SHAPES: Final[dict[str, Shape]] = {
    "alb": _ALB,
    "alb-multi": _ALB_MULTI,
    "rest": _REST,
    "http": _V2,
    "http-v1": _V1,
    "url": _V2,
    "url-stream": _V2,
    "websocket": _WEBSOCKET,
}
"""Front door → the shape of its events."""

_VERSIONS: Final = {"http": "2.0", "url": "2.0", "url-stream": "2.0", "http-v1": "1.0"}
_PAIRED: Final = frozenset({"rest", "http-v1", "websocket"})
_OTHER_MAPS: Final = {
    "alb": ("multiValueHeaders", "multiValueQueryStringParameters", "alb-multi"),
    "alb-multi": ("headers", "queryStringParameters", "alb"),
}


def event_misfits(name: str, event: Json) -> list[Misfit]:
    """Every difference between an event and those of a front door; the order of the members does not matter.

    Raises:
        UsageError: There is no such front door.
    """
    if name not in SHAPES:
        raise UsageError(f"there is no front door {name!r}; there are {', '.join(SHAPES)}")
    found = [*_maps_of_the_other_mode(name, event)]
    said = {misfit.pointer for misfit in found}
    found += [misfit for misfit in SHAPES[name].misfits(event) if misfit.pointer not in said]
    found += base64_misfits(event)
    if name in _PAIRED:
        found += pair_misfits(event, "headers", "multiValueHeaders")
        found += pair_misfits(event, "queryStringParameters", "multiValueQueryStringParameters")
    if name in _VERSIONS and isinstance(event, dict) and event.get("version") != _VERSIONS[name]:
        found.append(Misfit("/version", f"expected {_VERSIONS[name]!r}, got {event.get('version')!r}"))
    if name == "http" and isinstance(event, dict):
        headers = event.get("headers")
        if isinstance(headers, dict) and "cookie" in headers:
            found.append(Misfit("/headers/cookie", "is never sent by HTTP APIs: the values are in /cookies"))
    return found


def _maps_of_the_other_mode(name: str, event: Json) -> Iterator[Misfit]:
    if name in _OTHER_MAPS and isinstance(event, dict):
        *maps, other = _OTHER_MAPS[name]
        for member in maps:
            if member in event:
                yield Misfit(f"/{member}", f"is what the other mode sends ({other}); a load balancer never sends both")
