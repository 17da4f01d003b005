"""A flavour in front of which an authorizer has already spoken."""

from gateway.errors import Fault
from gateway.translation.flavour import Flavour, Limits
from gateway.translation.flavours.function_url import FunctionUrl
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.flavours.http_api_v1 import HttpApiV1
from gateway.translation.flavours.rest_api import RestApi
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.route import ANY, DEFAULT, Route, RouteMatch
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

    def encode(self, request: Request, arrival: Arrival) -> bytes:
        """The event; raises as the flavour's does."""
        flavour = self._flavour
        if self._authorizer is None:
            return flavour.encode(request, arrival)
        if isinstance(flavour, FunctionUrl):
            match = RouteMatch(Route(ANY, DEFAULT), "", "", {}, DEFAULT, {}, authorizer=self._authorizer)
            return flavour.encode(request, arrival, match)
        if isinstance(flavour, HttpApi | HttpApiV1 | RestApi):
            match = flavour.route(request)._replace(authorizer=self._authorizer)
            return flavour.encode(request, arrival, match)
        return flavour.encode(request, arrival)

    def decode(self, payload: bytes, request: Request, arrival: Arrival) -> Response:
        """The response; raises as the flavour's does."""
        return self._flavour.decode(payload, request, arrival)

    def refuse(self, fault: Fault, request: Request, arrival: Arrival) -> Response:
        """The flavour's own answer."""
        return self._flavour.refuse(fault, request, arrival)
