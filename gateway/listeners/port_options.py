"""What the connections of one port have in common."""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from gateway.listeners.listener import Listener


class ClientConnection(Protocol):
    """What a port asks of its connections, whatever they speak."""

    def shutdown(self) -> None:
        """Close when idle, or as soon as the present requests are answered."""
        ...

    def abort(self) -> None:
        """Drop the connection now."""
        ...


@dataclass(slots=True, eq=False)
class PortOptions:
    """What a connection is given when a client connects.

    Attributes:
        listener: What answers.
        idle_timeout_s: How long, in seconds, a client that connects from now on may be silent: between requests the
            connection is closed then, in the middle of a request the client gets 408.
        connections: The open ones; each adds itself, and takes itself out when it is closed.
        tasks: Those of the requests that are running.
    """

    listener: Listener
    idle_timeout_s: float
    connections: set[ClientConnection] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
