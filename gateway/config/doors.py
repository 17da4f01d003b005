"""The listeners that are no load balancers, as frozen values: APIs of API Gateway and function URLs.

The names are AWS's own in snake_case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, TypeAlias

from gateway.config import apis
from gateway.config.keys import Matching, Name, Range
from gateway.config.listener import ListenerKeys
from gateway.config.not_allowed import NotAllowed, shown
from gateway.config.regex import compile_text_regex
from gateway.config.schema_expressions import schema_expressions
from gateway.errors import UsageError


@dataclass(frozen=True, slots=True)
class CorsSettings:
    """CORS of a function URL."""

    allow_credentials: bool = False
    """Whether browsers may send cookies."""
    allow_headers: tuple[str, ...] = ()
    """Request headers that browsers may send."""
    allow_methods: tuple[str, ...] = ()
    """Methods that browsers may use."""
    allow_origins: tuple[str, ...] = ()
    """Origins that may call."""
    expose_headers: tuple[str, ...] = ()
    """Response headers that scripts may read."""
    max_age: Annotated[int, Range(0, 86400)] = 0
    """How long browsers keep the answer, in seconds."""


@dataclass(frozen=True, slots=True)
class RestApiSettings(ListenerKeys):
    """A REST API in front of one or more functions."""

    type: ClassVar[Literal["rest_api"]] = "rest_api"
    function: str = ""
    """The function of ANY / and ANY /{proxy+}."""
    stage: str = "prod"
    """The stage."""
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    """Variables of the stage."""
    addressing: Literal["domain", "domain-stage", "execute-api"] = "domain"
    """What paths begin with: nothing but the base path, base path and stage, or the stage."""
    base_path: str = ""
    """The base path of a custom domain's mapping, without slashes."""
    domain_name: str = ""
    """domainName in events; left out, the host that the client used."""
    binary_media_types: tuple[str, ...] = ()
    """Media types whose bodies are passed as base64."""
    response_transfer_mode: Literal["BUFFERED", "STREAM"] = "BUFFERED"
    """STREAM passes on what the function streams."""
    routes: apis.RestRoutes = field(default_factory=dict)
    """Method and resource such as "GET /pets/{id}" and the name of a function, or a table."""
    integrations: Mapping[Name, apis.Integration] = field(default_factory=dict)
    """Integrations that are no functions, by name."""
    authorizers: Mapping[Name, apis.Authorizer] = field(default_factory=dict)
    """Authorizers by name."""
    api_keys: Mapping[Name, apis.ApiKey] = field(default_factory=dict)
    """API keys by name."""
    api_key_source: Literal["HEADER", "AUTHORIZER"] = "HEADER"
    """Whether keys come in the header x-api-key or as the authorizer's usageIdentifierKey."""
    usage_plans: Mapping[Name, apis.UsagePlan] = field(default_factory=dict)
    """Usage plans by name."""
    models: apis.Models = field(default_factory=dict)
    """JSON Schemas by name."""
    gateway_responses: Mapping[str, apis.GatewayResponseSettings] = field(default_factory=dict)
    """Gateway responses by type, such as DEFAULT_4XX."""
    throttle: apis.Throttle | None = None
    """Of the stage."""

    def check_keys(self) -> None:
        """Raise `NotAllowed` when it leads nowhere, names what it does not have, or has a model that cannot be used."""
        if not self.function and not self.routes:
            raise NotAllowed("give function, routes or both")
        _check_names(self.routes, "integration", self.integrations)
        _check_names(self.routes, "authorizer", self.authorizers)
        _check_types(self.authorizers, ("TOKEN", "REQUEST", "COGNITO_USER_POOLS"))
        self._check_keys_and_responses()
        self._check_models()

    def _check_keys_and_responses(self) -> None:
        for name, plan in self.usage_plans.items():
            for number, key in enumerate(plan.api_keys):
                if key not in self.api_keys:
                    text = f"the usage plan {shown(name)} names {{found}}, which is none of the api_keys"
                    raise NotAllowed(text, below=("usage_plans", name, "api_keys", number))
        for kind in self.gateway_responses:
            if kind not in apis.RESPONSE_TYPES:
                allowed = ", ".join(sorted(apis.RESPONSE_TYPES))
                raise NotAllowed(f"found the gateway response {shown(kind)}; allowed: {allowed}")

    def _check_models(self) -> None:
        """They are there, and since bodies are strangers', the expressions that those meet are RE2's."""
        for key, route in self.routes.items():
            for media_type, model in route.request_models.items():
                if model not in self.models:
                    text = f"the route {shown(key)} names the model {{found}}, which is none of the models"
                    raise NotAllowed(text, below=("routes", key, "request_models", media_type))
        routes = [route for route in self.routes.values() if route.validate_request_body]
        for name in sorted({model for route in routes for model in route.request_models.values()}):
            for expression in schema_expressions(self.models[name]):
                try:
                    compile_text_regex(expression)
                except UsageError as error:
                    raise NotAllowed(f"the model {shown(name)} has {shown(expression)}: {error}") from None


@dataclass(frozen=True, slots=True)
class HttpApiSettings(ListenerKeys):
    """An HTTP API in front of one or more functions."""

    type: ClassVar[Literal["http_api"]] = "http_api"
    function: str = ""
    """The function of the route $default."""
    stage: str = "$default"
    """The stage."""
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    """Variables of the stage."""
    stages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Further stages and their variables; a named stage is the first part of the path."""
    domain_name: str = ""
    """domainName in events; left out, the host that the client used."""
    payload_format_version: Literal["1.0", "2.0"] = "2.0"
    """The version of events."""
    routes: apis.HttpRoutes = field(default_factory=dict)
    """Route keys such as "GET /pets/{id}" and the names of their functions, or tables."""
    authorizers: Mapping[Name, apis.Authorizer] = field(default_factory=dict)
    """Authorizers by name."""
    cors: CorsSettings | None = None
    """CORS; left out, the functions answer for themselves."""
    throttle: apis.Throttle | None = None
    """Of the stage."""

    def check_keys(self) -> None:
        """Raise `NotAllowed` when it leads nowhere or twice to one route, or names an authorizer that cannot be."""
        if not self.function and not self.routes:
            raise NotAllowed("give function, routes or both")
        if self.function and "$default" in self.routes:
            raise NotAllowed("the route $default is there twice: give it in routes, or function")
        _check_names(self.routes, "authorizer", self.authorizers)
        _check_types(self.authorizers, ("JWT", "REQUEST"))


@dataclass(frozen=True, slots=True)
class FunctionUrlSettings(ListenerKeys):
    """A URL of one function."""

    type: ClassVar[Literal["function_url"]] = "function_url"
    function: str
    """The name of a function of this file."""
    domain_name: str = ""
    """domainName in events; left out, the host that the client used."""
    auth_type: Literal["NONE", "AWS_IAM"] = "NONE"
    """Whether requests must be signed."""
    invoke_mode: Literal["BUFFERED", "RESPONSE_STREAM"] = "BUFFERED"
    """Whether results are streamed."""
    hops: Annotated[int, Range(1, 2)] = 1
    """How many of AWS's servers add to the headers: with 2 the trace id has Self before Root, and content-length is
    there without a body."""
    cors: CorsSettings | None = None
    """CORS; left out, the function answers for itself."""


@dataclass(frozen=True, slots=True)
class WebSocketApiSettings(ListenerKeys):
    """A WebSocket API in front of one or more functions."""

    type: ClassVar[Literal["websocket_api"]] = "websocket_api"
    function: str = ""
    """The function of $connect, $default and $disconnect, unless routes name others."""
    stage: str = "prod"
    """The stage; the first part of every path."""
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    """Variables of the stage."""
    domain_name: str = ""
    """domainName in events, under which functions call the API back; left out, its own name or the client's host."""
    route_selection_expression: Annotated[
        str, Matching(r"\$\{?request\.body\.[^\s{}]+\}?", "a path into the message, such as '$request.body.action'")
    ] = "$request.body.action"
    """What in a message names its route."""
    routes: apis.WebSocketRoutes = field(default_factory=dict)
    """Route keys such as "sendmessage" or $connect and the names of their functions, or tables."""
    authorizer: apis.Authorizer | None = None
    """The authorizer of $connect."""

    def check_keys(self) -> None:
        """Raise `NotAllowed` when it leads nowhere, or has an authorizer of another type than REQUEST."""
        if not self.function and not self.routes:
            raise NotAllowed("give function, routes or both")
        if self.authorizer is not None and self.authorizer.type != "REQUEST":
            raise NotAllowed(f"the authorizer has the type {self.authorizer.type}; allowed: REQUEST")


DoorSettings: TypeAlias = RestApiSettings | HttpApiSettings | FunctionUrlSettings | WebSocketApiSettings


def _check_names(routes: Mapping[str, object], key: str, known: Mapping[str, object]) -> None:
    """Every name under a key of the routes is one of ``known``."""
    for route_key, route in routes.items():
        name = getattr(route, key)
        if name and name not in known:
            there = ", ".join(known) or "none"
            text = f"the route {shown(route_key)} names the {key} {{found}}; there are: {there}"
            raise NotAllowed(text, below=("routes", route_key, key))


def _check_types(authorizers: Mapping[str, apis.Authorizer], allowed: tuple[apis.AuthorizerType, ...]) -> None:
    for name, authorizer in authorizers.items():
        if authorizer.type not in allowed:
            raise NotAllowed(
                f"the authorizer {shown(name)} has the type {authorizer.type}; allowed: {', '.join(allowed)}"
            )
