"""A flavour in front of which an authorizer has already spoken."""

from gateway.errors import Fault
from gateway.translation.flavour import Flavour, Limits
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.route import RouteMatch
from gateway.types import Json


class Authorized:
    """A flavour whose events carry what an authorizer said when the request was recorded; None for nothing."""

    def __init__(self, flavour: Flavour, authorizer: Json) -> None:
        self._flavour = flavour
        self._authorizer = authorizer if isinstance(authorizer, dict) else None

    @property
    def limits(self) -> Limits:
        """The flavour's."""
        return self._flavour.limits

    def preflight(self, request: Request, arrival: Arrival) -> Response | None:
        """The flavour's."""
        return self._flavour.preflight(request, arrival)

    def route(self, request: Request) -> RouteMatch:
        """The flavour's match, with what the authorizer said."""
        match = self._flavour.route(request)
        return match if self._authorizer is None else match._replace(authorizer=self._authorizer)

    def encode(self, request: Request, arrival: Arrival, match: RouteMatch | None = None) -> bytes:
        """The event; raises as the flavour's does."""
        if self._authorizer is not None:
            match = match or self.route(request)
        return self._flavour.encode(request, arrival, match)

    def decode(self, payload: bytes, request: Request, arrival: Arrival) -> Response:
        """The response; raises as the flavour's does."""
        return self._flavour.decode(payload, request, arrival)

    def refuse(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The flavour's own answer."""
        return self._flavour.refuse(fault, request, arrival)
