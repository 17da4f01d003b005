"""The listener of a Lambda Function URL, buffered and streamed."""

from collections.abc import Mapping

from gateway.config.doors import FunctionUrlSettings
from gateway.errors import Fault
from gateway.invocation import FunctionReference, Streamed
from gateway.listener_types import listener_type
from gateway.listeners.api_steps import ApiSteps, routed
from gateway.listeners.context import ListenerContext
from gateway.listeners.cors import cors_of
from gateway.listeners.iam import Verify, caller_of
from gateway.listeners.integration import LambdaIntegration
from gateway.listeners.outcomes import payload_of
from gateway.listeners.pipeline import PipelineListener, RequestState
from gateway.listeners.streaming import begin_stream
from gateway.translation.flavour import Limits
from gateway.translation.flavours.function_url import FunctionUrl
from gateway.translation.messages import Arrival, Request, Response
from gateway.types import Json


class FunctionUrlSteps(ApiSteps):
    """A Function URL in front of its function.

    Args:
        flavour: Its options.
        integration: The function.
        verify: Checks signatures under ``AWS_IAM``; None believes them.
        authorizer: What callers are taken for without being asked; None asks.
    """

    def __init__(
        self,
        flavour: FunctionUrl,
        integration: LambdaIntegration,
        verify: Verify | None = None,
        authorizer: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__()
        self.flavour = flavour
        self._integration = integration
        self._verify = verify
        self._authorizer = authorizer

    @property
    def limits(self) -> Limits:
        """What the URL takes."""
        return self.flavour.limits

    def needs(self, step: str) -> bool:
        """CORS and callers cost nothing where nobody asks for them."""
        return {
            "preflight": self.flavour.cors is not None,
            "authorize": self.flavour.auth_type != "NONE" or self._authorizer is not None,
        }.get(step, True)

    def preflight(self, state: RequestState) -> Response | None:
        """Answer a CORS preflight."""
        return self.flavour.preflight(state.request, state.arrival)

    def route(self, state: RequestState) -> None:
        """Everything goes to the function."""
        state.match = self.flavour.route(state.request)

    def authorize(self, state: RequestState) -> None:
        """Who signed the request; raises `Refused` when nobody did."""
        if self._authorizer is not None:
            authorizer = self._authorizer
        elif state.knobs is not None and state.knobs.claims is not None:
            authorizer = {"iam": state.knobs.claims}
        else:
            authorizer = caller_of(state.request, self.flavour.account_id, self._verify).authorizer()
        state.match = routed(state)._replace(authorizer=authorizer)

    async def integrate(self, state: RequestState) -> Response:
        """Invoke the function."""
        request, arrival = state.request, state.arrival
        outcome = await self._integration.invoke(self.flavour.encode(request, arrival, state.match), state)
        if isinstance(outcome, Streamed):
            return await begin_stream(self.flavour, outcome, request, arrival)
        return self.flavour.decode(payload_of(outcome), request, arrival)

    def refusal(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The service's own answer."""
        return self.flavour.refuse(fault, request, arrival)


def function_url(settings: FunctionUrlSettings, context: ListenerContext) -> PipelineListener:
    """The listener of a Function URL."""
    region, account = context.service.account_region
    flavour = FunctionUrl(
        account_id=account,
        region=region,
        domain_name=settings.domain_name,
        auth_type=settings.auth_type,
        invoke_mode=settings.invoke_mode,
        hops=settings.hops,
        cors=cors_of(settings.cors),
    )
    return function_url_of(flavour, context, FunctionReference(settings.function))


def function_url_of(
    flavour: FunctionUrl,
    context: ListenerContext,
    function: FunctionReference,
    authorizer: Mapping[str, Json] | None = None,
) -> PipelineListener:
    """The listener of a Function URL that is described by its flavour; arguments as for `of_flavour.listener_of`."""
    integration = LambdaIntegration(context.service, function, streaming=flavour.invoke_mode == "RESPONSE_STREAM")
    verify = context.verify("lambda") if context.verify else None
    steps = FunctionUrlSteps(flavour, integration, verify, authorizer)
    return PipelineListener(steps, listener_type("function_url").steps, dev_headers=context.dev_headers)
