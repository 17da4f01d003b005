"""A WebSocket API on a port, whose function tells what it was told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.config.doors import WebSocketApiSettings
from gateway.listeners.websocket_api import websocket_api
from gateway.listeners.websocket_session import Times
from gateway.types import Json
from tests.listeners.scripted import Port, context_of, opened, scripted
from tests.services import listener_context


class Recorded:
    """A function that says yes, answers messages with their own text, and tells when it was disconnected."""

    def __init__(self) -> None:
        self.disconnected = asyncio.Event()
        self.function, self.target = scripted(self.answer)

    def answer(self, event: dict[str, Json]) -> Json:
        """One answer."""
        if context_of(event)["eventType"] == "DISCONNECT":
            self.disconnected.set()
        return {"statusCode": 200, "body": event.get("body", "")}

    async def farewell(self) -> dict[str, Json]:
        """The context of the DISCONNECT event."""
        await asyncio.wait_for(self.disconnected.wait(), 5)
        return context_of(self.target.events[-1])


@asynccontextmanager
async def served(
    settings: WebSocketApiSettings, recorded: Recorded, times: Times | None = None
) -> AsyncIterator[tuple[Port, str]]:
    """The API on a port, and the address of its stage."""
    listener = websocket_api(settings, listener_context({"f": recorded.function}), times=times or Times())
    async with opened(listener) as port:
        yield port, f"ws://127.0.0.1:{port.number}/{settings.stage}"
