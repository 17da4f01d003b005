"""``type = "websocket_api"``: a WebSocket API of API Gateway, as the file writes it."""

from typing import Literal

from gateway.config.listeners.listener import ListenerKeys


class WebSocketApiModel(ListenerKeys):
    """A WebSocket API in front of one function."""

    type: Literal["websocket_api"]
    function: str
    """The name of a function of this file."""
    stage: str = "prod"
    """The stage; the first part of every path."""
