"""The table of listener types."""

import pytest
from pydantic import TypeAdapter

from gateway.config import doors, settings
from gateway.config.listeners import ListenerModel
from gateway.listener_types import LISTENER_TYPES, ListenerType
from gateway.loading import load
from gateway.types import Json

ADAPTER: TypeAdapter[object] = TypeAdapter(ListenerModel)


@pytest.mark.parametrize("row", LISTENER_TYPES, ids=lambda it: it.type)
def test_a_type_leads_to_its_settings(row: ListenerType) -> None:
    """What a table of a type becomes is an instance of that type's class, which knows its type."""
    kind = load(row.settings)
    keys: dict[str, Json] = {"function": "f"}
    if kind is settings.AlbSettings:
        keys = {"default_actions": [{"type": "fixed-response", "status_code": 404}]}

    assert kind.type == row.type
    assert isinstance(ADAPTER.validate_python({"type": row.type, "port": 1, **keys}), kind)


def test_what_is_left_out_has_the_default_of_the_settings() -> None:
    """A listener made in code is as one made from a file."""
    table: Json = {"type": "rest_api", "port": 1, "function": "f"}

    assert ADAPTER.validate_python(table) == doors.RestApiSettings(1, "f")
