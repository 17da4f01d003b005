"""All front doors by their names on the command line; imports every one of them, so only what needs all imports it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from gateway.translation.flavour import Flavour
from gateway.translation.flavours.alb import Alb
from gateway.translation.flavours.function_url import FunctionUrl
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.flavours.http_api_v1 import HttpApiV1
from gateway.translation.flavours.rest_api import RestApi
from gateway.translation.flavours.websocket import WebSocketApi

FLAVOURS: Final[Mapping[str, Callable[..., Flavour]]] = {
    "alb": Alb,
    "alb-multi": partial(Alb, multi_value_headers=True),
    "rest": RestApi,
    "http": HttpApi,
    "http-v1": HttpApiV1,
    "url": FunctionUrl,
    "url-stream": partial(FunctionUrl, invoke_mode="RESPONSE_STREAM"),
    "websocket": WebSocketApi,
}
"""The name on the command line → what makes the flavour; the keyword arguments are its options."""
