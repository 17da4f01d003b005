"""Reading single tables as they stand in a file."""

from pathlib import Path
from typing import TypeVar

from gateway.config.tables import model_of
from gateway.types import Json

T = TypeVar("T")


def read(settings: type[T], table: Json, folder: Path | None = None) -> T:
    """The settings that a table becomes."""
    value: object = model_of(settings).model_validate(table, context=folder)
    assert isinstance(value, settings)
    return value
