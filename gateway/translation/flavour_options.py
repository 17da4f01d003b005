"""Front doors by name, with options as a test or a command line writes them."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import partial
from typing import Any, Final

from gateway.errors import UsageError
from gateway.translation.flavour import Flavour
from gateway.translation.flavours.table import FLAVOURS
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.route import ANY, DEFAULT, Route, RouteTable
from gateway.types import Json

SCHEMES: Final = {"alb": "http", "alb-multi": "http"}
"""The scheme that a front door is usually asked with where it is not https."""


def build_flavour(name: str, options: Mapping[str, Any]) -> Flavour:
    """One front door.

    Args:
        name: A name of `FLAVOURS`.
        options: The flavour's own; ``routes`` may be texts such as ``"GET /pets/{id}"`` and ``"$default"``.

    Raises:
        UsageError: There is no such front door, it has no such option, or a value is of the wrong kind.
    """
    if name not in FLAVOURS:
        raise UsageError(f"there is no front door {name!r}; there are {', '.join(FLAVOURS)}")
    make = FLAVOURS[name]
    allowed = _option_names(make)
    for option in options:
        if option not in allowed:
            raise UsageError(f"{name} has no option {option!r}; it has {', '.join(allowed)}")
    given = dict(options)
    if "routes" in given and not isinstance(given["routes"], RouteTable):
        given["routes"] = route_table(given["routes"])
    return make(**given)


def _option_names(make: Any) -> list[str]:  # noqa: ANN401 - a class, or a partial of one
    fixed: dict[str, object] = {}
    if isinstance(make, partial):
        make, fixed = make.func, make.keywords
    return [field.name for field in fields(make) if field.init and field.name not in fixed]


def route_table(keys: Iterable[str]) -> RouteTable:
    """Routes from their keys, ``"GET /pets/{id}"``, ``"ANY /{proxy+}"``, ``"/pets"`` or ``"$default"``.

    Raises:
        UsageError: One of them is none of these.
    """
    if isinstance(keys, str):
        keys = [keys]
    return RouteTable([_route(key) for key in keys])


def _route(key: str) -> Route:
    method, space, path = key.rpartition(" ")
    if key == DEFAULT or (path.startswith("/") and (method or not space)):
        return Route(method or ANY, path)
    raise UsageError(f"{key!r} is no route: write 'GET /pets/{{id}}', 'ANY /{{proxy+}}' or '$default'")


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


def preflight_of(flavour: Flavour, request: Request, arrival: Arrival) -> Response | None:
    """The answer to a CORS preflight that the front door gives itself, None when it asks the function."""
    return flavour.preflight(request, arrival)
