"""What API Gateway and Function URLs answer by themselves, to the byte.

Facts:

- REST APIs write no space after the colon when they refuse before the method takes the request (routing, keys,
  throttling, authorizers) and one space afterwards (validation, integration): 42 bytes for ``Missing Authentication
  Token``, 36 for ``Internal server error`` (recorded: localstack/localstack@8b9a79f0; aws/aws-lambda-dotnet@f5e639feb).
  A denied policy answers with a capital ``Message`` (reported).  The types of the refusals are those of the API
  Gateway developer guide, supported-gateway-response-types.
- Refused by validation, a response has ``x-amzn-trace-id: Root=…`` and nothing after the Root (recorded).
- HTTP APIs never write a space and have no ``x-amzn-ErrorType`` (recorded: aws/aws-lambda-dotnet@f5e639feb).
- A Function URL whose function fails answers the bare words ``Internal Server Error``, not JSON
  (recorded: localstack/localstack@8b9a79f0, 2025).
- What is wrong with a signature has its own type and text in answers of REST APIs (documented type, reported texts)
  and Function URLs (captured for a mismatch; for an unknown key the text is reported: jamesmbourne/aws4-axios issue
  1553, 2024); what an HTTP API says is not recorded.
- A query that is refused: type and null of a Function URL are those of one transcript, whose AuthType is not known; of
  a REST API the status is reported and the body is not known.
- An INTEGRATION_FAILURE, documented as 504, goes out as 502 (reported: DataBiosphere/azul issue 7470).
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

import orjson

from gateway.errors import Fault, FaultKind


class Cause(Enum):
    """Why a front door answers instead of the function; REST APIs call most of these gateway response types."""

    BAD_REQUEST = "the request is not acceptable"
    NO_STAGE = "no stage or base path mapping has this address"
    NO_ROUTE = "no route has this method and path"
    UNAUTHORIZED = "the identity source is missing, or the authorizer said Unauthorized"
    IMPLICIT_DENY = "no statement of the authorizer's policy allows this call"
    EXPLICIT_DENY = "a statement of the authorizer's policy denies this call"
    AUTHORIZER_FAILURE = "the authorizer failed"
    AUTHORIZER_CONFIGURATION = "the authorizer gave an answer that is none"
    FORBIDDEN = "the caller may not use this front door"
    INVALID_SIGNATURE = "the request's signature is wrong"
    API_KEY = "the API key is missing, unknown, disabled or in no usage plan of this stage"
    UNKNOWN_ENDPOINT = "no function has this URL"
    THROTTLED = "the rate or the burst is used up"
    QUOTA = "the quota of the usage plan is used up"
    BODY_INVALID = "the body does not fit the model"
    PARAMETERS_MISSING = "required parameters are missing"
    QUERY = "the query has a character that must be percent-encoded"
    MEDIA_TYPE = "no mapping takes this media type"
    TOO_LARGE = "the request is over the limit"
    HEADERS_TOO_LARGE = "the request line and headers are over the limit"
    URI_TOO_LONG = "the request target is over the limit"
    CONFIGURATION = "the integration cannot be called as it is configured"
    INTEGRATION_FAILURE = "the integration gave no acceptable answer"
    INTEGRATION_TIMEOUT = "the integration did not answer in time"
    UNAVAILABLE = "the service is not available"


class Refused(Fault):
    """A front door's own refusal: raise it anywhere on the way, the flavour's ``refuse`` writes the answer.

    Attributes:
        cause: Gives status, body and error type.
        message: Replaces the text of the table where the cause names particulars (missing parameters).
        error_type: Replaces that of the table, where it has one.
        headers: Lines that go out with the answer (``www-authenticate``).
    """

    def __init__(
        self,
        cause: Cause,
        detail: str = "",
        message: str = "",
        headers: tuple[tuple[bytes, bytes], ...] = (),
        error_type: bytes = b"",
    ) -> None:
        super().__init__(FaultKind.ACCESS_DENIED, detail or cause.value)
        self.args = (f"{cause.value}: {detail}" if detail else cause.value,)
        self.cause = cause
        self.message = message
        self.error_type = error_type
        self.headers = headers


class GatewayResponse(NamedTuple):
    """Status, body and error type of one refusal.

    Attributes:
        template: The body with ``%s`` where the message stands, or without any.
        message: The message of the table.
        error_type: ``x-amzn-ErrorType``, b"" for none.
        validated: The method had taken the request: REST APIs then send the trace id.
    """

    status: int
    template: str
    message: str | None = ""
    error_type: bytes = b""
    validated: bool = False

    def body(self, message: str = "") -> bytes:
        """The bytes of the body."""
        if "%s" not in self.template:
            return self.template.encode()
        return self.template.encode().replace(b"%s", orjson.dumps(message or self.message))


class ResponseTable(NamedTuple):
    """What one type of API answers.

    Attributes:
        responses: By the cause of a refusal.
        causes: What a fault that is no refusal counts as: mostly the integration's failure.
    """

    responses: Mapping[Cause, GatewayResponse]
    causes: Mapping[FaultKind, Cause]


_EARLY: Final = '{"message":%s}'
_LATE: Final = '{"message": %s}'
_CAPITAL: Final = '{"Message":%s}'

_INTERNAL: Final = b"InternalServerErrorException"
_FORBIDDEN: Final = b"ForbiddenException"
_DENIED: Final = b"AccessDeniedException"
_BAD: Final = b"BadRequestException"
_NOT_AUTHORIZED: Final = "User is not authorized to access this resource"
_ISE: Final = "Internal server error"

_SIGNATURE: Final = GatewayResponse(403, _EARLY, "Forbidden", b"InvalidSignatureException")

_REST_RESPONSES: Final[Mapping[Cause, GatewayResponse]] = {
    Cause.BAD_REQUEST: GatewayResponse(400, _EARLY, "Bad Request", _BAD),
    Cause.NO_STAGE: GatewayResponse(403, _EARLY, "Forbidden", _FORBIDDEN),
    Cause.NO_ROUTE: GatewayResponse(
        403, _EARLY, "Missing Authentication Token", b"MissingAuthenticationTokenException"
    ),
    Cause.UNAUTHORIZED: GatewayResponse(401, _EARLY, "Unauthorized", b"UnauthorizedException"),
    Cause.IMPLICIT_DENY: GatewayResponse(403, _CAPITAL, _NOT_AUTHORIZED, _DENIED),
    Cause.EXPLICIT_DENY: GatewayResponse(403, _CAPITAL, f"{_NOT_AUTHORIZED} with an explicit deny", _DENIED),
    Cause.AUTHORIZER_FAILURE: GatewayResponse(500, _EARLY, None, b"AuthorizerFailureException"),
    Cause.AUTHORIZER_CONFIGURATION: GatewayResponse(500, _EARLY, None, b"AuthorizerConfigurationException"),
    Cause.FORBIDDEN: GatewayResponse(403, _EARLY, "Forbidden", _FORBIDDEN),
    Cause.INVALID_SIGNATURE: _SIGNATURE,
    Cause.API_KEY: GatewayResponse(403, _EARLY, "Forbidden", _FORBIDDEN),
    Cause.UNKNOWN_ENDPOINT: GatewayResponse(403, _EARLY, "Forbidden", _FORBIDDEN),
    Cause.THROTTLED: GatewayResponse(429, _EARLY, "Too Many Requests", b"TooManyRequestsException"),
    Cause.QUOTA: GatewayResponse(429, _EARLY, "Limit Exceeded", b"LimitExceededException"),
    Cause.BODY_INVALID: GatewayResponse(400, _LATE, "Invalid request body", _BAD, validated=True),
    Cause.PARAMETERS_MISSING: GatewayResponse(400, _LATE, "Missing required request parameters", _BAD, validated=True),
    Cause.QUERY: GatewayResponse(400, _EARLY, "Bad Request", _BAD),
    Cause.MEDIA_TYPE: GatewayResponse(415, _LATE, "Unsupported Media Type", b"UnsupportedMediaTypeException"),
    Cause.TOO_LARGE: GatewayResponse(413, _EARLY, "Request Too Long", b"RequestTooLargeException"),
    Cause.HEADERS_TOO_LARGE: GatewayResponse(431, _EARLY, "Request Header Fields Too Large", _BAD),
    Cause.URI_TOO_LONG: GatewayResponse(414, _EARLY, "Request URI too long"),
    Cause.CONFIGURATION: GatewayResponse(500, _LATE, _ISE, _INTERNAL),
    Cause.INTEGRATION_FAILURE: GatewayResponse(502, _LATE, _ISE, _INTERNAL),
    Cause.INTEGRATION_TIMEOUT: GatewayResponse(504, _LATE, "Endpoint request timed out", _INTERNAL),
    Cause.UNAVAILABLE: GatewayResponse(503, _LATE, "Service Unavailable", b"ServiceUnavailableException"),
}

_FAILED: Final = GatewayResponse(500, _EARLY, "Internal Server Error")

_HTTP_RESPONSES: Final[Mapping[Cause, GatewayResponse]] = {
    Cause.BAD_REQUEST: GatewayResponse(400, _EARLY, "Bad Request"),
    Cause.NO_STAGE: GatewayResponse(404, _EARLY, "Not Found"),
    Cause.NO_ROUTE: GatewayResponse(404, _EARLY, "Not Found"),
    Cause.UNAUTHORIZED: GatewayResponse(401, _EARLY, "Unauthorized"),
    Cause.IMPLICIT_DENY: GatewayResponse(403, _EARLY, "Forbidden"),
    Cause.EXPLICIT_DENY: GatewayResponse(403, _EARLY, "Forbidden"),
    Cause.AUTHORIZER_FAILURE: _FAILED,
    Cause.AUTHORIZER_CONFIGURATION: _FAILED,
    Cause.FORBIDDEN: GatewayResponse(403, _EARLY, "Forbidden"),
    Cause.INVALID_SIGNATURE: GatewayResponse(403, '{"message":"Forbidden"}'),
    Cause.API_KEY: GatewayResponse(403, _EARLY, "Forbidden"),
    Cause.UNKNOWN_ENDPOINT: GatewayResponse(404, _EARLY, "Not Found"),
    Cause.THROTTLED: GatewayResponse(429, _EARLY, "Too Many Requests"),
    Cause.QUOTA: GatewayResponse(429, _EARLY, "Too Many Requests"),
    Cause.BODY_INVALID: GatewayResponse(400, _EARLY, "Bad Request"),
    Cause.PARAMETERS_MISSING: GatewayResponse(400, _EARLY, "Bad Request"),
    Cause.QUERY: GatewayResponse(400, _EARLY, "Bad Request"),
    Cause.MEDIA_TYPE: GatewayResponse(415, _EARLY, "Unsupported Media Type"),
    Cause.TOO_LARGE: GatewayResponse(413, _EARLY, "Request Entity Too Large"),
    Cause.HEADERS_TOO_LARGE: GatewayResponse(431, _EARLY, "Request Header Fields Too Large"),
    Cause.URI_TOO_LONG: GatewayResponse(414, _EARLY, "Request URI Too Long"),
    Cause.CONFIGURATION: _FAILED,
    Cause.INTEGRATION_FAILURE: _FAILED,
    Cause.INTEGRATION_TIMEOUT: GatewayResponse(503, _EARLY, "Service Unavailable"),
    Cause.UNAVAILABLE: GatewayResponse(503, _EARLY, "Service Unavailable"),
}

_WORDS: Final = GatewayResponse(502, "Internal Server Error")
_URL_FORBIDDEN: Final = GatewayResponse(
    403,
    _CAPITAL,
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
    _DENIED,
)
_RATE: Final = GatewayResponse(429, _CAPITAL, "Rate Exceeded.", b"TooManyRequestsException")

_URL_RESPONSES: Final[Mapping[Cause, GatewayResponse]] = {
    Cause.BAD_REQUEST: GatewayResponse(400, _CAPITAL, "Bad Request", _BAD),
    Cause.NO_STAGE: GatewayResponse(403, _CAPITAL, None, _DENIED),
    Cause.NO_ROUTE: GatewayResponse(403, _CAPITAL, None, _DENIED),
    Cause.UNAUTHORIZED: _URL_FORBIDDEN,
    Cause.IMPLICIT_DENY: _URL_FORBIDDEN,
    Cause.EXPLICIT_DENY: _URL_FORBIDDEN,
    Cause.AUTHORIZER_FAILURE: _WORDS,
    Cause.AUTHORIZER_CONFIGURATION: _WORDS,
    Cause.FORBIDDEN: _URL_FORBIDDEN,
    Cause.INVALID_SIGNATURE: _SIGNATURE,
    Cause.API_KEY: _URL_FORBIDDEN,
    Cause.UNKNOWN_ENDPOINT: GatewayResponse(403, _CAPITAL, None, _DENIED),
    Cause.THROTTLED: _RATE,
    Cause.QUOTA: _RATE,
    Cause.BODY_INVALID: GatewayResponse(400, _CAPITAL, "Bad Request", _BAD),
    Cause.PARAMETERS_MISSING: GatewayResponse(400, _CAPITAL, "Bad Request", _BAD),
    Cause.QUERY: GatewayResponse(400, _EARLY, None, b"InvalidQueryStringException"),
    Cause.MEDIA_TYPE: GatewayResponse(415, _CAPITAL, "Unsupported Media Type", _BAD),
    Cause.TOO_LARGE: GatewayResponse(
        413,
        _CAPITAL,
        "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        b"RequestEntityTooLargeException",
    ),
    Cause.HEADERS_TOO_LARGE: GatewayResponse(431, _CAPITAL, "Request Header Fields Too Large", _BAD),
    Cause.URI_TOO_LONG: GatewayResponse(414, _CAPITAL, "Request URI Too Long", _BAD),
    Cause.CONFIGURATION: _WORDS,
    Cause.INTEGRATION_FAILURE: _WORDS,
    Cause.INTEGRATION_TIMEOUT: _WORDS,
    Cause.UNAVAILABLE: GatewayResponse(503, "Service Unavailable"),
}

_CAUSES: Final[dict[FaultKind, Cause]] = {
    FaultKind.NOT_UTF8: Cause.BAD_REQUEST,
    FaultKind.MALFORMED: Cause.BAD_REQUEST,
    FaultKind.TOO_MANY_ADDRESSES: Cause.BAD_REQUEST,
    FaultKind.METHOD_NOT_ALLOWED: Cause.NO_ROUTE,
    FaultKind.REQUEST_TOO_LARGE: Cause.TOO_LARGE,
    FaultKind.WEBSOCKET: Cause.BAD_REQUEST,
    FaultKind.REFUSED: Cause.BAD_REQUEST,
    FaultKind.FUNCTION_ERROR: Cause.INTEGRATION_FAILURE,
    FaultKind.TIMED_OUT: Cause.INTEGRATION_FAILURE,
    FaultKind.THROTTLED: Cause.CONFIGURATION,
    FaultKind.ACCESS_DENIED: Cause.CONFIGURATION,
    FaultKind.NOT_FOUND: Cause.CONFIGURATION,
    FaultKind.RESULT_INVALID: Cause.INTEGRATION_FAILURE,
    FaultKind.RESULT_TOO_LARGE: Cause.INTEGRATION_FAILURE,
    FaultKind.CONNECTION_ERROR: Cause.INTEGRATION_FAILURE,
    FaultKind.CONNECTION_TIMEOUT: Cause.INTEGRATION_TIMEOUT,
    FaultKind.SERVICE_ERROR: Cause.INTEGRATION_FAILURE,
}

REST: Final = ResponseTable(_REST_RESPONSES, _CAUSES)
"""Of REST APIs."""

WEBSOCKET: Final = ResponseTable(_REST_RESPONSES, _CAUSES | {FaultKind.RESULT_INVALID: Cause.CONFIGURATION})
"""Of handshakes with WebSocket APIs; a malformed result is answered with 500 (reported)."""

HTTP: Final = ResponseTable(_HTTP_RESPONSES, _CAUSES | {FaultKind.THROTTLED: Cause.UNAVAILABLE})
"""Of HTTP APIs, both payload versions; a throttled function is answered with 503 (reported)."""

URL: Final = ResponseTable(
    _URL_RESPONSES,
    _CAUSES
    | {
        FaultKind.THROTTLED: Cause.THROTTLED,
        FaultKind.ACCESS_DENIED: Cause.FORBIDDEN,
        FaultKind.NOT_FOUND: Cause.UNKNOWN_ENDPOINT,
        FaultKind.CONNECTION_ERROR: Cause.UNAVAILABLE,
        FaultKind.CONNECTION_TIMEOUT: Cause.UNAVAILABLE,
        FaultKind.SERVICE_ERROR: Cause.UNAVAILABLE,
    },
)
"""Of Function URLs, which show throttling, missing permission and an unavailable service for what they are."""


def gateway_response(fault: Fault, table: ResponseTable) -> GatewayResponse:
    """The row for a fault.

    Args:
        fault: A `Refused` names its cause; the table says what else counts as.
        table: `REST`, `WEBSOCKET`, `HTTP` or `URL`.
    """
    if isinstance(fault, Refused):
        row = table.responses[fault.cause]
        return row._replace(error_type=fault.error_type) if fault.error_type and row.error_type else row
    return table.responses[table.causes[fault.kind]]


def refusal_body(fault: Fault, row: GatewayResponse) -> bytes:
    """The body for a fault, with the fault's own message where it has one."""
    return row.body(fault.message if isinstance(fault, Refused) else "")


def refusal_headers(fault: Fault) -> tuple[tuple[bytes, bytes], ...]:
    """The lines that a fault adds to its answer."""
    return fault.headers if isinstance(fault, Refused) else ()
