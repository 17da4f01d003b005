"""The steps of a request to a REST API.

A request is routed, then throttled, then authorized, then counted, then validated, then integrated (API Gateway
developer guide; routing before authorization: ministackorg/ministack commit 79929fc1, compared with AWS).
"""

import time
from collections.abc import Mapping

from gateway.config import apis
from gateway.config.doors import RestApiSettings
from gateway.errors import BadResult, Fault
from gateway.invocation import Outcome, Returned, Streamed
from gateway.listeners.api_steps import ApiSteps, route_to, routed
from gateway.listeners.authorizing import Question
from gateway.listeners.gateway_responses import as_configured
from gateway.listeners.iam import Verify, caller_of
from gateway.listeners.integration import LambdaIntegration
from gateway.listeners.outcomes import payload_of
from gateway.listeners.pipeline import PortNeeds, RequestState
from gateway.listeners.proxying import HttpProxy, mock_response
from gateway.listeners.rest_methods import RestMethod
from gateway.listeners.streaming import begin_stream
from gateway.listeners.usage_plans import TokenBucket, UsagePlans
from gateway.listeners.validation import RequestValidator
from gateway.translation.authorizers import Endpoint
from gateway.translation.flavour import Limits
from gateway.translation.flavours.rest_api import RestApi
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.route import RouteMatch
from gateway.translation.stream_prelude import CONTENT_TYPE, DELIMITER
from gateway.translation.user_pool_claims import user_pool_claims


class RestApiSteps(ApiSteps):
    """A REST API.

    Args:
        flavour: Its options and routes.
        methods: By the names of the flavour's routes.
        settings: Keys, plans, gateway responses and the stage's throttling.
        verify: Checks signatures under ``AWS_IAM``; None believes them.
    """

    port = PortNeeds(http2=True)

    def __init__(
        self,
        flavour: RestApi,
        methods: Mapping[str, RestMethod],
        settings: RestApiSettings,
        verify: Verify | None = None,
    ) -> None:
        super().__init__(TokenBucket(settings.throttle, time.monotonic) if settings.throttle else None)
        self.flavour = flavour
        self._methods = methods
        self._responses = settings.gateway_responses
        self._key_from_authorizer = settings.api_key_source == "AUTHORIZER"
        self._plans = UsagePlans(settings.api_keys, settings.usage_plans)
        self._verify = verify
        self._endpoint = Endpoint(flavour.region, flavour.account_id, flavour.api_id, flavour.stage)

    @property
    def limits(self) -> Limits:
        """What the API takes."""
        return self.flavour.limits

    def route(self, state: RequestState) -> None:
        """Find the method; raises `Refused` when there is none."""
        route_to(self.flavour.route(state.request), self._methods, state)

    async def authorize(self, state: RequestState) -> None:
        """Ask the method's authorizer, or who signed; raises `Refused` for who may not pass."""
        method: RestMethod = state.method
        if method.granted is not None:
            state.match = routed(state)._replace(authorizer=method.granted)
        elif state.knobs is not None and state.knobs.claims is not None:
            state.match = routed(state)._replace(authorizer={"claims": user_pool_claims(state.knobs.claims)})
        elif method.settings.authorization_type == "AWS_IAM":
            caller = caller_of(state.request, self.flavour.account_id, self._verify, Cause.NO_ROUTE)
            state.match = routed(state)._replace(identity=caller.identity())
        elif method.authorizer is not None:
            request, match = state.request, routed(state)
            event = self.flavour.event(request, state.arrival, self._with_sent_key(request, match))
            arn = self._endpoint.seen_in(event).method_arn(request.method, self._inner_path(match))
            scopes = method.settings.authorization_scopes
            grant = await method.authorizer.ask(Question(event, arn, request.client[0], request, scopes))
            state.match = match._replace(authorizer=grant.authorizer)
            state.usage_key = grant.usage_key

    def _with_sent_key(self, request: Request, match: RouteMatch) -> RouteMatch:
        """The match that an authorizer sees: with the API key that the client sent.

        Reported: ``apiKey`` where the client sends one, ``apiKeyId`` beside it (calavera/aws-lambda-events pull request
        106, 2022).  Whether so where the method requires none is not known.
        """
        key = _api_key(request)
        return match._replace(identity=self._plans.identity(key)) if key and not self._key_from_authorizer else match

    def _inner_path(self, match: RouteMatch) -> str:
        """The path that the resources see: no base path and no stage."""
        path = match.path
        prefixes = [self.flavour.base_path] if self.flavour.base_path else []
        if self.flavour.addressing == "domain-stage":
            prefixes.append(self.flavour.stage)
        for prefix in prefixes:
            path = path.removeprefix(f"/{prefix}")
        return path or "/"

    def usage_plan(self, state: RequestState) -> None:
        """Count the request for its API key; raises `Refused` when the key may not, or no longer."""
        if state.method.settings.api_key_required:
            value = state.usage_key if self._key_from_authorizer else _api_key(state.request)
            match = routed(state)
            state.match = match._replace(identity={**(match.identity or {}), **self._plans.admit(value)})

    async def validate(self, state: RequestState) -> None:
        """Hold parameters and body against the method; raises `Refused` when they do not fit."""
        validator: RequestValidator | None = state.method.validator
        if validator is not None:
            event = self.flavour.event(state.request, state.arrival, routed(state))
            await validator.check(event, state.request.body)

    async def integrate(self, state: RequestState) -> Response:
        """Invoke the function, ask the proxied server, or answer for a MOCK."""
        integration: LambdaIntegration | HttpProxy | apis.Integration = state.method.integration
        request, arrival = state.request, state.arrival
        if isinstance(integration, LambdaIntegration):
            outcome = await integration.invoke(self.flavour.encode(request, arrival, state.match), state)
            return await self._response(integration, outcome, request, arrival)
        if isinstance(integration, HttpProxy):
            return await integration.respond(request, arrival, routed(state))
        return mock_response(integration, request, arrival)

    async def _response(
        self, integration: LambdaIntegration, outcome: Outcome, request: Request, arrival: Arrival
    ) -> Response:
        if not integration.streaming:
            payload = payload_of(outcome)
            if isinstance(outcome, Returned) and outcome.content_type == CONTENT_TYPE:
                # Written for a stream behind an integration that is none: its metadata counts, its body does not
                # (API Gateway developer guide, response-transfer-mode).
                payload = payload.partition(DELIMITER)[0]
            return self.flavour.decode(payload, request, arrival)
        try:
            if isinstance(outcome, Streamed):
                return await begin_stream(self.flavour, outcome, request, arrival)
            payload_of(outcome)
        except BadResult as error:
            raise Refused(Cause.CONFIGURATION, str(error)) from error
        raise Refused(Cause.CONFIGURATION, "the function did not stream, and response_transfer_mode is STREAM")

    def refusal(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """A gateway response, as configured."""
        response = self.flavour.refuse(fault, request, arrival)
        if not self._responses:
            return response
        return as_configured(response, fault, self._responses, self.flavour, request, arrival)

    async def aclose(self) -> None:
        """Close the connections of proxied servers."""
        for method in self._methods.values():
            if isinstance(method.integration, HttpProxy):
                await method.integration.aclose()


def _api_key(request: Request) -> str:
    for name, value in request.headers:
        if len(name) == 9 and name.lower() == b"x-api-key":
            return value.decode("latin-1")
    return ""
