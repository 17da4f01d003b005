"""A listener that answers what it got, and a server for it."""

from collections.abc import AsyncIterator

import pytest

from gateway.listeners.server import ListenerServer
from tests.listeners.doubles import EchoListener


@pytest.fixture
def listener() -> EchoListener:
    """The listener behind `port`."""
    return EchoListener()


@pytest.fixture
async def port(listener: EchoListener, anyio_backend: str) -> AsyncIterator[int]:  # noqa: ARG001 - makes it async
    """The port of a running server."""
    server = ListenerServer(listener)
    await server.start()
    yield server.port
    await server.stop(0)
