"""The front door of a REST API.

A request is routed, then authorized, then counted, then validated, then integrated (API Gateway developer guide;
routing before authorization: ministackorg/ministack commit 79929fc1, compared with AWS).
"""

import time

from gateway.config import apis
from gateway.config.doors import RestApiSettings
from gateway.errors import BadResult, Fault
from gateway.invocation import Outcome, Returned, Streamed
from gateway.listeners.authorizing import Question
from gateway.listeners.context import ListenerContext
from gateway.listeners.door import DoorListener, Visit
from gateway.listeners.exchange import payload_of
from gateway.listeners.iam import Verify, caller_of
from gateway.listeners.integration import LambdaIntegration
from gateway.listeners.proxying import HttpProxy, mock_response, parameter_lines
from gateway.listeners.rest_methods import RestMethod, rest_methods, rest_routes, rest_table
from gateway.listeners.streaming import begin_stream
from gateway.listeners.usage_plans import Clock, TokenBucket, UsagePlans
from gateway.translation.authorizers import Endpoint
from gateway.translation.custom_response import customized, response_type
from gateway.translation.flavour import Limits
from gateway.translation.flavours.rest_api import RestApi
from gateway.translation.gateway_response import REST, Cause, Refused, gateway_response
from gateway.translation.identifiers import extended_request_id
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.route import RouteMatch
from gateway.translation.stream_prelude import CONTENT_TYPE, DELIMITER


class RestApiDoor:
    """A REST API; implements `gateway.listeners.door.Door`.

    Args:
        flavour: Its options and routes.
        methods: By the names of the flavour's routes.
        settings: Keys, plans, gateway responses and the stage's throttling.
        clock: Seconds since 1970.
        verify: Checks signatures under ``AWS_IAM``; None believes them.
    """

    def __init__(
        self,
        flavour: RestApi,
        methods: dict[str, RestMethod],
        settings: RestApiSettings,
        clock: Clock = time.time,
        verify: Verify | None = None,
    ) -> None:
        self.flavour = flavour
        self._methods = methods
        self._responses = settings.gateway_responses
        self._key_from_authorizer = settings.api_key_source == "AUTHORIZER"
        self._plans = UsagePlans(settings.api_keys, settings.usage_plans, clock)
        self._bucket = TokenBucket(settings.throttle, clock) if settings.throttle else None
        self._verify = verify
        self._endpoint = Endpoint(flavour.region, flavour.account_id, flavour.api_id, flavour.stage)

    @property
    def limits(self) -> Limits:
        """What the API takes."""
        return self.flavour.limits

    async def answer(self, visit: Visit) -> Response:
        """Answer one request."""
        request, arrival = visit.request, visit.arrival
        match = self.flavour.route(request)
        method = self._methods[match.route.name]
        match, usage_key = await self._authorized(method, match, visit)
        match = self._counted(method, match, visit, usage_key)
        if method.validator is not None:
            await method.validator.check(self.flavour.event(request, arrival, match), request.body)
        integration = method.integration
        if isinstance(integration, apis.Integration):
            return mock_response(integration, request, arrival)
        if isinstance(integration, HttpProxy):
            return await integration.respond(request, arrival, match)
        outcome = await integration.invoke(self.flavour.encode(request, arrival, match), visit)
        return await self._response(integration, outcome, request, arrival)

    async def _authorized(self, method: RestMethod, match: RouteMatch, visit: Visit) -> tuple[RouteMatch, str]:
        """The match with what authorization adds to it, and the authorizer's usage key."""
        if visit.knobs.claims is not None:
            return match._replace(authorizer={"claims": visit.knobs.claims}), ""
        request = visit.request
        if method.settings.authorization_type == "AWS_IAM":
            caller = caller_of(request, self.flavour.account_id, self._verify, Cause.NO_ROUTE)
            return match._replace(identity=caller.identity()), ""
        if method.authorizer is None:
            return match, ""
        arn = self._endpoint.method_arn(request.method, self._inner_path(match))
        event = self.flavour.event(request, visit.arrival, match)
        scopes = method.settings.authorization_scopes
        grant = await method.authorizer.ask(Question(event, arn, request.client[0], request, scopes))
        return match._replace(authorizer=grant.authorizer), grant.usage_key

    def _inner_path(self, match: RouteMatch) -> str:
        """The path that the resources see: no base path and no stage."""
        path = match.path
        prefixes = [self.flavour.base_path] if self.flavour.base_path else []
        if self.flavour.addressing == "domain-stage":
            prefixes.append(self.flavour.stage)
        for prefix in prefixes:
            path = path.removeprefix(f"/{prefix}")
        return path or "/"

    def _counted(self, method: RestMethod, match: RouteMatch, visit: Visit, usage_key: str) -> RouteMatch:
        if visit.knobs.throttle == "api":
            raise Refused(Cause.THROTTLED, "as X-Gateway-Throttle asks")
        if method.settings.api_key_required:
            value = usage_key if self._key_from_authorizer else _api_key(visit.request)
            match = match._replace(identity={**(match.identity or {}), **self._plans.admit(value)})
        for bucket in (method.bucket, self._bucket):
            if bucket is not None:
                bucket.admit()
        return match

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

    def refuse(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """A gateway response, as configured."""
        response = self.flavour.refuse(fault, request, arrival)
        if not self._responses:
            return response
        kind = response_type(fault)
        given = self._responses.get(kind) or self._responses.get(f"DEFAULT_{response.status // 100}XX")
        if given is None:
            return response
        template = next(iter(given.response_templates.items()), None)
        lines = parameter_lines(dict(given.response_parameters))
        message = (fault.message if isinstance(fault, Refused) else "") or gateway_response(fault, REST).message or ""
        context = {
            "error.message": message,
            "error.responseType": kind,
            "error.validationErrorString": fault.detail if kind == "BAD_REQUEST_BODY" else "",
            "requestId": arrival.request_id,
            "extendedRequestId": extended_request_id(arrival.request_id),
            "apiId": self.flavour.api_id,
            "accountId": self.flavour.account_id,
            "stage": self.flavour.stage,
            "httpMethod": request.method if request else "",
            "identity.sourceIp": request.client[0] if request else "",
        }
        return customized(response, given.status_code, lines, template, context)

    async def start(self) -> None:
        """Nothing to open."""

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


def rest_api(settings: RestApiSettings, context: ListenerContext, *, clock: Clock = time.time) -> DoorListener:
    """The listener of a REST API.

    Args:
        settings: From the configuration.
        context: What it shares with others.
        clock: Seconds since 1970.

    Raises:
        UsageError: A package that the settings ask for is not there.
    """
    routes = rest_routes(settings)
    region, account = context.service.account_region
    flavour = RestApi(
        account_id=account,
        region=region,
        stage=settings.stage,
        stage_variables=dict(settings.stage_variables),
        domain_name=settings.domain_name,
        addressing=settings.addressing,
        base_path=settings.base_path,
        routes=rest_table(routes),
        binary_media_types=settings.binary_media_types,
    )
    verify = context.verify("execute-api") if context.verify else None
    door = RestApiDoor(flavour, rest_methods(settings, context.service, clock), settings, clock, verify)
    return DoorListener(door, dev_headers=context.dev_headers)
