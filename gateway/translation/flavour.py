"""What a flavour is: one front door's way to write an event and to read a result."""

from typing import NamedTuple, Protocol

from gateway.errors import Fault
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.route import RouteMatch


class Limits(NamedTuple):
    """Sizes in bytes at which a front door stops.

    Attributes:
        request_body: The largest body that reaches the function.
        result: The largest JSON result that is accepted.
        request_line: Method, target and version together.
        header_line: One header's name and value together.
        headers: All header lines together.
        header_status: The status for header lines that are over, one or all.
    """

    request_body: int
    result: int
    request_line: int = 16 * 1024
    header_line: int = 16 * 1024
    headers: int = 64 * 1024
    header_status: int = 400


class Flavour(Protocol):
    """One front door.  Pure: the same arguments give the same bytes.

    A flavour is a frozen value whose fields are its options (the target group's ARN, multi-value headers, the stage).
    """

    @property
    def limits(self) -> Limits:
        """The sizes at which this front door stops."""
        ...

    def preflight(self, request: Request, arrival: Arrival) -> Response | None:
        """The answer to a CORS preflight that AWS gives itself, None when the function is asked."""
        ...

    def route(self, request: Request) -> RouteMatch:
        """Which route takes the request; the same match for every request where there are no routes.

        Raises:
            Fault: None takes it; nothing is invoked.
        """
        ...

    def encode(self, request: Request, arrival: Arrival, match: RouteMatch | None = None) -> bytes:
        """The event for a request, as JSON; without a match the request is routed first.

        Raises:
            Fault: The request cannot become an event; nothing is invoked.
            UsageError: The match has an authorizer, and this event has no place for one.
        """
        ...

    def decode(self, payload: bytes, request: Request, arrival: Arrival) -> Response:
        """The response for a function's result.

        Raises:
            BadResult: The front door does not accept this result; the pointer names the member.
        """
        ...

    def refuse(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The answer that this front door gives instead of the function's; None is what was no request at all."""
        ...
