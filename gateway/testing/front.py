"""Any front door on a port, in front of one function: what a test server listens with."""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.functions.service import LambdaService
from gateway.invocation import FunctionReference
from gateway.listeners.arrivals import arrive
from gateway.listeners.exchange import FunctionCall
from gateway.listeners.wire import Wire
from gateway.translation.flavour import Flavour, Limits
from gateway.translation.flavours.alb import Alb
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Request, Response
from gateway.types import Address

_CAUSES: Final[Mapping[int, Cause]] = {
    413: Cause.TOO_LARGE,
    414: Cause.URI_TOO_LONG,
    431: Cause.HEADERS_TOO_LARGE,
    500: Cause.CONFIGURATION,
}
"""What API Gateway calls the statuses that the port gives by itself, 500 for a defect; any other is a bad request."""


class FlavourListener:
    """Sends every request through one flavour to one function; implements `gateway.listeners.listener.Listener`."""

    accepts_streams = False

    def __init__(self, flavour: Flavour, service: LambdaService, function: FunctionReference) -> None:
        self.flavour = flavour
        self.on_written: Callable[[Request | None, Response, Wire], None] | None = None
        self._call = FunctionCall(flavour, service, function)

    @property
    def limits(self) -> Limits:
        """The flavour's."""
        return self.flavour.limits

    async def respond(self, request: Request) -> Response:
        """Answer one request."""
        arrival = arrive()
        return self.flavour.preflight(request, arrival) or await self._call.run(request, arrival)

    def reject(self, status: int, client: Address, request_line: bytes) -> Response:
        """The answer to bytes that are no acceptable request."""
        arrival = arrive()
        if isinstance(self.flavour, Alb):
            return self.flavour.error_page(status, arrival.epoch_ms, keep_alive=False)
        fault = Refused(_CAUSES.get(status, Cause.BAD_REQUEST), f"{request_line[:80]!r}")
        unread = Request("GET", b"/", b"", [], b"", client, ("127.0.0.1", 0), keep_alive=False)
        return self.flavour.refuse(fault, unread, arrival)
