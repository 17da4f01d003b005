"""One test for every listener type."""

import pytest

from gateway.errors import UsageError
from gateway.listener_types import FLAVOURS as TABLE
from gateway.testing import FLAVOURS, each_flavour, make_event


@each_flavour("alb", "rest")
def test_only_the_named(as_: str) -> None:
    """The argument is the name."""
    assert as_ in {"alb", "rest"}


def test_all_of_them() -> None:
    """Every listener type that takes plain requests is among them, without anybody listing it."""
    assert set(TABLE) - set(FLAVOURS) == {"websocket"}
    assert each_flavour().args == ("as_", FLAVOURS)
    assert all(make_event(as_) for as_ in FLAVOURS)


def test_a_wrong_name() -> None:
    """A typing error is said at once."""
    with pytest.raises(UsageError, match="no front door 'lb'"):
        each_flavour("lb")
