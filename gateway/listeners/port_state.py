"""What `HttpProtocol` knows of its port: the part of uvicorn's ``Config`` and ``ServerState`` that it reads.

Serving a port needs nothing else of uvicorn, whose import is a fifth of the gateway's start.
"""

import asyncio
from typing import Any, NamedTuple, Protocol


class PortOptions(NamedTuple):
    """A loaded ``Config``: the application, and how long in seconds a client may be silent."""

    loaded_app: Any
    timeout_keep_alive: float
    loaded: bool = True

    def load(self) -> None:
        """Nothing: it is loaded."""


class PortState:
    """A ``ServerState``: the connections and the requests that are running."""

    def __init__(self, connections: set[Any]) -> None:
        self.connections = connections
        self.tasks: set[asyncio.Task[None]] = set()
        self.total_requests = 0


class Options(Protocol):
    """`PortOptions`, or uvicorn's ``Config``."""

    @property
    def loaded(self) -> bool:
        """Whether `load` was called."""
        ...

    @property
    def loaded_app(self) -> Any:  # noqa: ANN401 - whatever uvicorn was given
        """The application."""
        ...

    @property
    def timeout_keep_alive(self) -> float:
        """How long, in seconds, a client may be silent."""
        ...

    def load(self) -> None:
        """Import the application."""
        ...


class State(Protocol):
    """`PortState`, or uvicorn's ``ServerState``."""

    connections: set[Any]
    tasks: set[asyncio.Task[None]]
    total_requests: int
