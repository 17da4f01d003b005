"""One test for every front door, in one line."""

from typing import TYPE_CHECKING, Final

from gateway.errors import UsageError
from gateway.translation.flavours.table import FLAVOURS as _TABLE

if TYPE_CHECKING:
    import pytest

FLAVOURS: Final = tuple(name for name in _TABLE if name != "websocket")
"""The front doors that take plain HTTP requests, by name.

``websocket`` is a name as well, for the events of a handshake, but no plain request can be made of it.
"""


def each_flavour(*names: str) -> "pytest.MarkDecorator":
    """A decorator that runs a test once for each front door, as its argument ``as_``; without names for all of them.

    Raises:
        UsageError: There is no such front door.
    """
    import pytest  # noqa: PLC0415 - the clients work without it

    for name in names:
        if name not in _TABLE:
            raise UsageError(f"there is no front door {name!r}; there are {', '.join(_TABLE)}")
    return pytest.mark.parametrize("as_", names or FLAVOURS)
