"""One front door of each kind in front of one function, without a file: what ``--as`` names."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.config.doors import DoorSettings

FRONTS: Final[Mapping[str, str]] = {
    "rest": "API Gateway REST API",
    "http": "API Gateway HTTP API, payload 2.0",
    "http-v1": "API Gateway HTTP API, payload 1.0",
    "url": "Lambda Function URL",
    "url-stream": "Lambda Function URL, streamed responses",
    "websocket": "API Gateway WebSocket API",
}
"""The name of a front door on the command line → what it is."""


def front_settings(front: str, function: str, host: str, port: int) -> "DoorSettings":
    """The settings of a front door that sends everything to one function; ``front`` is a key of `FRONTS`."""
    from gateway.config import doors  # noqa: PLC0415 - who only offers the names does not pay for the settings

    kinds: Mapping[str, Callable[..., DoorSettings]] = {
        "rest": doors.RestApiSettings,
        "http": doors.HttpApiSettings,
        "http-v1": partial(doors.HttpApiSettings, payload_format_version="1.0"),
        "url": doors.FunctionUrlSettings,
        "url-stream": partial(doors.FunctionUrlSettings, invoke_mode="RESPONSE_STREAM"),
        "websocket": doors.WebSocketApiSettings,
    }
    return kinds[front](port=port, function=function, host=host)
