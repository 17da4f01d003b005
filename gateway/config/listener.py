"""The keys that every listener has; the settings of a listener begin with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:  # read from the annotations when there is a file
    from gateway.config.keys import Port


class Certificate(NamedTuple):
    """A certificate of an HTTPS listener."""

    certificate: Path
    """PEM file of the certificate and its chain."""
    private_key: Path
    """PEM file of the key."""


@dataclass(frozen=True, slots=True)
class ListenerKeys:
    """Where a listener listens."""

    port: Port
    """The port; 0 takes a free one."""
    host: str = field(default="127.0.0.1", kw_only=True)
    """The address to listen on; 0.0.0.0 for every interface."""
    protocol: Literal["HTTP", "HTTPS"] = field(default="HTTP", kw_only=True)
    """HTTP or HTTPS."""
    certificates: tuple[Certificate, ...] = field(default=(), kw_only=True)
    """Certificates of an HTTPS listener; without any a local authority makes one."""
