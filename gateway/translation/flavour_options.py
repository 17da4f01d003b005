"""Flavours by name, with options as a test, a command line or a recording writes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from gateway.errors import UsageError
from gateway.listener_types import named_flavour
from gateway.loading import load
from gateway.translation.flavour import Flavour
from gateway.translation.messages import Arrival, Request
from gateway.translation.route import RouteTable, parse_route
from gateway.types import Json

_NO_OPTIONS: Final[Mapping[str, Any]] = {}


def build_flavour(name: str, options: Mapping[str, Any] = _NO_OPTIONS) -> Flavour:
    """One flavour.

    Args:
        name: A name of `gateway.listener_types.FLAVOURS`.
        options: The flavour's own, as Python or as JSON has them; ``routes`` may be texts such as
            ``"GET /pets/{id}"`` and ``"$default"``.

    Raises:
        UsageError: There is no such flavour, it has no such option, or a value is of the wrong kind.
    """
    named = named_flavour(name)
    kind = load(named.flavour)
    allowed = [field.name for field in fields(kind) if field.init and field.name not in named.options]
    for option, value in options.items():
        # What the name stands for may be said again, as recordings do.
        if option not in allowed and (option, value) not in named.options.items():
            raise UsageError(f"{name} has no option {option!r}; it has {', '.join(allowed)}")
    try:
        flavour: Flavour = _made(kind, {**named.options, **options})
    except (AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"the options of {name} cannot be used: {error}") from error
    return flavour


@cache
def _types(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _made(kind: Any, members: Mapping[str, Any]) -> Any:  # noqa: ANN401 - one of the dataclasses
    types = _types(kind)
    return kind(**{name: _read(types.get(name), value) for name, value in members.items()})


def _read(kind: Any, value: Any) -> Any:  # noqa: ANN401 - each option has its own type
    """An option as its type has it; JSON has lists for tuples, tables for dataclasses, texts for bytes and routes."""
    if get_origin(kind) in (Union, UnionType):
        (inner,) = (member for member in get_args(kind) if member is not NoneType)
        return None if value is None else _read(inner, value)
    if kind is RouteTable and not isinstance(value, RouteTable):
        return route_table(value)
    if is_dataclass(kind) and isinstance(value, Mapping):
        return _made(kind, value)
    if kind is bytes and isinstance(value, str):
        return value.encode("latin-1")
    if get_origin(kind) in (tuple, Sequence, frozenset):
        items = [value] if isinstance(value, str) else value
        read = [_read(get_args(kind)[0], item) for item in items]
        return frozenset(read) if get_origin(kind) is frozenset else tuple(read)
    return value


def route_table(keys: Iterable[str]) -> RouteTable:
    """Routes from their keys, ``"GET /pets/{id}"``, ``"ANY /{proxy+}"``, ``"/pets"`` or ``"$default"``.

    Behind a space may stand the name of the operation: ``"GET /pets/{id} GetPet"``.

    Raises:
        UsageError: One of them is none of these.
    """
    if isinstance(keys, str):
        keys = [keys]
    return RouteTable([parse_route(key) for key in keys])


def encode_as(
    flavour: Flavour, request: Request, arrival: Arrival, authorizer: Mapping[str, Json] | None = None
) -> bytes:
    """The event for a request behind an authorizer that said yes.

    Args:
        flavour: The front door.
        request: What it got.
        arrival: When and under which id.
        authorizer: ``requestContext.authorizer``, such as ``{"jwt": {…}}``; None where there is none.

    Raises:
        Fault: The request cannot become an event.
        UsageError: The front door has no authorizers.
    """
    if authorizer is None:
        return flavour.encode(request, arrival)
    return flavour.encode(request, arrival, flavour.route(request)._replace(authorizer=authorizer))
