"""What the APIs of API Gateway are made of, as frozen values: routes, authorizers, keys, plans, integrations.

The names are those of API Gateway's own APIs in snake_case.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal, TypeAlias

from gateway.config.keys import Before, Check, Length, Mark, Matching, Name, NonEmpty, OrJust, Range
from gateway.config.not_allowed import NotAllowed
from gateway.config.regex import TextExpression
from gateway.types import Json

RouteKey: TypeAlias = Annotated[
    str,
    Matching(
        r"\$default|(ANY|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /\S*",
        "$default, or a method or ANY, a space and a path, such as 'GET /pets/{id}'",
    ),
]
RestRouteKey: TypeAlias = Annotated[
    str,
    Matching(
        r"(ANY|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /\S*",
        "a method or ANY, a space and a path, such as 'GET /pets/{id}'",
    ),
]
_Status: TypeAlias = Annotated[int, Range(200, 599)]


def _quoted(text: str) -> str:
    if len(text) < 2 or text[0] != "'" or text[-1] != "'":
        raise NotAllowed("found {found}; allowed: a text in single quotation marks, such as \"'*'\"")
    return text


def _plain(text: str) -> str:
    if re.search(r"#(set|if|foreach|end)|\$(input|util)", text):
        raise NotAllowed("found {found}; mapping templates (VTL) are not supported, give the body as it is")
    return text


_Parameters: TypeAlias = Mapping[str, Annotated[str, Check(_quoted)]]
_Templates: TypeAlias = Mapping[str, Annotated[str, Check(_plain)]]


@dataclass(frozen=True, slots=True)
class Throttle:
    """How much is let through."""

    rate_limit: Annotated[float, Range(0)]
    """Requests per second in the long run."""
    burst_limit: Annotated[int, Range(0)]
    """Requests at once."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How many requests a period has."""

    limit: Annotated[int, Range(0)]
    """Requests."""
    period: Literal["DAY", "WEEK", "MONTH"]
    """DAY, WEEK or MONTH, in UTC."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key."""

    value: Annotated[str, Length(20, 128)]
    """What clients send."""
    enabled: bool = True
    """Whether it is taken."""


@dataclass(frozen=True, slots=True)
class UsagePlan:
    """What the holders of some API keys may use."""

    api_keys: tuple[str, ...]
    """Names of API keys."""
    throttle: Throttle | None = None
    """For each key."""
    quota: Quota | None = None
    """For each key."""


AuthorizerType: TypeAlias = Literal["TOKEN", "REQUEST", "COGNITO_USER_POOLS", "JWT"]

_NEEDED: Final[Mapping[AuthorizerType, tuple[str, ...]]] = {
    "TOKEN": ("function",),
    "REQUEST": ("function",),
    "COGNITO_USER_POOLS": ("provider_arns",),
    "JWT": ("issuer", "audience"),
}


@dataclass(frozen=True, slots=True)
class Authorizer:
    """An authorizer.

    Which keys count depends on its type; an empty ``identity_source`` stands for the type's own default.
    """

    type: AuthorizerType
    """TOKEN, REQUEST, COGNITO_USER_POOLS or JWT."""
    function: str = ""
    """TOKEN and REQUEST: the name of a function of this file."""
    identity_source: tuple[str, ...] = ()
    """Where the identity stands, such as method.request.header.Authorization or $request.header.Authorization."""
    identity_validation_expression: TextExpression = ""
    """TOKEN: a regular expression (RE2) that the whole token must match."""
    authorizer_result_ttl_in_seconds: Annotated[int, Range(0, 3600)] = 300
    """How long an answer is kept; 0 for not at all."""
    authorizer_payload_format_version: Literal["1.0", "2.0"] = "2.0"
    """REQUEST in front of an HTTP API: the version of its event."""
    enable_simple_responses: bool = False
    """The same: it answers isAuthorized instead of a policy."""
    issuer: str = ""
    """JWT: the issuer."""
    audience: Annotated[tuple[str, ...], Length(high=50)] = ()
    """JWT: one of them must be in aud or client_id."""
    provider_arns: tuple[str, ...] = ()
    """COGNITO_USER_POOLS: the ARNs of the user pools."""
    jwks_uri: str = ""
    """JWT and COGNITO_USER_POOLS: where the keys are; left out, where the issuer says."""

    def check_keys(self) -> None:
        """Raise `NotAllowed` when it lacks what its type needs."""
        missing = [name for name in _NEEDED[self.type] if not getattr(self, name)]
        if missing:
            raise NotAllowed(f"an authorizer of type {self.type} needs {' and '.join(missing)}")


def _no_templates(value: object) -> object:
    if value in ("AWS", "HTTP"):
        raise NotAllowed(
            "found {found}; integrations with mapping templates (VTL) are not supported; "
            "allowed: MOCK, HTTP_PROXY, or the key function of a route for a Lambda proxy integration"
        )
    return value


@dataclass(frozen=True, slots=True)
class Integration:
    """An integration that is no function."""

    type: Annotated[Literal["MOCK", "HTTP_PROXY"], Before(_no_templates)]
    """MOCK or HTTP_PROXY."""
    uri: Annotated[
        str, Matching(r"|https?://[^\s/?#@]+([/?#]\S*)?", "http://… or https://… without user and password")
    ] = ""
    """HTTP_PROXY: where requests go; {name} stands for a path parameter."""
    http_method: str = ""
    """HTTP_PROXY: left out, the request's own."""
    timeout_in_millis: Annotated[int, Range(50, 29000)] = 29000
    """HTTP_PROXY: how long it may take."""
    status_code: _Status = 200
    """MOCK: the status."""
    response_parameters: _Parameters = field(default_factory=dict)
    """MOCK: method.response.header.Name and the value in single quotation marks."""
    response_templates: _Templates = field(default_factory=dict)
    """MOCK: the body under its media type."""

    def check_keys(self) -> None:
        """Raise `NotAllowed` when it goes nowhere."""
        if self.type == "HTTP_PROXY" and not self.uri:
            raise NotAllowed("an integration of type HTTP_PROXY needs uri")


@dataclass(frozen=True, slots=True)
class GatewayResponseSettings:
    """A gateway response."""

    status_code: _Status | None = None
    """Left out, the type's own."""
    response_parameters: _Parameters = field(default_factory=dict)
    """gatewayresponse.header.Name and the value in single quotation marks."""
    response_templates: _Templates = field(default_factory=dict)
    """The body under its media type; $context.error.messageString and others are filled in."""


@dataclass(frozen=True, slots=True)
class RestRoute:
    """A method of a resource."""

    function: str = ""
    """The name of a function of this file."""
    integration: str = ""
    """Instead of a function: the name of an integration of this listener."""
    authorizer: str = ""
    """The name of an authorizer of this listener."""
    authorization_type: Literal["NONE", "AWS_IAM"] = "NONE"
    """AWS_IAM asks for signed requests."""
    authorization_scopes: tuple[str, ...] = ()
    """A Cognito access token needs one of them."""
    api_key_required: bool = False
    """Whether clients must send an API key."""
    operation_name: str = ""
    """operationName in the event."""
    request_parameters: Mapping[str, bool] = field(default_factory=dict)
    """method.request.header.Name, .querystring.name or .path.name and whether it is needed."""
    request_models: Mapping[str, str] = field(default_factory=dict)
    """Media type and the name of a model of this listener."""
    validate_request_body: bool = False
    """Whether bodies must fit the model."""
    validate_request_parameters: bool = False
    """Whether the needed parameters must be there."""
    throttle: Throttle | None = None
    """Of this method."""
    timeout_in_millis: Annotated[int, Range(50, 900_000)] = 29000
    """How long the function may take."""
    response_transfer_mode: Literal["BUFFERED", "STREAM"] = "BUFFERED"
    """STREAM passes on what the function streams."""

    def check_keys(self) -> None:
        """Raise `NotAllowed` unless exactly one thing takes it."""
        if bool(self.function) == bool(self.integration):
            raise NotAllowed("give either function or integration")


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """A route of an HTTP API."""

    function: str
    """The name of a function of this file."""
    authorizer: str = ""
    """The name of an authorizer of this listener."""
    authorization_type: Literal["NONE", "AWS_IAM"] = "NONE"
    """AWS_IAM asks for signed requests."""
    authorization_scopes: Annotated[tuple[str, ...], Length(high=10)] = ()
    """A token needs one of them."""
    payload_format_version: Literal["1.0", "2.0"] | None = None
    """Left out, that of the API."""
    throttle: Throttle | None = None
    """Of this route."""
    timeout_in_millis: Annotated[int, Range(50, 30_000)] = 30000
    """How long the function may take."""


@dataclass(frozen=True, slots=True)
class WebSocketRoute:
    """A route of a WebSocket API."""

    function: str
    """The name of a function of this file."""
    two_way: bool = False
    """Whether the body of the function's result is sent back to the client (a route response)."""


_NAMED: Final = OrJust("function")
RestRoutes: TypeAlias = Mapping[RestRouteKey, Annotated[RestRoute, _NAMED]]
HttpRoutes: TypeAlias = Mapping[RouteKey, Annotated[HttpRoute, _NAMED]]
WebSocketRoutes: TypeAlias = Mapping[NonEmpty, Annotated[WebSocketRoute, _NAMED]]

Models: TypeAlias = Mapping[Name, Annotated[Mapping[str, Json], Mark.ANY_JSON]]
"""The JSON Schemas of a REST API's models, by name."""

# fmt: off
RESPONSE_TYPES: Final = frozenset({
    "ACCESS_DENIED", "API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS", "DEFAULT_4XX", "DEFAULT_5XX", "EXPIRED_TOKEN", "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT", "INVALID_API_KEY", "INVALID_SIGNATURE", "MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "THROTTLED", "UNAUTHORIZED", "UNSUPPORTED_MEDIA_TYPE", "WAF_FILTERED",
})
# fmt: on
"""The types of gateway responses (API Gateway developer guide, supported-gateway-response-types)."""
