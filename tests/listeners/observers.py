"""Observers for tests."""

import asyncio

from gateway.listeners.arrivals import arrive
from gateway.listeners.listener import Listener
from gateway.observe.record import Exchange
from gateway.translation.messages import Request, Response


class Seen:
    """Keeps the exchanges that it is told of, in order.

    Attributes:
        details: It wants memory and log of what is invoked.
        begun: Those that have begun.
        exchanges: Those that have ended, each once.
    """

    def __init__(self, *, details: bool = False) -> None:
        self.details = details
        self.begun: list[Exchange] = []
        self.exchanges: asyncio.Queue[Exchange] = asyncio.Queue()

    def began(self, exchange: Exchange) -> None:
        """Keep it."""
        self.begun.append(exchange)

    def ended(self, exchange: Exchange) -> None:
        """Keep it."""
        self.exchanges.put_nowait(exchange)

    async def one(self) -> Exchange:
        """The next one that has ended."""
        return await asyncio.wait_for(self.exchanges.get(), 10)


async def respond(listener: Listener, request: Request, exchange: Exchange | None = None) -> Response:
    """The answer of a listener that switches to no other protocol."""
    answer = await listener.respond(request, exchange)
    assert isinstance(answer, Response)
    return answer


async def observed(listener: Listener, request: Request) -> tuple[Response, Exchange]:
    """The answer of such a listener, and the record of it."""
    exchange = Exchange(arrive(), request)
    exchange.response = await respond(listener, request, exchange)
    return exchange.response, exchange
