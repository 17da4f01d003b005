"""What the APIs of API Gateway are made of, as frozen values: routes, authorizers, keys, plans, integrations.

The names are those of API Gateway's own APIs in snake_case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from gateway.types import Json

AuthorizerType: TypeAlias = Literal["TOKEN", "REQUEST", "COGNITO_USER_POOLS", "JWT"]


@dataclass(frozen=True, slots=True)
class Throttle:
    """Requests per second in the long run, and at once."""

    rate_limit: float
    burst_limit: int


@dataclass(frozen=True, slots=True)
class Quota:
    """Requests in a period."""

    limit: int
    period: Literal["DAY", "WEEK", "MONTH"]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key of a REST API."""

    value: str
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class UsagePlan:
    """What the holders of some API keys may use."""

    api_keys: tuple[str, ...]
    throttle: Throttle | None = None
    quota: Quota | None = None


@dataclass(frozen=True, slots=True)
class Authorizer:
    """An authorizer; which fields count depends on its type.

    Attributes:
        function: Of TOKEN and REQUEST.
        identity_source: Where the identity stands; empty for the type's own default.
        identity_validation_expression: Of TOKEN: a regular expression for the token.
        authorizer_result_ttl_in_seconds: How long an answer is kept, 0 for not at all.
        authorizer_payload_format_version: Of REQUEST in front of an HTTP API.
        enable_simple_responses: The same; only format 2.0 has them.
        issuer: Of JWT.
        audience: Of JWT.
        provider_arns: Of COGNITO_USER_POOLS: the user pools.
        jwks_uri: Where the keys are, instead of where the issuer says.
    """

    type: AuthorizerType
    function: str = ""
    identity_source: tuple[str, ...] = ()
    identity_validation_expression: str = ""
    authorizer_result_ttl_in_seconds: int = 300
    authorizer_payload_format_version: Literal["1.0", "2.0"] = "2.0"
    enable_simple_responses: bool = False
    issuer: str = ""
    audience: tuple[str, ...] = ()
    provider_arns: tuple[str, ...] = ()
    jwks_uri: str = ""


@dataclass(frozen=True, slots=True)
class Integration:
    """An integration of a REST API that is no function.

    Attributes:
        uri: Of HTTP_PROXY; ``{name}`` stands for a path parameter.
        http_method: Of HTTP_PROXY; "" for the request's own.
        timeout_in_millis: How long HTTP_PROXY may take.
        status_code: Of MOCK.
        response_parameters: Of MOCK: ``method.response.header.Name`` → the value in single quotation marks.
        response_templates: Of MOCK: the body by media type; the first one is sent.
    """

    type: Literal["MOCK", "HTTP_PROXY"]
    uri: str = ""
    http_method: str = ""
    timeout_in_millis: int = 29000
    status_code: int = 200
    response_parameters: Mapping[str, str] = field(default_factory=dict)
    response_templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """A gateway response of a REST API.

    Attributes:
        status_code: None keeps the type's own.
        response_parameters: ``gatewayresponse.header.Name`` → the value in single quotation marks.
        response_templates: The body by media type; the first one is sent.
    """

    status_code: int | None = None
    response_parameters: Mapping[str, str] = field(default_factory=dict)
    response_templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RestRoute:
    """A method of a resource of a REST API.

    Attributes:
        function: What it invokes; "" with an ``integration``.
        integration: The name of an integration.
        authorizer: The name of an authorizer, "" for none.
        authorization_type: ``AWS_IAM`` asks for signed requests.
        authorization_scopes: A Cognito token needs one of them; empty takes any ID token.
        request_parameters: ``method.request.header.Name`` and so on → whether it is needed.
        request_models: Media type → the name of a model.
        response_transfer_mode: ``STREAM`` passes on what the function streams.
    """

    function: str = ""
    integration: str = ""
    authorizer: str = ""
    authorization_type: Literal["NONE", "AWS_IAM"] = "NONE"
    authorization_scopes: tuple[str, ...] = ()
    api_key_required: bool = False
    operation_name: str = ""
    request_parameters: Mapping[str, bool] = field(default_factory=dict)
    request_models: Mapping[str, str] = field(default_factory=dict)
    validate_request_body: bool = False
    validate_request_parameters: bool = False
    throttle: Throttle | None = None
    timeout_in_millis: int = 29000
    response_transfer_mode: Literal["BUFFERED", "STREAM"] = "BUFFERED"


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """A route of an HTTP API; ``payload_format_version`` None takes the API's."""

    function: str
    authorizer: str = ""
    authorization_type: Literal["NONE", "AWS_IAM"] = "NONE"
    authorization_scopes: tuple[str, ...] = ()
    payload_format_version: Literal["1.0", "2.0"] | None = None
    throttle: Throttle | None = None
    timeout_in_millis: int = 30000


@dataclass(frozen=True, slots=True)
class WebSocketRoute:
    """A route of a WebSocket API; ``two_way`` sends the body of the function's result back to the client."""

    function: str
    two_way: bool = False


Models: TypeAlias = Mapping[str, Mapping[str, Json]]
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
