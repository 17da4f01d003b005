"""The value of --as."""

import click
import pytest

from gateway.cli.flavour_choice import FlavourChoice
from gateway.errors import UsageError


def test_names_and_places() -> None:
    """A name of the table is itself, a place has to be that of a listener type."""
    choice = FlavourChoice()

    assert choice.convert("rest", None, None) == "rest"
    with pytest.raises(UsageError, match="is no gateway"):
        choice.convert("gateway.listener_types:FLAVOURS", None, None)
    with pytest.raises(click.BadParameter, match="'lb' is not one of 'alb', 'alb-multi'"):
        choice.convert("lb", None, None)
