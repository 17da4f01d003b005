"""``type = "http_api"``: an HTTP API of API Gateway, as the file writes it."""

from typing import Final, Literal, Self

from pydantic import Field, model_validator

from gateway.config.listeners.apis import AuthorizerModel, HttpRoute, RouteKey, ThrottleModel, check_names
from gateway.config.listeners.function_url import CorsModel
from gateway.config.listeners.listener import ListenerKeys
from gateway.config.source import shown
from gateway.config.strict import Name, fault

_AUTHORIZERS: Final = ("JWT", "REQUEST")


class HttpApiModel(ListenerKeys):
    """An HTTP API in front of one or more functions."""

    type: Literal["http_api"]
    function: str = ""
    """The function of the route $default."""
    stage: str = "$default"
    """The stage."""
    stage_variables: dict[str, str] = Field(default_factory=dict)
    """Variables of the stage."""
    stages: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Further stages and their variables; a named stage is the first part of the path."""
    domain_name: str = ""
    """domainName in events; left out, the host that the client used."""
    payload_format_version: Literal["1.0", "2.0"] = "2.0"
    """The version of events."""
    routes: dict[RouteKey, HttpRoute] = Field(default_factory=dict)
    """Route keys such as "GET /pets/{id}" and the names of their functions, or tables."""
    authorizers: dict[Name, AuthorizerModel] = Field(default_factory=dict)
    """Authorizers by name."""
    cors: CorsModel | None = None
    """CORS; left out, the functions answer for themselves."""
    throttle: ThrottleModel | None = None
    """Of the stage."""

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if not self.function and not self.routes:
            raise fault("give function, routes or both")
        if self.function and "$default" in self.routes:
            raise fault("the route $default is there twice: give it in routes, or function")
        return self

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        check_names(self.routes, "authorizer", self.authorizers)
        for name, authorizer in self.authorizers.items():
            if authorizer.type not in _AUTHORIZERS:
                allowed = ", ".join(_AUTHORIZERS)
                raise fault(f"the authorizer {shown(name)} has the type {authorizer.type}; allowed: {allowed}")
        return self
