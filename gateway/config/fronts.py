"""One front door of each kind in front of one function, without a file: what ``--as`` names."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeAlias

from gateway.config.settings import FunctionUrlSettings, HttpApiSettings, RestApiSettings, WebSocketApiSettings

FrontSettings: TypeAlias = RestApiSettings | HttpApiSettings | FunctionUrlSettings | WebSocketApiSettings

_FRONTS: Final[Mapping[str, Callable[..., FrontSettings]]] = {
    "rest": RestApiSettings,
    "http": HttpApiSettings,
    "http-v1": partial(HttpApiSettings, payload_format_version="1.0"),
    "url": FunctionUrlSettings,
    "url-stream": partial(FunctionUrlSettings, invoke_mode="RESPONSE_STREAM"),
    "websocket": WebSocketApiSettings,
}

FRONTS: Final[Mapping[str, str]] = {
    "rest": "API Gateway REST API",
    "http": "API Gateway HTTP API, payload 2.0",
    "http-v1": "API Gateway HTTP API, payload 1.0",
    "url": "Lambda Function URL",
    "url-stream": "Lambda Function URL, streamed responses",
    "websocket": "API Gateway WebSocket API",
}
"""The name of a front door on the command line → what it is."""


def front_settings(front: str, function: str, host: str, port: int) -> FrontSettings:
    """The settings of a front door that sends everything to one function; ``front`` is a key of `FRONTS`."""
    return _FRONTS[front](port=port, function=function, host=host)
