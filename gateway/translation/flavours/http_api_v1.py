"""HTTP API, payload format 1.0.

Facts (recorded: public events of 2022; aws/aws-lambda-dotnet@f5e639feb, 2025):

- ``path`` holds a named stage and stays encoded, ``requestContext.path`` is the same decoded; ``pathParameters`` are
  decoded; empty maps are null.
- ``resourceId`` is the route key, ``identity`` has ``cognitoAmr`` and is alphabetical like all of ``requestContext``;
  ``requestId`` and ``extendedRequestId`` are the same.
- Header names are sorted by ASCII, query and path parameters by name; ``Content-Length`` is there even on a GET.
- Nothing is inferred: a result without ``statusCode`` is a 500 (API Gateway developer guide,
  http-api-develop-integrations-lambda).
"""

from dataclasses import dataclass

from gateway.errors import BadResult
from gateway.translation.front_door import MAX_EVENT
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.http_front_door import HttpFrontDoor
from gateway.translation.identifiers import extended_request_id
from gateway.translation.instants import request_time
from gateway.translation.media_types import is_text
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.payload_v1 import Maps, forward, header_maps, multi_value_lines, query_maps
from gateway.translation.payload_v2 import body_bytes, header_lines
from gateway.translation.percent import ascii_path
from gateway.translation.proxy_headers import by_name, http_v1_name, in_order
from gateway.translation.request_body import event_body
from gateway.translation.result import load_result
from gateway.translation.result_text import dump, mapping, status_code
from gateway.translation.route import RouteMatch
from gateway.types import Json


@dataclass(frozen=True, slots=True)
class HttpApiV1(HttpFrontDoor):
    """An HTTP API whose integration uses payload format 1.0."""

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
        headers = self._headers(request, arrival)
        query = query_maps(request.raw_query)
        body = event_body({"body": None}, request.body, as_text=is_text(headers.text("Content-Type")))
        names = in_order(tuple(headers.single))
        return {
            "version": "1.0",
            "resource": match.route.path,
            "path": ascii_path(request.raw_path) or "/",
            "httpMethod": request.method,
            "headers": {name: headers.single[name] for name in names},
            "multiValueHeaders": {name: headers.multi[name] for name in names},
            "queryStringParameters": by_name(query.single) if query else None,
            "multiValueQueryStringParameters": by_name(query.multi) if query else None,
            "requestContext": self._context(request, arrival, headers, match),
            "pathParameters": by_name(match.path_parameters) or None,
            "stageVariables": dict(match.stage_variables) or None,
            "body": body["body"],
            "isBase64Encoded": body["isBase64Encoded"],
        }

    def _headers(self, request: Request, arrival: Arrival) -> Maps:
        headers = header_maps(request.headers, http_v1_name)
        if request.authority or not headers.text("Host"):
            headers.set("Host", request.authority.decode("latin-1") or self.own_host())
        forward(headers, request, arrival)
        if "Content-Length" not in headers.single:
            headers.set("Content-Length", str(len(request.body)))
        return headers

    def _context(self, request: Request, arrival: Arrival, headers: Maps, match: RouteMatch) -> dict[str, Json]:
        domain_name, domain_prefix, api_id = self.domain(headers.text("Host"))
        own_id = extended_request_id(arrival.request_id)
        context: dict[str, Json] = {"accountId": self.account_id, "apiId": api_id}
        if match.authorizer is not None:
            context["authorizer"] = dict(match.authorizer)
        context |= {
            "domainName": domain_name,
            "domainPrefix": domain_prefix,
            "extendedRequestId": own_id,
            "httpMethod": request.method,
            "identity": _identity(request.client[0], headers.text("User-Agent"), match),
            "path": match.context_path,
            "protocol": "HTTP/1.1",
            "requestId": own_id,
            "requestTime": request_time(arrival.epoch_ms),
            "requestTimeEpoch": arrival.epoch_ms,
            "resourceId": match.route.key,
            "resourcePath": match.route.path,
            "stage": match.stage,
        }
        return context

    def decode(self, payload: bytes, request: Request, arrival: Arrival) -> Response:
        """The response for a result; a single value comes before the list of the same name."""
        result = load_result(payload)
        if not isinstance(result, dict):
            raise BadResult("", "an object", result)
        body = result.get("body")
        if body is not None and not isinstance(body, str):
            raise BadResult("/body", "a string", body)
        single = header_lines(mapping(result.get("headers"), "/headers"))
        return self.respond(
            status_code(result.get("statusCode")),
            multi_value_lines(result.get("multiValueHeaders"), single, multi_first=False),
            body_bytes(body or "", encoded=result.get("isBase64Encoded")),
            request,
            arrival,
        )


def _identity(source_ip: str, user_agent: str, match: RouteMatch) -> dict[str, Json]:
    identity: dict[str, Json] = {
        "accessKey": None,
        "accountId": None,
        "caller": None,
        "cognitoAmr": None,
        "cognitoAuthenticationProvider": None,
        "cognitoAuthenticationType": None,
        "cognitoIdentityId": None,
        "cognitoIdentityPoolId": None,
        "principalOrgId": None,
        "sourceIp": source_ip,
        "user": None,
        "userAgent": user_agent,
        "userArn": None,
    }
    return identity | dict(match.identity) if match.identity else identity
