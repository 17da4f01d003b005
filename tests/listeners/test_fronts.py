"""A listener for each kind of front door."""

import subprocess
import sys

import pytest

from gateway.config.fronts import FRONTS, front_settings
from gateway.listeners.fronts import front_listener
from gateway.listeners.function_url import FunctionUrlDoor
from gateway.listeners.http_api import HttpApiDoor
from gateway.listeners.rest_api import RestApiDoor
from gateway.listeners.websocket_api import WebSocketDoor
from tests.listeners.doors import ok, opened, scripted

DOORS = {"rest": RestApiDoor, "http": HttpApiDoor, "url": FunctionUrlDoor, "websocket": WebSocketDoor}


@pytest.mark.anyio
@pytest.mark.parametrize("front", FRONTS)
async def test_each_front(front: str) -> None:
    """Its door answers on a port; a plain request to a WebSocket API is refused."""
    function, target = scripted(ok)
    listener = front_listener(front_settings(front, "f", "127.0.0.1", 0), {"f": function})
    async with opened(listener) as port:
        answer = await port.ask()

    assert isinstance(listener.door, DOORS[front.partition("-")[0]])
    assert (answer.status_code, len(target.events)) == ((400, 0) if front == "websocket" else (200, 1))


@pytest.mark.anyio
async def test_a_door_can_be_replaced() -> None:
    """The next request goes to the new functions; the port stays."""
    settings = front_settings("http", "f", "127.0.0.1", 0)
    old, _ = scripted(lambda _: "old")
    new, _ = scripted(lambda _: "new")
    listener = front_listener(settings, {"f": old})
    async with opened(listener) as port:
        before = await port.ask()
        listener.door = front_listener(settings, {"f": new}).door
        after = await port.ask()

    assert (before.content, after.content) == (b"old", b"new")


@pytest.mark.parametrize("module", ["jwt", "websockets", "jsonschema", "cryptography", "pydantic"])
def test_extras_are_imported_when_they_are_needed(module: str) -> None:
    """A front door without authorizers, models and sockets needs none of them."""
    program = f"import sys, gateway.listeners.fronts; print({module!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "False\n"
