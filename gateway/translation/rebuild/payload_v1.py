"""The request behind an event of payload format 1.0: REST APIs and HTTP APIs."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from gateway.translation.messages import Arrival, Request
from gateway.translation.rebuild.rebuilt import (
    NO_REQUEST_ID,
    Lines,
    Rebuilt,
    api_options,
    body_of,
    line,
    sent_trace,
    without_peer,
)
from gateway.types import Json

_ADDED: Final = frozenset({"X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"})
_OF_REQUEST: Final = frozenset({"sourceIp", "userAgent"})


def from_rest(event: Mapping[str, Any]) -> Rebuilt:
    """The request behind a REST API's event."""
    context = event["requestContext"]
    request, trace_id = _request(event, context["path"])
    options = api_options(context, event["headers"].get("Host", ""))
    options |= {"stage": context["stage"], "deployment_id": context.get("deploymentId", "")}
    if event.get("stageVariables"):
        options["stage_variables"] = event["stageVariables"]
    options["routes"] = [f"ANY {event['resource']} {context.get('operationName', '')}".strip()]
    options |= _addressing(event, context)
    if event["isBase64Encoded"]:
        options["binary_media_types"] = ["*/*"]
    arrival = Arrival(context["requestId"], context["requestTimeEpoch"], trace_id)
    mask = _masked("extendedRequestId", "resourceId", *_identity(context["identity"]))
    return Rebuilt("rest", options, request, arrival, mask)


def from_http_v1(event: Mapping[str, Any]) -> Rebuilt:
    """The request behind an HTTP API's event of format 1.0."""
    context = event["requestContext"]
    request, trace_id = _request(event, event["path"])
    options = api_options(context, event["headers"].get("Host", ""))
    options["routes"] = [context["resourceId"]]
    options["stages"] = {context["stage"]: event.get("stageVariables") or {}}
    arrival = Arrival(NO_REQUEST_ID, context["requestTimeEpoch"], trace_id)
    mask = _masked("extendedRequestId", "requestId", *_identity(context["identity"]))
    return Rebuilt("http-v1", options, request, arrival, mask)


def _request(event: Mapping[str, Any], path: str) -> tuple[Request, str]:
    """The request and its trace id."""
    peer = event["requestContext"]["identity"]["sourceIp"]
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


def _addressing(event: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Json]:
    """What the URL's path begins with: a stage, a custom domain's base path, both or nothing."""
    if event["path"] != context["path"]:
        return {"addressing": "execute-api"}
    inner = event["resource"]
    for name, value in (event["pathParameters"] or {}).items():
        inner = inner.replace(f"{{{name}}}", value).replace(f"{{{name}+}}", value)
    prefix = context["path"].rstrip("/").removesuffix(inner.rstrip("/")).strip("/")
    if not prefix:
        return {"addressing": "domain"}
    base_path, slash, last = prefix.rpartition("/")
    if slash and last == context["stage"]:
        return {"addressing": "domain-stage", "base_path": base_path}
    return {"addressing": "domain", "base_path": prefix}


def _identity(identity: Mapping[str, Any]) -> list[str]:
    """What is known of the caller beyond the request."""
    return [f"identity/{name}" for name, value in identity.items() if value is not None and name not in _OF_REQUEST]


def _masked(*members: str) -> tuple[str, ...]:
    return tuple(f"/event/requestContext/{member}" for member in members)
