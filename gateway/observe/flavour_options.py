"""A flavour's options as JSON and back: what a recording must know to make the same events again.

Only what differs from the default is written.  Routes are written by their keys (``GET /pets/{id}``, ``$default``).
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from typing import Any

from gateway.errors import UsageError
from gateway.listener_types import FLAVOURS
from gateway.translation.flavour import Flavour
from gateway.translation.flavour_options import build_flavour
from gateway.translation.route import RouteTable
from gateway.types import Json


def options_of(flavour: Flavour) -> dict[str, Json]:
    """The options with which `make_flavour` gives an equal flavour."""
    return _members(flavour)


def make_flavour(name: str, options: Mapping[str, Json]) -> Flavour:
    """The flavour of a recording, which may come from anywhere: it can only be one of the table.

    Raises:
        UsageError: There is no such front door, or it has no such option.
    """
    if name not in FLAVOURS:
        raise UsageError(f"{name!r} is no front door; write one of {', '.join(FLAVOURS)}")
    return build_flavour(name, options)


def _members(value: Any) -> dict[str, Json]:  # noqa: ANN401 - any of the dataclasses
    """The fields of a dataclass that differ from their defaults, and from what is derived from others (an API's id)."""
    given = {member.name: _default(member) for member in fields(value) if member.init}
    return {
        name: _plain(getattr(value, name))
        for name, default in given.items()
        if default is MISSING or (getattr(value, name) != default and replace(value, **{name: default}) != value)
    }


def _default(member: Field[Any]) -> object:
    return member.default if member.default_factory is MISSING else member.default_factory()


def _plain(value: Any) -> Json:  # noqa: ANN401 - whatever an option holds
    if isinstance(value, RouteTable):
        return [f"{route.key} {route.operation_name}".rstrip() for route in value.routes]
    if is_dataclass(value):
        return _members(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(member) for member in value]
    if isinstance(value, frozenset):
        return [_plain(member) for member in sorted(value)]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"{value!r} cannot be written as JSON")
