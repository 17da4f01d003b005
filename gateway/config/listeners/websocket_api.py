"""``type = "websocket_api"``: a WebSocket API of API Gateway, as the file writes it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gateway.config.listeners.apis import AuthorizerModel, WebSocketRoute
from gateway.config.listeners.listener import ListenerKeys
from gateway.config.strict import fault, matching


class WebSocketApiModel(ListenerKeys):
    """A WebSocket API in front of one or more functions."""

    type: Literal["websocket_api"]
    function: str = ""
    """The function of $connect, $default and $disconnect, unless routes name others."""
    stage: str = "prod"
    """The stage; the first part of every path."""
    stage_variables: dict[str, str] = Field(default_factory=dict)
    """Variables of the stage."""
    domain_name: str = ""
    """domainName in events; left out, the host that the client used."""
    route_selection_expression: Annotated[
        str, matching(r"\$\{?request\.body\.[^\s{}]+\}?", "a path into the message, such as '$request.body.action'")
    ] = "$request.body.action"
    """What in a message names its route."""
    routes: dict[Annotated[str, Field(min_length=1)], WebSocketRoute] = Field(default_factory=dict)
    """Route keys such as "sendmessage" or $connect and the names of their functions, or tables."""
    authorizer: AuthorizerModel | None = None
    """The authorizer of $connect."""

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if not self.function and not self.routes:
            raise fault("give function, routes or both")
        if self.authorizer is not None and self.authorizer.type != "REQUEST":
            raise fault(f"the authorizer has the type {self.authorizer.type}; allowed: REQUEST")
        return self
