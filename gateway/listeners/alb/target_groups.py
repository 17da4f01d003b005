"""Where a forward action leads: the target groups of a load balancer."""

import logging
from collections.abc import Mapping
from typing import NoReturn, Protocol

from gateway.errors import Fault, FaultKind
from gateway.functions.service import LambdaService
from gateway.invocation import FunctionReference, Invocation
from gateway.listeners.outcomes import payload_of, trace_header
from gateway.observe.record import Exchange
from gateway.translation.flavours.alb import Alb
from gateway.translation.messages import Arrival, Request, Response

log = logging.getLogger("gateway")


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
        self._service = service
        self._function = function

    async def start(self) -> None:
        """Nothing: the function is started on its own."""

    async def forward(self, request: Request, arrival: Arrival, exchange: Exchange | None) -> Response:
        """Invoke the function."""
        alb = self._alb
        try:
            if request.stream is not None:
                _refuse_length(alb.limits.request_body)
            event = alb.encode(request, arrival)
            trace_id = trace_header(arrival, self._service.lineage(self._function))
            invocation = Invocation(event, arrival.request_id, "", trace_id)
            if exchange:
                invocation = invocation._replace(report=exchange.invoking(self._function, event))
            outcome = await self._service.invoke(self._function, invocation)
            if exchange:
                exchange.answered(outcome)
            return alb.decode(payload_of(outcome), request, arrival)
        except Fault as fault:
            if exchange:
                exchange.fault = fault
            unread = request.stream is not None
            response = alb.refuse(fault, request._replace(keep_alive=False) if unread else request, arrival)
            target = request.raw_path.decode("latin-1")
            log.warning("%s %s -> %d: %s", request.method, target, response.status, fault)
            return response

    async def aclose(self) -> None:
        """Nothing: the function is stopped on its own."""


def _refuse_length(limit: int) -> NoReturn:
    raise Fault(FaultKind.REQUEST_TOO_LARGE, f"over {limit} bytes")


def target_group_arn(name: str, region: str, account: str) -> str:
    """An ARN for a target group of a configuration file, the same every time."""
    from hashlib import blake2b  # noqa: PLC0415 - only for a group whose ARN is not given

    mark = blake2b(name.encode(), digest_size=8).hexdigest()
    return f"arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{mark}"
