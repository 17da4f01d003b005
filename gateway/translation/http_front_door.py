"""HTTP API, the part that both payload versions share: options, stages and routes, response lines, refusals.

Facts:

- Response names are Title-Case on HTTP/1.1 (``myheader`` comes out as ``Myheader``), the gateway's own is
  ``Apigw-Requestid`` and last; a refusal before the integration has ``apigw-requestid`` in lower case
  (recorded: aws/aws-lambda-dotnet@f5e639feb, 2025, and public transcripts).
- A response with ``statusCode`` and no Content-Type is ``text/plain; charset=utf-8``, a 204 has none (same sources).
- ``www-authenticate`` keeps its name, unlike on REST APIs (public transcript).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from gateway.errors import Fault
from gateway.translation.cors import Cors, without_cors
from gateway.translation.flavour import Limits
from gateway.translation.front_door import MAX_EVENT, NO_CONTENT, bare_host, execute_api_domain, framed
from gateway.translation.gateway_response import (
    HTTP,
    Cause,
    Refused,
    gateway_response,
    refusal_body,
    refusal_headers,
)
from gateway.translation.identifiers import extended_request_id, short_id, shown_api_id
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.payload_v2 import content_type_of
from gateway.translation.percent import decode_path
from gateway.translation.proxy_headers import HTTP_RESPONSE_DROPPED
from gateway.translation.route import DEFAULT, HTTP_DEFAULT, RouteMatch, RouteTable

_LIMITS: Final = Limits(request_body=10 * 1024 * 1024, result=MAX_EVENT, request_line=10240, header_status=431)
_MAX_HEAD: Final = 10240
_PLAIN: Final = b"text/plain; charset=utf-8"
_JSON: Final = b"application/json"
_BEFORE_INTEGRATION: Final = frozenset(Cause) - {
    Cause.INTEGRATION_FAILURE,
    Cause.INTEGRATION_TIMEOUT,
    Cause.CONFIGURATION,
    Cause.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class HttpFrontDoor:
    """The options of an HTTP API.

    Attributes:
        api_id: Ten letters and digits, where the host is none of AWS's; "" derives them from account and region.
        account_id: The owner of the API.
        region: Part of the host name.
        domain_name: ``requestContext.domainName``; "" for the host that the client used.
        routes: What goes where.
        stages: Stage variables by stage name; a named stage is the first segment of the path.
        cors: None leaves CORS to the function.
    """

    api_id: str = ""
    account_id: str = "123456789012"
    region: str = "us-east-1"
    domain_name: str = ""
    routes: RouteTable = HTTP_DEFAULT
    stages: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: {DEFAULT: {}})
    cors: Cors | None = None

    def __post_init__(self) -> None:
        if not self.api_id:
            object.__setattr__(self, "api_id", short_id(f"http/{self.account_id}/{self.region}"))

    @property
    def limits(self) -> Limits:
        """10 MB in, 6 MB of JSON in and out of the function, 10240 bytes of head."""
        return _LIMITS

    def route(self, request: Request) -> RouteMatch:
        """Which route takes the request.

        Raises:
            Refused: No stage or no route has it, or its head is over 10240 bytes.
        """
        values = sum([len(value) for _, value in request.headers])
        if values + len(request.method) + len(request.raw_path) + len(request.raw_query) > _MAX_HEAD:
            raise Refused(Cause.HEADERS_TOO_LARGE, f"request line and header values are over {_MAX_HEAD} bytes")
        # An encoded question mark is decoded too, and ends the path.
        path = decode_path(request.raw_path).partition("?")[0] or "/"
        stage, inner = self._stage(path)
        found = self.routes.match_http(request.method, inner)
        if found is None:
            raise Refused(Cause.NO_ROUTE, f"{request.method} {inner} matches no route: add it, or a $default route")
        route, parameters = found
        return RouteMatch(route, path, path, parameters, stage, self.stages[stage])

    def _stage(self, path: str) -> tuple[str, str]:
        first, slash, rest = path[1:].partition("/")
        if first != DEFAULT and first in self.stages:
            return first, slash + rest or "/"
        if DEFAULT in self.stages:
            return DEFAULT, path
        raise Refused(Cause.NO_STAGE, f"{path} begins with none of the stages {', '.join(self.stages)}")

    def preflight(self, request: Request, arrival: Arrival) -> Response | None:
        """The answer to a CORS preflight; None when the request is none, or CORS is the function's."""
        if self.cors is None or not self.cors.is_preflight(request):
            return None
        lines = [*self.cors.preflight_lines(request), self._own_id(arrival, b"apigw-requestid")]
        return framed(204, lines, b"", request, arrival)

    def domain(self, host: str) -> tuple[str, str, str]:
        """``domainName``, ``domainPrefix`` and ``apiId`` for the host that the client used."""
        name = self.domain_name or bare_host(host)
        return name, name.partition(".")[0], shown_api_id(name, self.api_id)

    def own_host(self) -> str:
        """The host for a client that sent none."""
        return self.domain_name or execute_api_domain(self.api_id, self.region)

    def respond(
        self, status: int, lines: list[tuple[bytes, bytes]], body: bytes, request: Request, arrival: Arrival
    ) -> Response:
        """The integration's response on the wire."""
        content_type = content_type_of(lines) or (b"" if status in NO_CONTENT else _PLAIN)
        if self.cors is not None:
            lines = [*without_cors(lines), *self.cors.lines(request)]
        spelled = [(title_case(name), value) for name, value in lines]
        kept = [line for line in spelled if line[0] != b"Content-Type" and not _is_dropped(line[0])]
        kept.append(self._own_id(arrival, b"Apigw-Requestid"))
        return framed(status, kept, body, request, arrival, content_type)

    def refuse(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The API's own answer, CORS lines included."""
        row = gateway_response(fault, HTTP)
        lines = list(self.cors.lines(request)) if self.cors is not None and request is not None else []
        lines.extend(refusal_headers(fault))
        early = isinstance(fault, Refused) and fault.cause in _BEFORE_INTEGRATION
        lines.append(self._own_id(arrival, b"apigw-requestid" if early else b"Apigw-Requestid"))
        return framed(row.status, lines, refusal_body(fault, row), request, arrival, _JSON)

    def _own_id(self, arrival: Arrival, name: bytes) -> tuple[bytes, bytes]:
        return name, extended_request_id(arrival.request_id).encode()


@lru_cache(maxsize=256)
def title_case(name: bytes) -> bytes:
    """``x-custom-header`` as ``X-Custom-Header``."""
    return b"-".join([part.capitalize() for part in name.split(b"-")])


@lru_cache(maxsize=256)
def _is_dropped(name: bytes) -> bool:
    return name.decode("ascii").lower() in HTTP_RESPONSE_DROPPED
