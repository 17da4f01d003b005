"""The listeners of a file: the ``type`` of each names a listener type, whose settings say its keys."""

import dataclasses
from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model

from gateway.config.listener import ListenerKeys
from gateway.config.source import FileFault
from gateway.config.tables import model_of
from gateway.errors import UsageError
from gateway.listener_types import LISTENER_TYPES, listener_type
from gateway.loading import is_place, load
from gateway.types import Json

M = TypeVar("M", bound=BaseModel)

_ELSEWHERE: Final[Json] = {
    "type": "object",
    "description": "A listener type of another package.",
    "properties": {"type": {"type": "string", "pattern": r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"}},
    "required": ["type"],
}


class _Anything(BaseModel):
    """A table of a listener type that is not there."""

    model_config = ConfigDict(extra="allow")


def _any_of(elsewhere: Iterable[type[BaseModel]] = ()) -> Any:  # noqa: ANN401 - an annotation is a value here
    models = [*(model_of(load(row.settings)) for row in LISTENER_TYPES), *elsewhere]
    return Annotated[reduce(or_, models), Field(discriminator="type", json_schema_extra=_with_places)]


def _with_places(schema: dict[str, Any]) -> None:
    """Editors take ``package.module:Name`` too; what its table may have they cannot know."""
    schema["oneOf"].append(_ELSEWHERE)


ListenerModel: Any = _any_of()
"""Any listener of AWS's types, told apart by its ``type``."""


def with_listener_types(file_model: type[M], data: object, faults: list[FileFault]) -> type[M]:
    """The model of a file whose listeners may be of the types of other packages that it names.

    What is no listener type, or cannot be imported, is added to ``faults``.
    """
    found: dict[str, type[BaseModel]] = {}
    for index, place in _places(data):
        if place not in found:
            try:
                found[place] = _model(place)
            except UsageError as error:
                found[place] = _Anything
                text = "found {found}, which cannot be used{derived}"
                faults.append(FileFault(("listeners", index, "type"), text, f": {error}"))
    if not found:
        return file_model
    # In a union each model needs a `type` of its own.
    models = [_with_field(model, "type", Literal[place], ...) for place, model in found.items()]
    return _with_field(file_model, "listeners", tuple.__class_getitem__((_any_of(models), ...)), ())


def _with_field(model: type[M], name: str, kind: object, default: object) -> type[M]:
    """The same model with another type for one field."""
    field: Any = {name: (kind, default)}
    return create_model(model.__name__, __base__=model, __doc__=model.__doc__, **field)


def _places(data: object) -> Iterator[tuple[int, str]]:
    """The listeners whose type is a place."""
    listeners = data.get("listeners") if isinstance(data, dict) else None
    for index, listener in enumerate(listeners if isinstance(listeners, list) else ()):
        place = listener.get("type") if isinstance(listener, dict) else None
        if isinstance(place, str) and is_place(place):
            yield index, place


def _model(place: str) -> type[BaseModel]:
    """The model of the listener type at a place.

    Raises:
        UsageError: There is none, or its settings cannot be imported or read from a file.
    """
    row = listener_type(place)
    settings = load(row.settings)
    if not isinstance(settings, type) or not issubclass(settings, ListenerKeys):
        raise UsageError(f"its settings {row.settings} are no subclass of gateway.config.listener.ListenerKeys")
    if "type" not in {field.name for field in dataclasses.fields(settings)}:
        raise UsageError(f"its settings {row.settings} have no field type, which keeps the place; add one")
    try:
        return model_of(settings)
    except Exception as error:
        raise UsageError(f"its settings {row.settings} are not understood: {error}") from error
