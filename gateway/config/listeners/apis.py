"""What the APIs of API Gateway are made of, as the file writes it; `gateway.config.apis` has the same names."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gateway.config.source import shown
from gateway.config.strict import Strict, TextExpression, fault, matching

RouteKey: TypeAlias = Annotated[
    str,
    matching(
        r"\$default|(ANY|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /\S*",
        "$default, or a method or ANY, a space and a path, such as 'GET /pets/{id}'",
    ),
]
RestRouteKey: TypeAlias = Annotated[
    str,
    matching(
        r"(ANY|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /\S*",
        "a method or ANY, a space and a path, such as 'GET /pets/{id}'",
    ),
]
_Ttl: TypeAlias = Annotated[int, Field(ge=0, le=3600)]
_Status: TypeAlias = Annotated[int, Field(ge=200, le=599)]


def _quoted(text: str) -> str:
    if len(text) < 2 or text[0] != "'" or text[-1] != "'":
        raise fault("found {found}; allowed: a text in single quotation marks, such as \"'*'\"")
    return text


def _plain(text: str) -> str:
    if re.search(r"#(set|if|foreach|end)|\$(input|util)", text):
        raise fault("found {found}; mapping templates (VTL) are not supported, give the body as it is")
    return text


Quoted: TypeAlias = Annotated[str, AfterValidator(_quoted)]
Template: TypeAlias = Annotated[str, AfterValidator(_plain)]


class ThrottleModel(Strict):
    """How much is let through."""

    rate_limit: Annotated[float, Field(ge=0)]
    """Requests per second in the long run."""
    burst_limit: Annotated[int, Field(ge=0)]
    """Requests at once."""


class QuotaModel(Strict):
    """How many requests a period has."""

    limit: Annotated[int, Field(ge=0)]
    """Requests."""
    period: Literal["DAY", "WEEK", "MONTH"]
    """DAY, WEEK or MONTH, in UTC."""


class ApiKeyModel(Strict):
    """An API key."""

    value: Annotated[str, Field(min_length=20, max_length=128)]
    """What clients send."""
    enabled: bool = True
    """Whether it is taken."""


class UsagePlanModel(Strict):
    """What the holders of some API keys may use."""

    api_keys: tuple[str, ...]
    """Names of API keys."""
    throttle: ThrottleModel | None = None
    """For each key."""
    quota: QuotaModel | None = None
    """For each key."""


class AuthorizerModel(Strict):
    """An authorizer."""

    type: Literal["TOKEN", "REQUEST", "COGNITO_USER_POOLS", "JWT"]
    """TOKEN, REQUEST, COGNITO_USER_POOLS or JWT."""
    function: str = ""
    """TOKEN and REQUEST: the name of a function of this file."""
    identity_source: tuple[str, ...] = ()
    """Where the identity stands, such as method.request.header.Authorization or $request.header.Authorization."""
    identity_validation_expression: TextExpression = ""
    """TOKEN: a regular expression (RE2) that the whole token must match."""
    authorizer_result_ttl_in_seconds: _Ttl = 300
    """How long an answer is kept; 0 for not at all."""
    authorizer_payload_format_version: Literal["1.0", "2.0"] = "2.0"
    """REQUEST in front of an HTTP API: the version of its event."""
    enable_simple_responses: bool = False
    """The same: it answers isAuthorized instead of a policy."""
    issuer: str = ""
    """JWT: the issuer."""
    audience: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    """JWT: one of them must be in aud or client_id."""
    provider_arns: tuple[str, ...] = ()
    """COGNITO_USER_POOLS: the ARNs of the user pools."""
    jwks_uri: str = ""
    """JWT and COGNITO_USER_POOLS: where the keys are; left out, where the issuer says."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [name for name in _NEEDED[self.type] if not getattr(self, name)]
        if missing:
            raise fault(f"an authorizer of type {self.type} needs {' and '.join(missing)}")
        return self


_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "TOKEN": ("function",),
    "REQUEST": ("function",),
    "COGNITO_USER_POOLS": ("provider_arns",),
    "JWT": ("issuer", "audience"),
}


def _no_templates(value: object) -> object:
    if value in ("AWS", "HTTP"):
        raise fault(
            "found {found}; integrations with mapping templates (VTL) are not supported; "
            "allowed: MOCK, HTTP_PROXY, or the key function of a route for a Lambda proxy integration"
        )
    return value


class IntegrationModel(Strict):
    """An integration that is no function."""

    type: Annotated[Literal["MOCK", "HTTP_PROXY"], BeforeValidator(_no_templates)]
    """MOCK or HTTP_PROXY."""
    uri: Annotated[
        str, matching(r"|https?://[^\s/?#@]+([/?#]\S*)?", "http://… or https://… without user and password")
    ] = ""
    """HTTP_PROXY: where requests go; {name} stands for a path parameter."""
    http_method: str = ""
    """HTTP_PROXY: left out, the request's own."""
    timeout_in_millis: Annotated[int, Field(ge=50, le=29000)] = 29000
    """HTTP_PROXY: how long it may take."""
    status_code: _Status = 200
    """MOCK: the status."""
    response_parameters: dict[str, Quoted] = Field(default_factory=dict)
    """MOCK: method.response.header.Name and the value in single quotation marks."""
    response_templates: dict[str, Template] = Field(default_factory=dict)
    """MOCK: the body under its media type."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.type == "HTTP_PROXY" and not self.uri:
            raise fault("an integration of type HTTP_PROXY needs uri")
        return self


class GatewayResponseModel(Strict):
    """A gateway response."""

    status_code: _Status | None = None
    """Left out, the type's own."""
    response_parameters: dict[str, Quoted] = Field(default_factory=dict)
    """gatewayresponse.header.Name and the value in single quotation marks."""
    response_templates: dict[str, Template] = Field(default_factory=dict)
    """The body under its media type; $context.error.messageString and others are filled in."""


def _named(value: object) -> object:
    """A route may be just the name of its function."""
    return {"function": value} if isinstance(value, str) else value


class RestRouteModel(Strict):
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
    request_parameters: dict[str, bool] = Field(default_factory=dict)
    """method.request.header.Name, .querystring.name or .path.name and whether it is needed."""
    request_models: dict[str, str] = Field(default_factory=dict)
    """Media type and the name of a model of this listener."""
    validate_request_body: bool = False
    """Whether bodies must fit the model."""
    validate_request_parameters: bool = False
    """Whether the needed parameters must be there."""
    throttle: ThrottleModel | None = None
    """Of this method."""
    timeout_in_millis: Annotated[int, Field(ge=50, le=900_000)] = 29000
    """How long the function may take."""
    response_transfer_mode: Literal["BUFFERED", "STREAM"] = "BUFFERED"
    """STREAM passes on what the function streams."""

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if bool(self.function) == bool(self.integration):
            raise fault("give either function or integration")
        return self


class HttpRouteModel(Strict):
    """A route of an HTTP API."""

    function: str
    """The name of a function of this file."""
    authorizer: str = ""
    """The name of an authorizer of this listener."""
    authorization_type: Literal["NONE", "AWS_IAM"] = "NONE"
    """AWS_IAM asks for signed requests."""
    authorization_scopes: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    """A token needs one of them."""
    payload_format_version: Literal["1.0", "2.0"] | None = None
    """Left out, that of the API."""
    throttle: ThrottleModel | None = None
    """Of this route."""
    timeout_in_millis: Annotated[int, Field(ge=50, le=30_000)] = 30000
    """How long the function may take."""


class WebSocketRouteModel(Strict):
    """A route of a WebSocket API."""

    function: str
    """The name of a function of this file."""
    two_way: bool = False
    """Whether the body of the function's result is sent back to the client (a route response)."""


RestRoute: TypeAlias = Annotated[RestRouteModel, BeforeValidator(_named, json_schema_input_type=str | RestRouteModel)]
HttpRoute: TypeAlias = Annotated[HttpRouteModel, BeforeValidator(_named, json_schema_input_type=str | HttpRouteModel)]
WebSocketRoute: TypeAlias = Annotated[
    WebSocketRouteModel, BeforeValidator(_named, json_schema_input_type=str | WebSocketRouteModel)
]


def check_names(routes: Mapping[str, Strict], key: str, known: Mapping[str, object]) -> None:
    """Every name under a key of the routes is one of ``known``; raises a fault that names the route."""
    for route_key, route in routes.items():
        name = getattr(route, key)
        if name and name not in known:
            there = ", ".join(known) or "none"
            where = ("routes", route_key, key)
            raise fault(f"the route {shown(route_key)} names the {key} {{found}}; there are: {there}", below=where)
