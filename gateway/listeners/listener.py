"""What the edges (the HTTP/1.1 protocol, the ASGI adapter) ask of a listener."""

from typing import NamedTuple, Protocol, TypeAlias

from gateway.listeners.arrivals import arrive
from gateway.listeners.tunnel import Tunnel
from gateway.observe.record import Exchange, Observer, begin
from gateway.translation.flavour import Limits
from gateway.translation.messages import Request, Response
from gateway.types import Address


class Upgraded(NamedTuple):
    """An answer of 101 and what takes the connection over after it."""

    response: Response
    tunnel: Tunnel


Answer: TypeAlias = Response | Upgraded
"""What becomes of a request."""


class Listener(Protocol):
    """What answers on one port.

    Attributes:
        observer: Told of each exchange; None records nothing.
    """

    observer: Observer | None

    @property
    def accepts_streams(self) -> bool:
        """Bodies over ``limits.request_body`` come as `Request.stream` instead of being refused."""
        ...

    @property
    def limits(self) -> Limits:
        """Sizes that the edge enforces while it reads."""
        ...

    async def respond(self, request: Request, exchange: Exchange | None = None) -> Answer:
        """Answer one request.

        What goes wrong becomes this listener's own answer; what is raised is a defect, see `listeners.failing`.

        Args:
            request: The request.
            exchange: Filled in as it goes, and says when the request arrived; None when nobody wants to know.
        """
        ...

    def reject(self, status: int, client: Address, request_line: bytes) -> Response:
        """The answer to bytes that are not an acceptable request (400, 408, 413, 414, 431, 501, 505).

        With 500 it is the answer to a request that met a defect of the gateway; its status may be another one then.
        """
        ...


def observed(listener: Listener, request: Request | None) -> Exchange | None:
    """A new exchange of which the listener's observer has been told; None without an observer."""
    return None if listener.observer is None else begin(listener.observer, arrive(), request)
