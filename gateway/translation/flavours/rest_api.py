"""REST API, Lambda proxy integration (AWS_PROXY), buffered and streamed.

Facts (recorded: localstack/localstack@8b9a79f0, 2024; aws/aws-lambda-dotnet@f5e639feb, 2025;
key order: CodeGenieApp/serverless-express@5944638):

- All twelve keys of the event are always there; empty maps and an empty body are null.  There is no ``version``.
- Headers are sorted by name without regard to case, the API's own among them (33 public captures).
- ``requestContext.customDomain`` is there on a custom domain (captures of 2021; API Gateway developer guide,
  ``$context.customDomain.basePathMatched``).
- Paths and path parameters stay encoded, the query is decoded.
- A result may have five keys, all optional; any other is a 502, and so is a ``statusCode`` that is no number.
- ``Content-Type: application/json`` is added when the function gave none, for an empty body too.
- A base64 body is decoded only when the *request's* Accept names one of the API's binary media types.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

from gateway.errors import BadResult, Fault
from gateway.translation.flavour import Limits
from gateway.translation.front_door import (
    MAX_EVENT,
    NO_BASE_PATH,
    bare_host,
    execute_api_domain,
    framed,
    stream_head,
)
from gateway.translation.gateway_response import (
    REST,
    Cause,
    Refused,
    gateway_response,
    refusal_body,
    refusal_headers,
)
from gateway.translation.headers import first_value
from gateway.translation.identifiers import (
    RESOURCE_ID_LENGTH,
    extended_request_id,
    is_aws_host,
    response_trace,
    short_id,
    shown_api_id,
)
from gateway.translation.instants import request_time
from gateway.translation.map_order import in_map_order
from gateway.translation.media_types import is_binary_request, is_binary_response
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.payload_v1 import Maps, forward, header_maps, multi_value_lines, query_maps, result_members
from gateway.translation.payload_v2 import content_type_of, header_lines
from gateway.translation.percent import ascii_path
from gateway.translation.proxy_headers import in_order_ignoring_case, is_signature, remap, rest_name, trace
from gateway.translation.request_body import event_body
from gateway.translation.request_checks import check_header_values, check_query
from gateway.translation.result_text import decoded, dump, flag, status_code, utf8
from gateway.translation.route import REST_DEFAULT, RouteMatch, RouteTable
from gateway.translation.stream_prelude import Prelude
from gateway.types import Json

_LIMITS: Final = Limits(request_body=10 * 1024 * 1024, result=MAX_EVENT, request_line=10240, header_status=431)
_JSON: Final = b"application/json"


@dataclass(frozen=True, slots=True)
class RestApi:
    """A REST API.

    Attributes:
        api_id: Ten letters and digits, where the host is none of AWS's; "" derives them from account and region.
        account_id: The owner of the API.
        region: Part of the host name.
        stage: The stage's name.
        stage_variables: Empty gives ``null`` in the event.
        domain_name: ``requestContext.domainName``; "" for the host that the client used.
        addressing: What the URL's path begins with: ``domain`` for a custom domain mapped to the stage (base path
            only), ``domain-stage`` for one mapped to the API (base path and stage), ``execute-api`` (stage).
        base_path: Of the custom domain's mapping, without slashes; "" for none.
        routes: Resources and their methods.
        binary_media_types: The API's ``binaryMediaTypes``.
        deployment_id: "" derives it from the API.
    """

    api_id: str = ""
    account_id: str = "123456789012"
    region: str = "us-east-1"
    stage: str = "prod"
    stage_variables: dict[str, str] = field(default_factory=dict)
    domain_name: str = ""
    addressing: Literal["domain", "domain-stage", "execute-api"] = "domain"
    base_path: str = ""
    routes: RouteTable = REST_DEFAULT
    binary_media_types: tuple[str, ...] = ()
    deployment_id: str = ""

    def __post_init__(self) -> None:
        if not self.api_id:
            object.__setattr__(self, "api_id", short_id(f"rest/{self.account_id}/{self.region}"))
        if not self.deployment_id:
            object.__setattr__(self, "deployment_id", short_id(f"deployment/{self.api_id}", RESOURCE_ID_LENGTH))

    @property
    def limits(self) -> Limits:
        """10 MB in, 6 MB of JSON in and out of the function, 10240 bytes of URL."""
        return _LIMITS

    def preflight(self, request: Request, arrival: Arrival) -> None:
        """Never: CORS of a REST API is methods of its own."""

    def route(self, request: Request) -> RouteMatch:
        """Which resource and method take the request.

        Raises:
            Refused: No stage, base path or resource has it, or its headers or query are not acceptable.
        """
        check_header_values(request.headers, Cause.HEADERS_TOO_LARGE)
        check_query(request.raw_query, b"{}|")
        path, context_path, inner = self._place(ascii_path(request.raw_path))
        method = _routed_method(request)
        found = self.routes.match_rest(method, inner)
        if found is None:
            raise Refused(Cause.NO_ROUTE, f"{method} {inner} matches no resource with that method")
        route, parameters = found
        return RouteMatch(route, path, context_path, parameters, self.stage, self.stage_variables)

    def _place(self, raw: str) -> tuple[str, str, str]:
        """The event's ``path``, its ``requestContext.path``, and the path that the resources see."""
        context_path = "/" + raw.lstrip("/")
        inner = context_path
        prefixes = [self.base_path] if self.base_path else []
        if self.addressing != "domain":
            prefixes.append(self.stage)
        for prefix in prefixes:
            head, _, rest = inner[1:].partition("/")
            if head != prefix:
                raise Refused(Cause.NO_STAGE, f"{raw} does not begin with /{'/'.join(prefixes)}")
            inner = "/" + rest.lstrip("/")
        return (inner if self.addressing == "execute-api" else context_path), context_path, inner

    def encode(self, request: Request, arrival: Arrival, match: RouteMatch | None = None) -> bytes:
        """The event; without a match the request is routed first.

        Raises:
            Refused: Nothing takes the request, or the event is over Lambda's 6 MB.
        """
        event = dump(self.event(request, arrival, match or self.route(request)))
        if len(event) > MAX_EVENT:
            raise Refused(Cause.TOO_LARGE, f"the event has {len(event)} bytes, Lambda takes {MAX_EVENT}")
        return event

    def event(self, request: Request, arrival: Arrival, match: RouteMatch) -> dict[str, Json]:
        """The event before it becomes JSON."""
        headers = self._headers(request, arrival)
        query = query_maps(request.raw_query)
        body = self._body(request, headers)
        names = in_order_ignoring_case(tuple(headers.single))
        return {
            "resource": match.route.path,
            "path": match.path,
            "httpMethod": request.method,
            "headers": {name: headers.single[name] for name in names},
            "multiValueHeaders": {name: headers.multi[name] for name in names},
            "queryStringParameters": query.single if query else None,
            "multiValueQueryStringParameters": query.multi if query else None,
            "pathParameters": dict(match.path_parameters) or None,
            "stageVariables": dict(match.stage_variables) or None,
            "requestContext": self._context(request, arrival, headers, match),
            "body": body["body"],
            "isBase64Encoded": body["isBase64Encoded"],
        }

    def _body(self, request: Request, headers: Maps) -> dict[str, Json]:
        binary = False
        if request.body and self.binary_media_types:
            content_type = next((headers.text(name) for name in headers.single if name.lower() == "content-type"), "")
            binary = is_binary_request(content_type, self.binary_media_types)
        return event_body({"body": None}, request.body, as_text=not binary)

    def _headers(self, request: Request, arrival: Arrival) -> Maps:
        headers = header_maps(request.headers, rest_name)
        if is_signature(headers.text("Authorization")):
            del headers.single["Authorization"], headers.multi["Authorization"]
        if request.authority or not headers.text("Host"):
            own = self.domain_name or execute_api_domain(self.api_id, self.region)
            headers.set("Host", request.authority.decode("latin-1") or own)
        forward(headers, request, arrival)
        return headers

    def _context(self, request: Request, arrival: Arrival, headers: Maps, match: RouteMatch) -> dict[str, Json]:
        domain_name = self.domain_name or bare_host(headers.text("Host"))
        context: dict[str, Json] = {"resourceId": short_id(f"{self.api_id}{match.route.path}", RESOURCE_ID_LENGTH)}
        if match.authorizer is not None:
            context["authorizer"] = dict(match.authorizer)
        context["resourcePath"] = match.route.path
        if match.route.operation_name:
            context["operationName"] = match.route.operation_name
        context["httpMethod"] = request.method
        context["extendedRequestId"] = extended_request_id(arrival.request_id)
        if self.addressing != "execute-api" and not is_aws_host(domain_name):
            context["customDomain"] = {"basePathMatched": self.base_path or NO_BASE_PATH}
        context |= {
            "requestTime": request_time(arrival.epoch_ms),
            "path": match.context_path,
            "accountId": self.account_id,
            "protocol": "HTTP/1.1",
            "stage": match.stage,
            "domainPrefix": domain_name.partition(".")[0],
            "requestTimeEpoch": arrival.epoch_ms,
            "requestId": arrival.request_id,
            "identity": _identity(request.client[0], headers.single.get("User-Agent"), match),
            "domainName": domain_name,
            "deploymentId": self.deployment_id,
            "apiId": shown_api_id(domain_name, self.api_id),
        }
        return context

    def decode(self, payload: bytes, request: Request, arrival: Arrival) -> Response:
        """The response for a buffered result."""
        result = result_members(payload)
        status = 200 if result.get("statusCode") is None else status_code(result["statusCode"])
        lines = multi_value_lines(
            result.get("multiValueHeaders"), header_lines(result.get("headers")), multi_first=True
        )
        body = self._result_body(result, request)
        content_type = content_type_of(lines) or _JSON
        return framed(status, self._lines(lines, request, arrival), body, request, arrival, content_type)

    def _result_body(self, result: dict[str, Json], request: Request) -> bytes:
        body = result.get("body")
        if body is None:
            return b""
        if not isinstance(body, str):
            raise BadResult("/body", "a string", body)
        if not flag(result.get("isBase64Encoded"), "/isBase64Encoded"):
            return utf8(body)
        accept = first_value(request.headers, b"accept").decode("latin-1")
        if not is_binary_response(accept, self.binary_media_types):
            return utf8(body)
        try:
            return decoded(body)
        except BadResult as error:
            raise Refused(Cause.CONFIGURATION, str(error)) from error

    def begin(self, prelude: Prelude, request: Request, arrival: Arrival) -> Response:
        """The head of a streamed response; the caller puts the stream into ``body``."""
        lines = self._lines(
            [*prelude.headers, *((b"set-cookie", cookie) for cookie in prelude.cookies)], request, arrival
        )
        return stream_head(prelude.status, lines, request, arrival, content_type_of(prelude.headers) or _JSON)

    def _lines(self, lines: list[tuple[bytes, bytes]], request: Request, arrival: Arrival) -> list[tuple[bytes, bytes]]:
        root = trace(first_value(request.headers, b"x-amzn-trace-id").decode("latin-1"), arrival.trace_id)
        return [
            (b"x-amzn-RequestId", arrival.request_id.encode()),
            (b"x-amz-apigw-id", extended_request_id(arrival.request_id).encode()),
            *(line for line in remap(lines) if line[0].lower() != b"content-type"),
            (b"X-Amzn-Trace-Id", response_trace(root, arrival.request_id, self.api_id).encode()),
        ]

    def refuse(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The API's own answer: a gateway response."""
        row = gateway_response(fault, REST)
        lines = [(b"x-amzn-RequestId", arrival.request_id.encode())]
        if row.error_type:
            lines.append((b"x-amzn-ErrorType", row.error_type))
        lines.append((b"x-amz-apigw-id", extended_request_id(arrival.request_id).encode()))
        if row.validated:
            lines.append((b"x-amzn-trace-id", f"Root={arrival.trace_id}".encode()))
        lines.extend(refusal_headers(fault))
        return framed(row.status, lines, refusal_body(fault, row), request, arrival, _JSON)


def _routed_method(request: Request) -> str:
    """The method that routing sees: ``X-HTTP-Method-Override`` replaces it (api-gateway-known-issues)."""
    for name, value in request.headers:
        if len(name) == 22 and name.lower() == b"x-http-method-override":
            return value.decode("latin-1").upper()
    return request.method


def _identity(source_ip: str, user_agent: Json, match: RouteMatch) -> dict[str, Json]:
    identity: dict[str, Json] = {
        "cognitoIdentityPoolId": None,
        "accountId": None,
        "cognitoIdentityId": None,
        "caller": None,
        "sourceIp": source_ip,
        "principalOrgId": None,
        "accessKey": None,
        "cognitoAuthenticationType": None,
        "cognitoAuthenticationProvider": None,
        "userArn": None,
        "userAgent": user_agent,
        "user": None,
    }
    if not match.identity:
        return identity
    # Of one bucket the API key was there first: it stands before principalOrgId.
    return in_map_order({**match.identity, **identity, **match.identity})
