"""Lambda Function URL, both invoke modes.

Facts (recorded: aws/aws-lambda-go@815d21f, 2023; hotsock/voker@59c7289, 2026; localstack/localstack@8b9a79f0, 2025):

- The event is payload 2.0 on the route ``$default``, except: ``rawPath`` stays encoded while ``http.path`` is
  decoded; ``cookie`` stays in ``headers`` beside ``cookies``; the account is ``anonymous`` without IAM;
  the request id is the invocation's UUID; two headers tell the TLS session.
- Under ``AWS_IAM`` the signature in ``authorization`` does not reach the function, the other signed headers do.
- Events come in two forms.  In one the trace id has ``Self`` before its ``Root``, as behind one more server of AWS's,
  and ``content-length`` is there without a body, too (six public events of 2023-2026; the other form: one of 2026).
- A result that is no response object is written anew as compact JSON; a body that is an object too.
  Content-Type is ``application/json`` unless the function says otherwise, for plain text too.
- Behind RESPONSE_STREAM a handler that does not stream has its JSON sent as it is.
- ``www-authenticate`` comes out as ``x-amzn-Remapped-www-authenticate`` (reported thrice), and ``content-length`` as
  ``x-amzn-Remapped-content-length`` (transcript, 2024).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Literal

from gateway.errors import Fault
from gateway.translation.cors import Cors
from gateway.translation.flavour import Limits
from gateway.translation.front_door import MAX_EVENT, bare_host, framed, stream_head
from gateway.translation.gateway_response import (
    URL,
    Cause,
    Refused,
    gateway_response,
    refusal_body,
    refusal_headers,
)
from gateway.translation.headers import first_value
from gateway.translation.identifiers import response_trace, short_id, shown_api_id
from gateway.translation.media_types import is_text
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.payload_v2 import (
    Result,
    body_bytes,
    content_type_of,
    cookie_values,
    fold,
    forward,
    header_lines,
    http_block,
    joined_query,
    request_context,
)
from gateway.translation.percent import ascii_path, decode_path
from gateway.translation.proxy_headers import is_signature, remap, trace
from gateway.translation.request_body import event_body
from gateway.translation.request_checks import MAX_HEADER_VALUES, check_header_values, check_query
from gateway.translation.result import load_result
from gateway.translation.result_text import dump, sequence, status_code, utf8
from gateway.translation.route import DEFAULT, DEFAULT_MATCH, RouteMatch
from gateway.translation.stream_prelude import Prelude
from gateway.translation.trace import extended
from gateway.types import Json

_LIMITS: Final = Limits(
    request_body=MAX_EVENT, result=MAX_EVENT, request_line=1024 * 1024, headers=1024 * 1024, header_status=413
)
_JSON: Final = b"application/json"


@dataclass(frozen=True, slots=True)
class FunctionUrl:
    """A Function URL.

    Attributes:
        url_id: Where the host is none of AWS's, whose first label it is: 32 letters and digits; "" derives it from
            account and region.
        account_id: The account of callers under ``AWS_IAM``.
        region: Part of the host name.
        domain_name: ``requestContext.domainName``; "" for the host that the client used.
        auth_type: ``AWS_IAM`` asks for a match with an ``authorizer`` of ``{"iam": …}``.
        invoke_mode: How the function's result is read.
        tls_version: Sent as ``x-amzn-tls-version`` where the connection itself is not encrypted.
        tls_cipher: The same for ``x-amzn-tls-cipher-suite``.
        hops: How many of AWS's servers add to the headers, 1 or 2.
        cors: None leaves CORS to the function.
    """

    url_id: str = ""
    account_id: str = "123456789012"
    region: str = "us-east-1"
    domain_name: str = ""
    auth_type: Literal["NONE", "AWS_IAM"] = "NONE"
    invoke_mode: Literal["BUFFERED", "RESPONSE_STREAM"] = "BUFFERED"
    tls_version: str = "TLSv1.3"
    tls_cipher: str = "TLS_AES_128_GCM_SHA256"
    hops: int = 1
    cors: Cors | None = None

    def __post_init__(self) -> None:
        if not self.url_id:
            object.__setattr__(self, "url_id", short_id(f"url/{self.account_id}/{self.region}", 32))

    @property
    def limits(self) -> Limits:
        """6 MB each way, 1 MB for the request line and for headers, of whose values `encode` takes less."""
        return _LIMITS

    def route(self, request: Request) -> RouteMatch:
        """The route ``$default``, whatever is asked for; raises `Refused` for a query with plain brackets."""
        check_query(request.raw_query, b"[]")
        return DEFAULT_MATCH

    def encode(self, request: Request, arrival: Arrival, match: RouteMatch | None = None) -> bytes:
        """The event; without a match, which only carries the authorizer, the request is routed first.

        Raises:
            Refused: The caller may not invoke, or query, headers or event are not acceptable.
        """
        event = dump(self.event(request, arrival, match or self.route(request)))
        if len(event) <= MAX_HEADER_VALUES:
            return event  # which has the values: they need not be counted
        check_header_values(request.headers, Cause.TOO_LARGE)
        if len(event) > MAX_EVENT:
            raise Refused(Cause.TOO_LARGE, f"the event has {len(event)} bytes, Lambda takes {MAX_EVENT}")
        return event

    def event(self, request: Request, arrival: Arrival, match: RouteMatch | None = None) -> dict[str, Json]:
        """The event before it becomes JSON."""
        headers = fold(request.headers)
        if self.auth_type == "AWS_IAM" and is_signature(headers.get("authorization", "")):
            del headers["authorization"]
        host = request.authority.decode("latin-1") or headers.get("host") or self._own_domain()
        headers["host"] = host
        forward(headers, request, arrival)
        headers["x-amzn-tls-version"] = request.tls.version if request.tls else self.tls_version
        headers["x-amzn-tls-cipher-suite"] = request.tls.cipher if request.tls else self.tls_cipher
        if self.hops > 1:
            headers["x-amzn-trace-id"] = extended(headers["x-amzn-trace-id"], _second_trace(arrival.trace_id))
        if (request.body or self.hops > 1) and "content-length" not in headers:
            headers["content-length"] = str(len(request.body))
        event: dict[str, Json] = {
            "version": "2.0",
            "routeKey": DEFAULT,
            "rawPath": ascii_path(request.raw_path) or "/",
            "rawQueryString": ascii_path(request.raw_query),
        }
        if "cookie" in headers:
            event["cookies"] = list(headers["cookie"].split("; "))
        event["headers"] = dict(headers)
        if request.raw_query and (query := joined_query(request.raw_query)):
            event["queryStringParameters"] = query
        event["requestContext"] = self._context(request, arrival, host, headers, match)
        return event_body(event, request.body, as_text=is_text(headers.get("content-type", "")))

    def _own_domain(self) -> str:
        return self.domain_name or f"{self.url_id}.lambda-url.{self.region}.on.aws"

    def _context(
        self, request: Request, arrival: Arrival, host: str, headers: dict[str, str], match: RouteMatch | None
    ) -> dict[str, Json]:
        domain = self.domain_name or bare_host(host)
        url_id = shown_api_id(domain, self.url_id)
        fixed: dict[str, Json] = {"accountId": "anonymous", "apiId": url_id}
        if self.auth_type == "AWS_IAM":
            if match is None or not match.authorizer:
                raise Refused(Cause.FORBIDDEN, "the request carries no IAM identity and AuthType is AWS_IAM")
            fixed["accountId"] = _account(match.authorizer) or self.account_id
            fixed["authorizer"] = dict(match.authorizer)
        fixed["domainName"] = domain
        # The id of the URL, like apiId; a host that is none of AWS's (localhost) does not change it.
        fixed["domainPrefix"] = url_id
        fixed["routeKey"] = fixed["stage"] = DEFAULT
        http = http_block(request, decode_path(request.raw_path) or "/", headers.get("user-agent", ""))
        return request_context(fixed, http, arrival.request_id, arrival)

    def preflight(self, request: Request, arrival: Arrival) -> Response | None:
        """The answer to a CORS preflight; None when the request is none, or CORS is the function's."""
        if self.cors is None or not self.cors.is_preflight(request):
            return None
        lines = [(b"x-amzn-RequestId", arrival.request_id.encode()), *self.cors.preflight_lines(request)]
        return framed(200, lines, b"", request, arrival, _JSON)

    def decode(self, payload: bytes, request: Request, arrival: Arrival) -> Response:
        """The response for a buffered result; behind RESPONSE_STREAM the payload goes out as it is."""
        if self.invoke_mode == "RESPONSE_STREAM":
            lines = self._lines([], [], request, arrival)
            return framed(200, lines, payload, request, arrival, _JSON)
        result = _read(load_result(payload))
        content_type = content_type_of(result.headers) or _JSON
        lines = self._lines(result.headers, result.cookies, request, arrival)
        return framed(result.status, lines, result.body, request, arrival, content_type)

    def begin(self, prelude: Prelude, request: Request, arrival: Arrival) -> Response:
        """The head of a streamed response; the caller puts the stream into ``body``."""
        lines = self._lines(prelude.headers, prelude.cookies, request, arrival)
        return stream_head(prelude.status, lines, request, arrival, content_type_of(prelude.headers))

    def _lines(
        self, headers: list[tuple[bytes, bytes]], cookies: list[bytes], request: Request, arrival: Arrival
    ) -> list[tuple[bytes, bytes]]:
        lines = [(b"x-amzn-RequestId", arrival.request_id.encode())]
        lines += [line for line in remap(headers) if line[0].lower() != b"content-type"]
        lines += [(b"set-cookie", cookie) for cookie in cookies]
        if self.cors is not None:
            lines.extend(self.cors.lines(request))
        sent = trace(first_value(request.headers, b"x-amzn-trace-id").decode("latin-1"), arrival.trace_id)
        lines.append((b"X-Amzn-Trace-Id", response_trace(sent, arrival.request_id, self.url_id).encode()))
        return lines

    def refuse(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The service's own answer."""
        row = gateway_response(fault, URL)
        lines = [(b"x-amzn-RequestId", arrival.request_id.encode())]
        if row.error_type:
            lines.append((b"x-amzn-ErrorType", row.error_type))
        lines.extend(refusal_headers(fault))
        return framed(row.status, lines, refusal_body(fault, row), request, arrival, _JSON)


def _second_trace(trace_id: str) -> str:
    """Another trace id of the same second."""
    second, _, _ = trace_id.rpartition("-")
    return f"{second}-{blake2b(trace_id.encode(), digest_size=12).hexdigest()}"


def _account(authorizer: Mapping[str, Json]) -> Json:
    iam = authorizer.get("iam")
    return iam.get("accountId") if isinstance(iam, dict) else None


def _read(result: Json) -> Result:
    """A result as a response; one without ``statusCode`` is a body."""
    if not isinstance(result, dict) or "statusCode" not in result:
        return Result(200, [], [], utf8(result) if isinstance(result, str) else dump(result), inferred=True)
    body = result.get("body")
    text = body if isinstance(body, str) else "" if body is None else dump(body).decode()
    return Result(
        status_code(result["statusCode"]),
        header_lines(result.get("headers")),
        cookie_values(sequence(result.get("cookies"), "/cookies")),
        body_bytes(text, encoded=result.get("isBase64Encoded")),
    )
