"""The table of listener types: one file holds one type's keys; a new type is one more file and one more line here."""

from collections.abc import Mapping
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, Field

from gateway.config import doors, settings
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
    RestApiModel: doors.RestApiSettings,
    HttpApiModel: doors.HttpApiSettings,
    FunctionUrlModel: doors.FunctionUrlSettings,
    WebSocketApiModel: doors.WebSocketApiSettings,
}
"""Each model and the settings that it becomes; the two have the same names."""
