"""The listeners of a file: the ``type`` of each names a listener type, whose settings say its keys."""

from functools import reduce
from operator import or_
from typing import Annotated, Any

from pydantic import Field

from gateway.config.tables import model_of
from gateway.listener_types import LISTENER_TYPES
from gateway.loading import load

ListenerModel: Any = Annotated[
    reduce(or_, (model_of(load(row.settings)) for row in LISTENER_TYPES)), Field(discriminator="type")
]
"""Any listener of the file, told apart by its ``type``."""
