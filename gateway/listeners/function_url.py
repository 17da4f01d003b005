"""The front door of a Lambda Function URL, buffered and streamed."""

from gateway.config.doors import FunctionUrlSettings
from gateway.errors import Fault
from gateway.functions.service import LambdaService
from gateway.invocation import FunctionReference, Streamed
from gateway.listeners.context import ListenerContext
from gateway.listeners.cors import cors_of
from gateway.listeners.door import DoorListener, Visit
from gateway.listeners.exchange import payload_of
from gateway.listeners.iam import Verify, caller_of
from gateway.listeners.integration import LambdaIntegration
from gateway.listeners.streaming import begin_stream
from gateway.translation.flavour import Limits
from gateway.translation.flavours.function_url import FunctionUrl
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.route import DEFAULT, Route, RouteMatch

_ROUTE = Route("ANY", DEFAULT)


class FunctionUrlDoor:
    """A Function URL in front of its function; implements `gateway.listeners.door.Door`.

    Args:
        flavour: Its options.
        service: Runs the function.
        function: What it invokes.
        verify: Checks signatures under ``AWS_IAM``; None believes them.
    """

    def __init__(
        self, flavour: FunctionUrl, service: LambdaService, function: FunctionReference, verify: Verify | None = None
    ) -> None:
        self.flavour = flavour
        self._verify = verify
        self._integration = LambdaIntegration(service, function, streaming=flavour.invoke_mode == "RESPONSE_STREAM")

    @property
    def limits(self) -> Limits:
        """What the URL takes."""
        return self.flavour.limits

    async def answer(self, visit: Visit) -> Response:
        """Answer one request."""
        request, arrival = visit.request, visit.arrival
        answered = self.flavour.preflight(request, arrival)
        if answered is not None:
            return answered
        if visit.knobs.throttle == "api":
            raise Refused(Cause.THROTTLED, "as X-Gateway-Throttle asks")
        event = self.flavour.encode(request, arrival, self._match(visit))
        outcome = await self._integration.invoke(event, visit)
        if isinstance(outcome, Streamed):
            return await begin_stream(self.flavour, outcome, request, arrival)
        return self.flavour.decode(payload_of(outcome), request, arrival)

    def _match(self, visit: Visit) -> RouteMatch | None:
        if self.flavour.auth_type == "NONE":
            return None
        if visit.knobs.claims is not None:
            authorizer = {"iam": visit.knobs.claims}
            return RouteMatch(_ROUTE, "", "", {}, DEFAULT, {}, dict(authorizer))
        caller = caller_of(visit.request, self.flavour.account_id, self._verify)
        return RouteMatch(_ROUTE, "", "", {}, DEFAULT, {}, caller.authorizer())

    def refuse(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The service's own answer."""
        return self.flavour.refuse(fault, request, arrival)

    async def start(self) -> None:
        """Nothing to open."""

    async def aclose(self) -> None:
        """Nothing to close."""


def function_url(settings: FunctionUrlSettings, context: ListenerContext) -> DoorListener:
    """The listener of a Function URL."""
    region, account = context.service.account_region
    flavour = FunctionUrl(
        account_id=account,
        region=region,
        auth_type=settings.auth_type,
        invoke_mode=settings.invoke_mode,
        cors=cors_of(settings.cors),
    )
    verify = context.verify("lambda") if context.verify else None
    door = FunctionUrlDoor(flavour, context.service, FunctionReference(settings.function), verify)
    return DoorListener(door, dev_headers=context.dev_headers)
