"""What all events of payload format 2.0 have in common: what has no value is left out, ``body`` too."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.translation.contracts.rebuilt import Lines, body_of, line, sent_trace, without_peer
from gateway.translation.messages import Request
from gateway.translation.shape import FLAG, TEXT, WHOLE, Anything, ListOf, MapOf, Members, Misfit
from gateway.types import Json

_ADDED: Final = frozenset({"x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"})


def request_of(event: Mapping[str, Any], path: str, headers: Mapping[str, str]) -> tuple[Request, str]:
    """The request and its trace id."""
    http = event["requestContext"]["http"]
    peer = http["sourceIp"]
    body = body_of(event)
    trace, trace_id = sent_trace(headers.get("x-amzn-trace-id", ""))
    own = (
        ("x-amzn-trace-id", trace),
        ("x-forwarded-for", without_peer(headers.get("x-forwarded-for", ""), peer)),
    )
    request = Request(
        method=http["method"],
        raw_path=path.encode(),
        raw_query=event["rawQueryString"].encode(),
        headers=_lines(headers) + [line(name, value) for name, value in own if value],
        body=body,
        client=(peer, 0),
        server=("127.0.0.1", 443),
        scheme="https",
    )
    return request, trace_id


def _lines(headers: Mapping[str, str]) -> Lines:
    return [line(name, value) for name, value in headers.items() if name not in _ADDED]


def is_of_function_url(context: Mapping[str, Any]) -> bool:
    """Whether an event of this format is a function URL's: by its host, its caller, else by what stands for its host.

    All others are HTTP APIs'.
    """
    domain = str(context.get("domainName"))
    if ".lambda-url." in domain or context.get("accountId") == "anonymous":
        return True
    # Behind another host (localhost) only a function URL still has its own id as the prefix.
    return ".execute-api." not in domain and context.get("domainPrefix") == context.get("apiId")


def other_version(event: dict[str, Json]) -> Iterator[Misfit]:
    """A ``version`` that is not 2.0."""
    if event.get("version") != "2.0":
        yield Misfit("/version", f"expected '2.0', got {event.get('version')!r}")


RESULT: Final = frozenset({"statusCode", "headers", "cookies", "body", "isBase64Encoded"})
"""What is read of a result."""

_TEXTS: Final = MapOf(TEXT, empty=False)
_CONTEXT: Final = Members(
    {
        **dict.fromkeys(
            ("accountId", "apiId", "domainName", "domainPrefix", "requestId", "routeKey", "stage", "time"), TEXT
        ),
        "http": Members(dict.fromkeys(("method", "path", "protocol", "sourceIp", "userAgent"), TEXT)),
        "timeEpoch": WHOLE,
    },
    {"authentication": MapOf(Anything()), "authorizer": MapOf(Anything())},
)
SHAPE: Final = Members(
    {
        "version": TEXT,
        "routeKey": TEXT,
        "rawPath": TEXT,
        "rawQueryString": TEXT,
        "headers": MapOf(TEXT, empty=False, lower=True),
        "requestContext": _CONTEXT,
        "isBase64Encoded": FLAG,
    },
    {
        "cookies": ListOf(TEXT),
        "queryStringParameters": _TEXTS,
        "pathParameters": _TEXTS,
        "stageVariables": _TEXTS,
        "body": TEXT,
    },
)
