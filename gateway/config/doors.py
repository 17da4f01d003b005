"""The listeners that are no load balancers, as frozen values: APIs of API Gateway and function URLs.

The names are AWS's own in snake_case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gateway.config import apis


@dataclass(frozen=True, slots=True)
class Cors:
    """CORS of an HTTP API or a function URL; ``max_age`` in seconds."""

    allow_credentials: bool = False
    allow_headers: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: int = 0


@dataclass(frozen=True, slots=True)
class RestApiSettings:
    """A REST API of API Gateway.

    Attributes:
        function: What ``ANY /`` and ``ANY /{proxy+}`` invoke, "" for nothing beside the ``routes``.
        addressing: What a URL's path begins with: ``domain`` (the base path, as on a custom domain mapped to the
            stage), ``domain-stage`` (base path and stage), ``execute-api`` (the stage).
        routes: ``GET /pets/{id}`` → what takes it.
        models: Name → JSON Schema.
        throttle: Of the stage.
    """

    port: int
    function: str = ""
    host: str = "127.0.0.1"
    stage: str = "prod"
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    addressing: Literal["domain", "domain-stage", "execute-api"] = "domain"
    base_path: str = ""
    domain_name: str = ""
    binary_media_types: tuple[str, ...] = ()
    response_transfer_mode: Literal["BUFFERED", "STREAM"] = "BUFFERED"
    routes: Mapping[str, apis.RestRoute] = field(default_factory=dict)
    integrations: Mapping[str, apis.Integration] = field(default_factory=dict)
    authorizers: Mapping[str, apis.Authorizer] = field(default_factory=dict)
    api_keys: Mapping[str, apis.ApiKey] = field(default_factory=dict)
    api_key_source: Literal["HEADER", "AUTHORIZER"] = "HEADER"
    usage_plans: Mapping[str, apis.UsagePlan] = field(default_factory=dict)
    models: apis.Models = field(default_factory=dict)
    gateway_responses: Mapping[str, apis.GatewayResponse] = field(default_factory=dict)
    throttle: apis.Throttle | None = None
    type: Literal["rest_api"] = "rest_api"


@dataclass(frozen=True, slots=True)
class HttpApiSettings:
    """An HTTP API of API Gateway.

    Attributes:
        function: What the route ``$default`` invokes, "" for no such route.
        stages: Further stages and their variables; a named stage is the first segment of the path.
        routes: ``GET /pets/{id}`` → what takes it.
        cors: None leaves CORS to the functions.
        throttle: Of the stage.
    """

    port: int
    host: str = "127.0.0.1"
    function: str = ""
    stage: str = "$default"
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    domain_name: str = ""
    payload_format_version: Literal["1.0", "2.0"] = "2.0"
    routes: Mapping[str, apis.HttpRoute] = field(default_factory=dict)
    authorizers: Mapping[str, apis.Authorizer] = field(default_factory=dict)
    cors: Cors | None = None
    throttle: apis.Throttle | None = None
    type: Literal["http_api"] = "http_api"


@dataclass(frozen=True, slots=True)
class FunctionUrlSettings:
    """A Lambda function URL."""

    port: int
    function: str
    host: str = "127.0.0.1"
    auth_type: Literal["NONE", "AWS_IAM"] = "NONE"
    invoke_mode: Literal["BUFFERED", "RESPONSE_STREAM"] = "BUFFERED"
    cors: Cors | None = None
    type: Literal["function_url"] = "function_url"


@dataclass(frozen=True, slots=True)
class WebSocketApiSettings:
    """A WebSocket API of API Gateway.

    Attributes:
        function: What ``$connect``, ``$default`` and ``$disconnect`` invoke unless ``routes`` name something else.
        routes: Route key → what takes it.
        authorizer: Of ``$connect``; None lets everybody in.
    """

    port: int
    function: str = ""
    host: str = "127.0.0.1"
    stage: str = "prod"
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    domain_name: str = ""
    route_selection_expression: str = "$request.body.action"
    routes: Mapping[str, apis.WebSocketRoute] = field(default_factory=dict)
    authorizer: apis.Authorizer | None = None
    type: Literal["websocket_api"] = "websocket_api"


DoorSettings: TypeAlias = RestApiSettings | HttpApiSettings | FunctionUrlSettings | WebSocketApiSettings
