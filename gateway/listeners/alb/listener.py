"""The front door of an Application Load Balancer."""

import time
from collections.abc import Callable

from gateway.listeners.arrivals import arrive
from gateway.listeners.exchange import Exchange, FunctionCall
from gateway.listeners.wire import Wire
from gateway.translation.flavour import Limits
from gateway.translation.flavours.alb import Alb
from gateway.translation.messages import Request, Response
from gateway.types import Address


class AlbListener:
    """Forwards every request to one Lambda target group; implements `gateway.listeners.listener.Listener`."""

    accepts_streams = False

    def __init__(self, alb: Alb, call: FunctionCall) -> None:
        self.alb = alb
        self.on_written: Callable[[Request | None, Response, Wire], None] | None = None
        self._call = call

    @property
    def limits(self) -> Limits:
        """What the load balancer takes."""
        return self.alb.limits

    async def respond(self, request: Request) -> Response:
        """Answer one request."""
        if self.on_written is None:
            return await self._call.run(request, arrive())
        exchange = Exchange(arrive())
        response = await self._call.run(request, exchange.arrival, exchange)
        return response._replace(record=exchange)

    def reject(self, status: int, client: Address, request_line: bytes) -> Response:  # noqa: ARG002 - the page is all
        """The page for bytes that are no acceptable request."""
        return self.alb.error_page(status, int(time.time() * 1000), keep_alive=False)
