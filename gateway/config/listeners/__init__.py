"""The table of listener types: the settings class of each says its keys and its ``type``."""

from functools import reduce
from operator import or_
from typing import Annotated, Any, Final

from pydantic import Field

from gateway.config import doors, settings
from gateway.config.tables import model_of

LISTENERS: Final[tuple[type[settings.ListenerSettings], ...]] = (
    settings.AlbSettings,
    doors.RestApiSettings,
    doors.HttpApiSettings,
    doors.FunctionUrlSettings,
    doors.WebSocketApiSettings,
)

ListenerModel: Any = Annotated[reduce(or_, map(model_of, LISTENERS)), Field(discriminator="type")]
"""Any listener of the file, told apart by its ``type``."""
