"""One test for every listener type, in one line."""

from typing import TYPE_CHECKING, Final

from gateway import listener_types
from gateway.listener_types import named_flavour

if TYPE_CHECKING:
    import pytest

FLAVOURS: Final = tuple(name for name, named in listener_types.FLAVOURS.items() if named.plain_requests)
"""The listener types that take plain HTTP requests, by name.

``websocket`` is a name as well, for the events of a handshake, but no plain request can be made of it.
"""


def each_flavour(*names: str) -> "pytest.MarkDecorator":
    """A decorator that runs a test once for each listener type, as its argument ``as_``; without names for all of them.

    Raises:
        UsageError: There is no such listener type.
    """
    import pytest  # noqa: PLC0415 - the clients work without it

    for name in names:
        named_flavour(name)
    return pytest.mark.parametrize("as_", names or FLAVOURS)
