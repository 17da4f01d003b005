"""The keys that every listener has; the settings of a listener begin with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # read from the annotations when there is a file
    from gateway.config.keys import Port


@dataclass(frozen=True, slots=True)
class ListenerKeys:
    """Where a listener listens."""

    port: Port
    """The port; 0 takes a free one."""
    host: str = field(default="127.0.0.1", kw_only=True)
    """The address to listen on; 0.0.0.0 for every interface."""
