"""The whole file: the keys of `gateway.config.settings.Settings`, and where its schema is."""

from typing import Annotated

from pydantic import BaseModel, Field, create_model

from gateway.config.listeners import ListenerModel
from gateway.config.settings import Settings
from gateway.config.tables import Strict, fields_of, summary


class _Schema(Strict):
    schema_: Annotated[str | None, Field(alias="$schema", description="Where the JSON Schema is, for editors.")] = None


FileModel: type[BaseModel] = create_model(
    "FileModel", __base__=_Schema, __doc__=summary(Settings), **fields_of(Settings, ListenerSettings=ListenerModel)
)
"""What the file's table is checked with; the tables in it have become settings when it has been read."""
