"""Gateway responses of a REST API that its owner configured: status, header lines and body of a refusal.

Facts (API Gateway developer guide, supported-gateway-response-types and api-gateway-gatewayResponse-definition):

- A type that is not configured takes DEFAULT_4XX or DEFAULT_5XX, where there is one, by its status; those two do not
  change the status unless they have one of their own.
- The default template of every type is ``{"message":$context.error.messageString}``.
- A template may hold ``$context.error.message``, ``.messageString`` (in quotation marks), ``.responseType``,
  ``.validationErrorString``, and other ``$context`` members; what is unknown is empty.
- ``x-amzn-ErrorType`` stays (reported: DataBiosphere/azul issue 7470).
"""

import re
from collections.abc import Mapping
from typing import Final

import orjson

from gateway.errors import Fault, FaultKind
from gateway.translation.front_door import NO_CONTENT
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Response

_TYPES: Final[Mapping[Cause, str]] = {
    Cause.BAD_REQUEST: "DEFAULT_4XX",
    Cause.NO_STAGE: "ACCESS_DENIED",
    Cause.NO_ROUTE: "MISSING_AUTHENTICATION_TOKEN",
    Cause.UNAUTHORIZED: "UNAUTHORIZED",
    Cause.IMPLICIT_DENY: "ACCESS_DENIED",
    Cause.EXPLICIT_DENY: "ACCESS_DENIED",
    Cause.AUTHORIZER_FAILURE: "AUTHORIZER_FAILURE",
    Cause.AUTHORIZER_CONFIGURATION: "AUTHORIZER_CONFIGURATION_ERROR",
    Cause.FORBIDDEN: "ACCESS_DENIED",
    Cause.INVALID_SIGNATURE: "INVALID_SIGNATURE",
    Cause.API_KEY: "INVALID_API_KEY",
    Cause.UNKNOWN_ENDPOINT: "RESOURCE_NOT_FOUND",
    Cause.THROTTLED: "THROTTLED",
    Cause.QUOTA: "QUOTA_EXCEEDED",
    Cause.BODY_INVALID: "BAD_REQUEST_BODY",
    Cause.PARAMETERS_MISSING: "BAD_REQUEST_PARAMETERS",
    Cause.QUERY: "DEFAULT_4XX",
    Cause.MEDIA_TYPE: "UNSUPPORTED_MEDIA_TYPE",
    Cause.TOO_LARGE: "REQUEST_TOO_LARGE",
    Cause.HEADERS_TOO_LARGE: "DEFAULT_4XX",
    Cause.URI_TOO_LONG: "DEFAULT_4XX",
    Cause.CONFIGURATION: "API_CONFIGURATION_ERROR",
    Cause.INTEGRATION_FAILURE: "INTEGRATION_FAILURE",
    Cause.INTEGRATION_TIMEOUT: "INTEGRATION_TIMEOUT",
    Cause.UNAVAILABLE: "DEFAULT_5XX",
}
"""What is refused → the type of its gateway response."""

_VARIABLE: Final = re.compile(r"\$(?:\{context\.([\w.]+)\}|context\.(\w+(?:\.\w+)*))")


def response_type(fault: Fault) -> str:
    """The type of the gateway response for a fault: what is no refusal is the integration's failure."""
    if isinstance(fault, Refused):
        return _TYPES[fault.cause]
    configuration = {FaultKind.THROTTLED, FaultKind.ACCESS_DENIED, FaultKind.NOT_FOUND}
    return "API_CONFIGURATION_ERROR" if fault.kind in configuration else "INTEGRATION_FAILURE"


def customized(
    response: Response,
    status: int | None,
    lines: list[tuple[bytes, bytes]],
    template: tuple[str, str] | None,
    context: Mapping[str, str],
) -> Response:
    """A refusal as its owner wants it.

    Args:
        response: The refusal as AWS writes it.
        status: None keeps the status.
        lines: Replace lines of the same name, and follow the others.
        template: Media type and template of the body; None keeps the body.
        context: Members of ``$context`` that templates may name (``error.message``, ``requestId``).
    """
    body = response.body if isinstance(response.body, bytes) else b""
    status = status or response.status
    replaced = {name.lower() for name, _ in lines}
    media_type = b""
    if template is not None:
        media_type = template[0].encode("latin-1", "replace")
        body = fill(template[1], context).encode()
    if status in NO_CONTENT:
        body = b""
    kept = []
    for name, value in response.headers:
        lower = name.lower()
        if lower == b"content-length":
            if status not in NO_CONTENT:
                kept.append((name, b"%d" % len(body)))
        elif lower == b"content-type" and media_type and lower not in replaced:
            kept.append((name, media_type))
        elif lower not in replaced:
            kept.append((name, value))
    return response._replace(status=status, headers=[*kept, *lines], body=body)


def fill(template: str, context: Mapping[str, str]) -> str:
    """A template with its ``$context`` members; ``error.messageString`` is the message as JSON."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name == "error.messageString":
            return orjson.dumps(context["error.message"]).decode()
        return context.get(name, "")

    return _VARIABLE.sub(value, template)
