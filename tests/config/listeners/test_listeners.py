"""The table of listener types: each model has settings with the same names and the same defaults."""

import dataclasses

import pytest
from pydantic import BaseModel

from gateway.listener_types import LISTENER_TYPES
from gateway.loading import load

LISTENERS = {load(row.model): load(row.settings) for row in LISTENER_TYPES}


@pytest.mark.parametrize(("model", "settings"), LISTENERS.items(), ids=lambda it: it.__name__)
def test_model_and_settings_agree(model: type[BaseModel], settings: type) -> None:
    """A key added to the one must be added to the other."""
    assert set(model.model_fields) == {field.name for field in dataclasses.fields(settings)}


@pytest.mark.parametrize(("model", "settings"), LISTENERS.items(), ids=lambda it: it.__name__)
def test_defaults_agree(model: type[BaseModel], settings: type) -> None:
    """A listener made in code is as one made from a file."""
    for field in dataclasses.fields(settings):
        described = model.model_fields[field.name]
        if not described.is_required() and isinstance(described.default, (str, int, tuple)):
            assert field.default == described.default, field.name
