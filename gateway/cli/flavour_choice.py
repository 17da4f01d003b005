"""The value of ``--as``: a name of the table of listener types, or the place of a row of another package."""

from typing import TYPE_CHECKING, Any, TypeAlias

import click

from gateway.listener_types import FLAVOURS, named_flavour
from gateway.loading import is_place

if TYPE_CHECKING:
    _Choice: TypeAlias = click.Choice[str]
else:
    _Choice = click.Choice  # click 8.1 has no generic one


class FlavourChoice(_Choice):
    """Any flavour; another package's, which is named by the place of its listener type, is not in the help."""

    def __init__(self) -> None:
        super().__init__(list(FLAVOURS))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401 - click's signature
        """The name itself.

        Raises:
            UsageError: Nothing that can be used stands at the place.
        """
        if isinstance(value, str) and is_place(value):
            named_flavour(value)
            return value
        return super().convert(value, param, ctx)
