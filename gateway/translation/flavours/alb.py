"""Application Load Balancer, target type ``lambda``.

Facts, from the AWS ELB user guide ("Lambda functions as targets", "Application Load Balancers", "Troubleshoot",
"Access logs") and from events and transcripts that users recorded between 2018 and 2024

- An event has seven keys in a fixed order.  One of each pair of maps is there, after the target group's attribute
  ``lambda.multi_value_headers.enabled``, never both and never null.  Header names and query keys are sorted by bytes.
- Path and query are never decoded.  Of repeated names the last wins in single mode; in multi mode all are there.
- An empty body is text over HTTP/1.1; over HTTP/2, without a text type, it is "base64" (brefphp/bref, recorded 2020;
  unknown since two events of 2025 have false, k-kojima-yumemi/alb-mtls-test).
- Of the result only the map of the target group's mode counts, the other one is ignored without an error; without a
  content type the answer is ``application/octet-stream``.  null and wrong types are refused, missing members are not,
  but for ``statusCode`` (aws-lambda-dotnet issue 507, aws-lambda-go issue 529, apig-wsgi issue 52).
- The function's lines come out in reversed order behind those of the load balancer (serverlessish pull request 4,
  2020; serverless-http issue 244, 2022).
- Names are compared by case, so ``Set-Cookie`` and ``set-cookie`` both come out (mangum issue 185).
- Request body and result are at most 1 MB each, the response's header lines 32 KB.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from gateway.errors import BadResult, Fault, FaultKind, UsageError
from gateway.translation import body as bodies
from gateway.translation import query
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.alb_owned import DISGUISES, without_disguised
from gateway.translation.alb_request import (
    added_headers,
    admitted_lines,
    multi_headers,
    refuse_early,
    refuse_websocket,
    single_headers,
)
from gateway.translation.alb_response import finished, head, page_response
from gateway.translation.alb_result import body_of, multi_lines, reason_of, result_object, single_lines, status_of
from gateway.translation.default_names import DEFAULT_TARGET_GROUP_ARN
from gateway.translation.flavour import Limits
from gateway.translation.headers import all_values, http_date, last_values, wire_size
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.route import DEFAULT_MATCH, RouteMatch
from gateway.types import EpochMs, HeaderList, Json

LIMITS: Final = Limits(request_body=1024 * 1024, result=1024 * 1024)
RESPONSE_HEADERS_BYTES: Final = 32 * 1024

_STATUS_OF: Final = {
    FaultKind.REQUEST_TOO_LARGE: 413,
    FaultKind.TOO_MANY_ADDRESSES: 463,
    FaultKind.METHOD_NOT_ALLOWED: 405,
    FaultKind.MALFORMED: 400,
    FaultKind.WEBSOCKET: 400,
    FaultKind.CONNECTION_TIMEOUT: 504,
}
"""Kinds that are not answered with 502."""

_ERROR_REASON_OF: Final = {
    FaultKind.NOT_UTF8: "LambdaBadRequest",
    FaultKind.REQUEST_TOO_LARGE: "LambdaRequestTooLarge",
    FaultKind.WEBSOCKET: "LambdaWebsocketNotSupported",
    FaultKind.FUNCTION_ERROR: "LambdaUnhandled",
    FaultKind.TIMED_OUT: "LambdaUnhandled",
    FaultKind.THROTTLED: "LambdaThrottling",
    FaultKind.ACCESS_DENIED: "LambdaAccessDenied",
    FaultKind.NOT_FOUND: "LambdaResourceNotFound",
    FaultKind.RESULT_INVALID: "LambdaInvalidResponse",
    FaultKind.RESULT_TOO_LARGE: "LambdaResponseTooLarge",
    FaultKind.CONNECTION_ERROR: "LambdaConnectionError",
    FaultKind.CONNECTION_TIMEOUT: "LambdaConnectionTimeout",
    FaultKind.SERVICE_ERROR: "LambdaServiceException",
}

_AGENT: Final = "ELB-HealthChecker/2.0"
_OCTET_STREAM: Final = b"application/octet-stream"
_BODILESS: Final = frozenset((204, 304))


def error_reason(fault: Fault) -> str:
    """The access log's ``error_reason``, "-" for a request that the load balancer itself refuses."""
    return _ERROR_REASON_OF.get(fault.kind, "-")


@dataclass(frozen=True, slots=True)
class Alb:
    """One target group behind one listener.

    Attributes:
        target_group_arn: What ``requestContext`` names.
        multi_value_headers: The target group's ``lambda.multi_value_headers.enabled``.
        attributes: The load balancer's.
    """

    target_group_arn: str = DEFAULT_TARGET_GROUP_ARN
    multi_value_headers: bool = False
    attributes: AlbAttributes = field(default_factory=AlbAttributes)
    _opening: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        context = orjson.dumps({"requestContext": {"elb": {"targetGroupArn": self.target_group_arn}}})
        object.__setattr__(self, "_opening", context[:-1] + b',"httpMethod":')

    @property
    def limits(self) -> Limits:
        """1 MiB for the request body and for the result's JSON."""
        return LIMITS

    def preflight(self, request: Request, arrival: Arrival) -> None:
        """Always the function's own."""

    def route(self, request: Request) -> RouteMatch:  # noqa: ARG002 - a flavour's signature
        """Always the same: the rules of a load balancer choose a target group before."""
        return DEFAULT_MATCH

    def encode(self, request: Request, arrival: Arrival, match: RouteMatch | None = None) -> bytes:
        """The event for a request, compact JSON.

        Raises:
            Fault: NOT_UTF8, REQUEST_TOO_LARGE, WEBSOCKET, TOO_MANY_ADDRESSES, METHOD_NOT_ALLOWED or MALFORMED.
            UsageError: The match has an authorizer.
        """
        if match is not None and match.authorizer is not None:
            raise UsageError("a load balancer has no authorizers; leave the option authorizer out")
        refuse_early(request, LIMITS)
        try:
            return self._event(request, arrival)
        except UnicodeDecodeError as error:
            raise Fault(
                FaultKind.NOT_UTF8, f"byte 0x{error.object[error.start]:02x} in {error.object!r:.80}"
            ) from error

    def _event(self, request: Request, arrival: Arrival) -> bytes:
        lines = admitted_lines(request, self.attributes)
        last = last_values(lines)
        if not DISGUISES.isdisjoint(last):
            lines = without_disguised(lines, self.attributes)
            last = last_values(lines)
        if "upgrade" in last:
            refuse_websocket(last)
        added = added_headers(lines, last, request, arrival, self.attributes)
        # Before the headers are merged: the load balancer adds none that decides about the body.
        ending = _body(request, last)
        if self.multi_value_headers:
            names = b',"multiValueQueryStringParameters":', b',"multiValueHeaders":'
            # Every line is the only one of its name in most requests
            once = len(last) == len(lines)
            every = {name: [value] for name, value in last.items()} if once else all_values(lines)
            parameters = _sorted(query.grouped(request.raw_query))
            headers = _sorted(multi_headers(every, added, request, self.attributes))
        else:
            names = b',"queryStringParameters":', b',"headers":'
            parameters = _sorted(dict(query.pairs(request.raw_query))) if request.raw_query else b"{}"
            headers = _sorted(single_headers(last, added, request, self.attributes))
        # The path of "OPTIONS *" is empty (aws-lambda-rust-runtime issue 509).
        path = request.raw_path.decode() if request.raw_path != b"*" else ""
        # Written piece by piece: the members' order is fixed while the maps' keys are sorted.
        start = (self._opening, orjson.dumps(request.method), b',"path":', orjson.dumps(path))
        return b"".join((*start, names[0], parameters, names[1], headers, *ending))

    def decode(self, payload: bytes, request: Request, arrival: Arrival) -> Response:
        """The response for a result.

        Raises:
            BadResult: null, a wrong type, a header that cannot stand on the wire, base64 that is not strict …
            Fault: RESULT_TOO_LARGE.
        """
        if len(payload) > LIMITS.result:
            raise Fault(FaultKind.RESULT_TOO_LARGE, f"{len(payload)} bytes of JSON, at most {LIMITS.result}")
        result = result_object(payload)
        status = status_of(result)
        reason = reason_of(result, status)
        content_type, dated, own = multi_lines(result) if self.multi_value_headers else single_lines(result)
        body = body_of(result)
        date = b"" if dated else http_date(arrival.epoch_ms)
        length = len(body) if status != 204 else None
        lines = head(self.attributes, date, content_type or _OCTET_STREAM, length, keep_alive=request.keep_alive)
        lines += own
        self._measure(lines, len(payload))
        # Content-Length stays that of the body which is not sent.
        if status in _BODILESS or request.method == "HEAD":
            body = b""
        headers = finished(lines, self.attributes, request)
        return Response(status, headers, body, reason, not request.keep_alive)

    def _measure(self, lines: HeaderList, payload_bytes: int) -> None:
        # No line is longer than the payload, so small results need no counting.
        if len(lines) * payload_bytes <= RESPONSE_HEADERS_BYTES // 2:
            return
        size = wire_size(lines)
        if size > RESPONSE_HEADERS_BYTES:
            pointer = "/multiValueHeaders" if self.multi_value_headers else "/headers"
            raise BadResult(pointer, f"at most {RESPONSE_HEADERS_BYTES} bytes of lines", f"<{size} bytes>")

    def refuse(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The page for a fault: 502 but for the request's own faults and for a service that did not answer."""
        status = _STATUS_OF.get(fault.kind, 502)
        if request is None:
            return self.error_page(status, arrival.epoch_ms, keep_alive=False)
        answer = self.error_page(status, arrival.epoch_ms, keep_alive=request.keep_alive)
        lines = finished(answer.headers, self.attributes, request)
        return answer._replace(headers=lines, body=b"" if request.method == "HEAD" else answer.body)

    def error_page(self, status: int, epoch_ms: EpochMs, *, keep_alive: bool, location: bytes = b"") -> Response:
        """A page that the load balancer makes itself; ``location`` is for redirects and stands last."""
        return page_response(status, self.attributes, http_date(epoch_ms), keep_alive=keep_alive, location=location)

    def health_check_event(self, path: str = "/") -> bytes:
        """The event of a health check: one header and nothing that a client would have caused."""
        if self.multi_value_headers:
            maps: dict[str, Json] = {
                "multiValueQueryStringParameters": {},
                "multiValueHeaders": {"user-agent": [_AGENT]},
            }
        else:
            maps = {"queryStringParameters": {}, "headers": {"user-agent": _AGENT}}
        rest = orjson.dumps({"path": path, **maps, "body": "", "isBase64Encoded": False})
        return self._opening + b'"GET",' + rest[1:]


def _sorted(members: Mapping[str, str] | Mapping[str, list[str]]) -> bytes:
    """A JSON object with its keys sorted by bytes."""
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)


def _body(request: Request, last: dict[str, str]) -> tuple[bytes, ...]:
    """The event's end; base64 is spliced in, since it needs no escaping."""
    body = request.body
    if not body and request.http_version != "2":
        return (b',"body":"","isBase64Encoded":false}',)
    if "content-encoding" in last or not bodies.is_text(last.get("content-type", "")):
        return b',"body":"', bodies.to_base64(body), b'","isBase64Encoded":true}'
    return b',"body":', orjson.dumps(body.decode()), b',"isBase64Encoded":false}'
