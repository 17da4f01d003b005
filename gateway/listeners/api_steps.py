"""What the steps of all APIs have in common: refusals of bytes that were no request, throttling."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from gateway.errors import Fault
from gateway.listeners.pipeline import PortNeeds, RequestState
from gateway.listeners.usage_plans import TokenBucket
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.route import RouteMatch

REJECTIONS: Final[Mapping[int, Cause]] = MappingProxyType(
    {413: Cause.TOO_LARGE, 414: Cause.URI_TOO_LONG, 431: Cause.HEADERS_TOO_LARGE, 500: Cause.CONFIGURATION}
)
"""The status for bytes that are no acceptable request → why; any other is a bad request.

500 is for a defect of the gateway; no AWS source shows its own, so it is answered as an integration that cannot work.
"""


class ApiSteps(ABC):
    """The base of an API's steps; see `gateway.listeners.pipeline.Steps`.

    Args:
        bucket: The stage's throttling.
        rejections: Replaces `REJECTIONS` where a listener type has another word for it.
    """

    accepts_streams = False
    port = PortNeeds()

    def __init__(self, bucket: TokenBucket | None = None, rejections: Mapping[int, Cause] = REJECTIONS) -> None:
        self._bucket = bucket
        self._rejections = rejections

    def needs(self, step: str) -> bool:  # noqa: ARG002 - some listener types tell them apart
        """All of them."""
        return True

    def throttle(self, state: RequestState) -> None:
        """The route's own bucket, then the stage's.

        Raises:
            Refused: One of them is empty, or a developer header asks for it.
        """
        if state.knobs is not None and state.knobs.throttle == "api":
            raise Refused(Cause.THROTTLED, "as X-Gateway-Throttle asks")
        if state.method is not None and state.method.bucket is not None:
            state.method.bucket.admit()
        if self._bucket is not None:
            self._bucket.admit()

    def refuse(self, fault: Fault, state: RequestState) -> Response:
        """The API's own answer."""
        return self.refusal(fault, state.request, state.arrival)

    @abstractmethod
    def refusal(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The API's own answer; the request is None for bytes that were none."""

    def reject(self, status: int, detail: str, arrival: Arrival) -> Response:
        """The answer to bytes that are no acceptable request."""
        return self.refusal(Refused(self._rejections.get(status, Cause.BAD_REQUEST), detail), None, arrival)

    async def start(self) -> None:  # noqa: B027 - most APIs have nothing to open
        """Nothing to open."""

    async def aclose(self) -> None:  # noqa: B027 - as above
        """Nothing to close."""


def route_to(match: RouteMatch, methods: Mapping[str, Any], state: RequestState) -> None:
    """The request goes where its match leads; the listener keeps something of each route under the route's name."""
    state.match = match
    state.method = methods[match.route.name]
    if state.exchange is not None:
        state.exchange.rule = match.route.key


def routed(state: RequestState) -> RouteMatch:
    """The match of a request that has been routed."""
    assert state.match is not None  # noqa: S101 - the steps before have routed it
    return state.match
