"""``type = "rest_api"``: a REST API of API Gateway, as the file writes it."""

from typing import Final, Literal, Self

from pydantic import Field, JsonValue, model_validator

from gateway.config.apis import RESPONSE_TYPES
from gateway.config.listeners.apis import (
    ApiKeyModel,
    AuthorizerModel,
    GatewayResponseModel,
    IntegrationModel,
    RestRoute,
    RestRouteKey,
    ThrottleModel,
    UsagePlanModel,
    check_names,
)
from gateway.config.listeners.listener import ListenerKeys
from gateway.config.regex import compile_text_regex
from gateway.config.schema_expressions import schema_expressions
from gateway.config.source import shown
from gateway.config.strict import Name, fault
from gateway.errors import UsageError

_AUTHORIZERS: Final = ("TOKEN", "REQUEST", "COGNITO_USER_POOLS")


class RestApiModel(ListenerKeys):
    """A REST API in front of one or more functions."""

    type: Literal["rest_api"]
    function: str = ""
    """The function of ANY / and ANY /{proxy+}."""
    stage: str = "prod"
    """The stage."""
    stage_variables: dict[str, str] = Field(default_factory=dict)
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
    routes: dict[RestRouteKey, RestRoute] = Field(default_factory=dict)
    """Method and resource such as "GET /pets/{id}" and the name of a function, or a table."""
    integrations: dict[Name, IntegrationModel] = Field(default_factory=dict)
    """Integrations that are no functions, by name."""
    authorizers: dict[Name, AuthorizerModel] = Field(default_factory=dict)
    """Authorizers by name."""
    api_keys: dict[Name, ApiKeyModel] = Field(default_factory=dict)
    """API keys by name."""
    api_key_source: Literal["HEADER", "AUTHORIZER"] = "HEADER"
    """Whether keys come in the header x-api-key or as the authorizer's usageIdentifierKey."""
    usage_plans: dict[Name, UsagePlanModel] = Field(default_factory=dict)
    """Usage plans by name."""
    models: dict[Name, dict[str, JsonValue]] = Field(default_factory=dict)
    """JSON Schemas by name."""
    gateway_responses: dict[str, GatewayResponseModel] = Field(default_factory=dict)
    """Gateway responses by type, such as DEFAULT_4XX."""
    throttle: ThrottleModel | None = None
    """Of the stage."""

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if not self.function and not self.routes:
            raise fault("give function, routes or both")
        return self

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        check_names(self.routes, "integration", self.integrations)
        check_names(self.routes, "authorizer", self.authorizers)
        for name, authorizer in self.authorizers.items():
            if authorizer.type not in _AUTHORIZERS:
                allowed = ", ".join(_AUTHORIZERS)
                raise fault(f"the authorizer {shown(name)} has the type {authorizer.type}; allowed: {allowed}")
        for name, plan in self.usage_plans.items():
            for number, key in enumerate(plan.api_keys):
                if key not in self.api_keys:
                    where = ("usage_plans", name, "api_keys", number)
                    text = f"the usage plan {shown(name)} names {{found}}, which is none of the api_keys"
                    raise fault(text, below=where)
        return self

    @model_validator(mode="after")
    def _types_and_models_exist(self) -> Self:
        for kind in self.gateway_responses:
            if kind not in RESPONSE_TYPES:
                raise fault(f"found the gateway response {shown(kind)}; allowed: {', '.join(sorted(RESPONSE_TYPES))}")
        for key, route in self.routes.items():
            for media_type, model in route.request_models.items():
                if model not in self.models:
                    where = ("routes", key, "request_models", media_type)
                    text = f"the route {shown(key)} names the model {{found}}, which is none of the models"
                    raise fault(text, below=where)
        return self

    @model_validator(mode="after")
    def _models_can_be_used(self) -> Self:
        """Bodies are strangers': the expressions that they meet are RE2's."""
        routes = [route for route in self.routes.values() if route.validate_request_body]
        for name in sorted({model for route in routes for model in route.request_models.values()}):
            for expression in schema_expressions(self.models[name]):
                try:
                    compile_text_regex(expression)
                except UsageError as error:
                    raise fault(f"the model {shown(name)} has {shown(expression)}: {error}") from None
        return self
