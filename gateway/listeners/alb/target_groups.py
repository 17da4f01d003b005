"""Where a forward action leads: the target groups of a load balancer."""

from collections.abc import Coroutine, Mapping
from typing import Any, Protocol

from gateway.errors import Fault, FaultKind
from gateway.functions.service import LambdaService
from gateway.invocation import FunctionReference
from gateway.listeners.exchange import Exchange, FunctionCall
from gateway.translation.flavours.alb import Alb
from gateway.translation.messages import Arrival, Request, Response


class TargetGroup(Protocol):
    """One target group, whatever its targets are.

    Attributes:
        name: As in the configuration.
        arn: As the event and the access log name it.
        accepts_streams: It takes bodies that are too long to hold.
    """

    name: str
    arn: str
    accepts_streams: bool

    async def start(self) -> None:
        """Make ready; functions are started on their own."""
        ...

    async def forward(self, request: Request, arrival: Arrival, exchange: Exchange | None) -> Response:
        """Answer one request.  Never raises: what goes wrong becomes the load balancer's own answer."""
        ...

    async def aclose(self) -> None:
        """Stop what `start` began."""
        ...


TargetGroups = Mapping[str, TargetGroup]
"""All target groups of a configuration by name."""


class LambdaTargetGroup:
    """A target group of one function."""

    accepts_streams = False

    def __init__(self, name: str, alb: Alb, service: LambdaService, function: FunctionReference) -> None:
        self.name = name
        self.arn = alb.target_group_arn
        self._alb = alb
        self._call = FunctionCall(alb, service, function)

    async def start(self) -> None:
        """Nothing: the function is started on its own."""

    def forward(self, request: Request, arrival: Arrival, exchange: Exchange | None) -> Coroutine[Any, Any, Response]:
        """Invoke the function."""
        if request.stream is not None:
            return self._too_large(request, arrival, exchange)
        return self._call.run(request, arrival, exchange)

    async def _too_large(self, request: Request, arrival: Arrival, exchange: Exchange | None) -> Response:
        fault = Fault(FaultKind.REQUEST_TOO_LARGE, f"over {self._alb.limits.request_body} bytes")
        if exchange:
            exchange.fault = fault
        return self._alb.refuse(fault, request._replace(keep_alive=False), arrival)

    async def aclose(self) -> None:
        """Nothing: the function is stopped on its own."""


def target_group_arn(name: str, region: str, account: str) -> str:
    """An ARN for a target group of a configuration file, the same every time."""
    from hashlib import blake2b  # noqa: PLC0415 - only for a group whose ARN is not given

    mark = blake2b(name.encode(), digest_size=8).hexdigest()
    return f"arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{mark}"
