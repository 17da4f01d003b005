"""A WebSocket API's keys."""

from gateway.config.listeners.websocket_api import WebSocketApiModel


def test_defaults() -> None:
    """The stage has API Gateway's usual name."""
    assert WebSocketApiModel.model_validate({"type": "websocket_api", "port": 1, "function": "f"}).stage == "prod"
