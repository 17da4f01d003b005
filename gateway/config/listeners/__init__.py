"""The table of listener types: one file holds one type's keys; a new type is one more file and one more line here."""

from collections.abc import Mapping
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, Field

from gateway.config import settings
from gateway.config.listeners.alb import AlbModel
from gateway.config.listeners.function_url import FunctionUrlModel
from gateway.config.listeners.http_api import HttpApiModel
from gateway.config.listeners.rest_api import RestApiModel
from gateway.config.listeners.websocket_api import WebSocketApiModel

ListenerModel: TypeAlias = Annotated[
    AlbModel | RestApiModel | HttpApiModel | FunctionUrlModel | WebSocketApiModel, Field(discriminator="type")
]
"""Any listener of the file, told apart by its ``type``."""

LISTENERS: Final[Mapping[type[BaseModel], type[settings.ListenerSettings]]] = {
    AlbModel: settings.AlbSettings,
    RestApiModel: settings.RestApiSettings,
    HttpApiModel: settings.HttpApiSettings,
    FunctionUrlModel: settings.FunctionUrlSettings,
    WebSocketApiModel: settings.WebSocketApiSettings,
}
"""Each model and the settings that it becomes; the two have the same names."""
