"""What the front doors of API Gateway and of Function URLs share: a listener around a `Door`.

A door answers one request or raises the `Fault` that its own refusal is written for.
"""

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from gateway.errors import Fault
from gateway.listeners.arrivals import arrive
from gateway.listeners.dev_headers import NO_KNOBS, Knobs, read_knobs
from gateway.listeners.exchange import Exchange
from gateway.listeners.wire import Wire
from gateway.translation.flavour import Limits
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Arrival, Request, Response
from gateway.types import Address

log = logging.getLogger("gateway")

REJECTIONS: Final[Mapping[int, Cause]] = MappingProxyType(
    {413: Cause.TOO_LARGE, 414: Cause.URI_TOO_LONG, 431: Cause.HEADERS_TOO_LARGE, 500: Cause.CONFIGURATION}
)
"""The status for bytes that are no acceptable request → why; any other is a bad request.

500 is for a defect of the gateway; no AWS source shows its own, so it is answered as an integration that cannot work.
"""


class Visit(NamedTuple):
    """One request on its way through a door.

    Attributes:
        request: As the rim read it, without developer headers.
        exchange: Filled in for observers.
        knobs: What developer headers asked for.
    """

    request: Request
    exchange: Exchange
    knobs: Knobs = NO_KNOBS

    @property
    def arrival(self) -> Arrival:
        """The facts of the request."""
        return self.exchange.arrival


class Door(Protocol):
    """One front door behind a `DoorListener`."""

    @property
    def limits(self) -> Limits:
        """Sizes that the rim enforces while it reads."""
        ...

    async def answer(self, visit: Visit) -> Response:
        """The answer to one request.

        Raises:
            Fault: What `refuse` then answers.
        """
        ...

    def refuse(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The door's own answer; the request is None for bytes that were none."""
        ...

    async def start(self) -> None:
        """Open what the door itself needs; functions are started by who made them."""
        ...

    async def aclose(self) -> None:
        """Close it again."""
        ...


class DoorListener:
    """Implements `gateway.listeners.listener.Listener` around a door.

    Args:
        door: What answers.
        dev_headers: Developer headers are read (`gateway.listeners.dev_headers`); else they are headers as any other.
        rejections: Replaces `REJECTIONS` where a door has another word for it.
        arrive: Makes id, time and trace id of a request.
    """

    accepts_streams = False

    def __init__(
        self,
        door: Door,
        *,
        dev_headers: bool = False,
        rejections: Mapping[int, Cause] = REJECTIONS,
        arrive: Callable[[], Arrival] = arrive,
    ) -> None:
        self.door = door
        self.on_written: Callable[[Request | None, Response, Wire], None] | None = None
        self._dev_headers = dev_headers
        self._rejections = rejections
        self._arrive = arrive

    @property
    def limits(self) -> Limits:
        """What the door takes."""
        return self.door.limits

    async def respond(self, request: Request) -> Response:
        """Answer one request."""
        exchange = Exchange(self._arrive())
        visit = Visit(request, exchange)
        try:
            if self._dev_headers:
                request, exchange.arrival, knobs = read_knobs(request, exchange.arrival)
                visit = Visit(request, exchange, knobs)
            response = await self.door.answer(visit)
        except Fault as fault:
            exchange.fault = fault
            response = self.door.refuse(fault, request, exchange.arrival)
            log.warning("%s %s -> %d: %s", request.method, request.raw_path.decode("latin-1"), response.status, fault)
        return response if self.on_written is None else response._replace(record=exchange)

    def reject(self, status: int, client: Address, request_line: bytes) -> Response:
        """The door's answer to bytes that are no acceptable request; the connection closes."""
        cause = self._rejections.get(status, Cause.BAD_REQUEST)
        line = request_line[:80].decode("latin-1")
        fault = Refused(cause, f"{status} for {line!r} of {client[0]}")
        return self.door.refuse(fault, None, self._arrive())
