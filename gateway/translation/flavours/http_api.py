"""HTTP API, payload format 2.0.

Facts (recorded: awslabs/aws-lambda-rust-runtime@4c4e5fac; aws/aws-lambda-dotnet@f5e639feb, 2025; public events, 2022):

- ``rawPath`` and ``http.path`` are decoded and hold a named stage; ``pathParameters`` are decoded.
- ``cookie`` leaves ``headers`` and becomes ``cookies``; ``content-length`` is there even on a GET without a body.
- Query and path parameters are sorted by name; ``isBase64Encoded`` is last (public events, 2022 and March 2026).
- The request id is API Gateway's own and returns as ``apigw-requestid``.
- Whatever is no object with ``statusCode`` is the body of a 200 as it stands, even text that is no JSON; a JSON string
  loses its quotes (tests of aws/aws-lambda-dotnet@11723b03, which state what its authors saw on the service).
"""

from dataclasses import dataclass

from gateway.errors import BadResult
from gateway.translation.front_door import MAX_EVENT
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.http_front_door import HttpFrontDoor
from gateway.translation.identifiers import extended_request_id
from gateway.translation.media_types import is_text
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.payload_v2 import (
    Result,
    body_bytes,
    cookie_values,
    fold,
    forward,
    header_lines,
    http_block,
    joined_query,
    request_context,
)
from gateway.translation.percent import ascii_path
from gateway.translation.proxy_headers import by_name, in_order
from gateway.translation.request_body import event_body
from gateway.translation.result import load_result
from gateway.translation.result_text import dump, sequence, status_code, utf8
from gateway.translation.route import RouteMatch
from gateway.types import Json


@dataclass(frozen=True, slots=True)
class HttpApi(HttpFrontDoor):
    """An HTTP API whose integration uses payload format 2.0."""

    def encode(self, request: Request, arrival: Arrival, match: RouteMatch | None = None) -> bytes:
        """The event; without a match the request is routed first.

        Raises:
            Refused: No route takes the request, or the event is over Lambda's 6 MB.
        """
        event = dump(self.event(request, arrival, match or self.route(request)))
        if len(event) > MAX_EVENT:
            raise Refused(Cause.TOO_LARGE, f"the event has {len(event)} bytes, Lambda takes {MAX_EVENT}")
        return event

    def event(self, request: Request, arrival: Arrival, match: RouteMatch) -> dict[str, Json]:
        """The event before it becomes JSON."""
        headers = fold(request.headers)
        cookie = headers.pop("cookie", "")
        headers["host"] = request.authority.decode("latin-1") or headers.get("host") or self.own_host()
        forward(headers, request, arrival)
        if "content-length" not in headers:
            headers["content-length"] = str(len(request.body))
        event: dict[str, Json] = {
            "version": "2.0",
            "routeKey": match.route.key,
            "rawPath": match.path,
            "rawQueryString": ascii_path(request.raw_query),
        }
        if cookie:
            event["cookies"] = list(cookie.split("; "))
        event["headers"] = {name: headers[name] for name in in_order(tuple(headers))}
        if request.raw_query and (query := joined_query(request.raw_query)):
            event["queryStringParameters"] = by_name(query)
        event["requestContext"] = self._context(request, arrival, headers, match)
        as_text = is_text(headers.get("content-type", ""))
        closing = event_body({}, request.body, as_text=as_text)
        if "body" in closing:
            event["body"] = closing["body"]
        if match.path_parameters:
            event["pathParameters"] = by_name(match.path_parameters)
        if match.stage_variables:
            event["stageVariables"] = dict(match.stage_variables)
        event["isBase64Encoded"] = closing["isBase64Encoded"]
        return event

    def _context(
        self, request: Request, arrival: Arrival, headers: dict[str, str], match: RouteMatch
    ) -> dict[str, Json]:
        domain_name, domain_prefix, api_id = self.domain(headers["host"])
        fixed: dict[str, Json] = {"accountId": self.account_id, "apiId": api_id}
        if match.identity:
            fixed["authentication"] = dict(match.identity)
        if match.authorizer:
            fixed["authorizer"] = dict(match.authorizer)
        fixed["domainName"] = domain_name
        fixed["domainPrefix"] = domain_prefix
        fixed["routeKey"] = match.route.key
        fixed["stage"] = match.stage
        http = http_block(request, match.context_path, headers.get("user-agent", ""))
        return request_context(fixed, http, extended_request_id(arrival.request_id), arrival)

    def decode(self, payload: bytes, request: Request, arrival: Arrival) -> Response:
        """The response for a result; ``cookies`` come before a Set-Cookie of ``headers``."""
        result = _read(payload)
        lines = [(b"set-cookie", cookie) for cookie in result.cookies] + result.headers
        return self.respond(result.status, lines, result.body, request, arrival)


def _read(payload: bytes) -> Result:
    """A payload as a response; what is no response object is a body."""
    try:
        result = load_result(payload)
    except BadResult:
        return _inferred(payload)
    if isinstance(result, str):
        return _inferred(utf8(result))
    if not isinstance(result, dict) or "statusCode" not in result:
        return _inferred(payload)
    body = result.get("body")
    if body is not None and not isinstance(body, str):
        raise BadResult("/body", "a string", body)
    return Result(
        status_code(result["statusCode"]),
        header_lines(result.get("headers")),
        cookie_values(sequence(result.get("cookies"), "/cookies")),
        body_bytes(body or "", encoded=result.get("isBase64Encoded")),
    )


def _inferred(body: bytes) -> Result:
    return Result(200, [(b"Content-Type", b"application/json")], [], body, inferred=True)
