"""``type = "http_api"``: an HTTP API of API Gateway, as the file writes it."""

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from gateway.config.listeners.listener import ListenerKeys
from gateway.config.strict import fault, matching

_RouteKey: TypeAlias = Annotated[
    str,
    matching(
        r"\$default|(ANY|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /\S*",
        "$default, or a method or ANY, a space and a path, such as 'GET /pets/{id}'",
    ),
]


class HttpApiModel(ListenerKeys):
    """An HTTP API in front of one or more functions."""

    type: Literal["http_api"]
    function: str = ""
    """The function of the route $default."""
    stage: str = "$default"
    """The stage."""
    routes: dict[_RouteKey, str] = Field(default_factory=dict)
    """Route keys such as "GET /pets/{id}" and the names of their functions."""

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if not self.function and not self.routes:
            raise fault("give function, routes or both")
        return self
