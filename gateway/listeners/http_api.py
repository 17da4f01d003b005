"""The listener of an HTTP API, payload formats 2.0 and 1.0."""

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from gateway.config import apis
from gateway.config.doors import HttpApiSettings
from gateway.errors import Fault, UsageError
from gateway.invocation import FunctionReference
from gateway.listener_types import listener_type
from gateway.listeners.api_steps import REJECTIONS, ApiSteps, route_to, routed
from gateway.listeners.authorizing import AuthorizerCall, Authorizing, HttpAuthorizer, Question
from gateway.listeners.context import ListenerContext
from gateway.listeners.cors import cors_of
from gateway.listeners.iam import Verify, caller_of
from gateway.listeners.integration import LambdaIntegration
from gateway.listeners.jwks import JwtAuthorizer, issuer_keys
from gateway.listeners.outcomes import payload_of
from gateway.listeners.pipeline import PipelineListener, RequestState
from gateway.listeners.usage_plans import Clock, TokenBucket
from gateway.translation.authorizers import Endpoint
from gateway.translation.flavour import Limits
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.flavours.http_api_v1 import HttpApiV1
from gateway.translation.gateway_response import Cause
from gateway.translation.jwt_authorizer import claims_and_scopes
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.route import DEFAULT, RouteMatch, RouteTable, parse_route
from gateway.types import Json

_DEFAULTS: Final = apis.HttpRoute("")
_AUTHORIZER_TIMEOUT_MS: Final = 10_000
# The limit of 10240 bytes is one for request line and header values together.
_REJECTIONS: Final = {**REJECTIONS, 414: Cause.HEADERS_TOO_LARGE}


class Flavours:
    """Both payload formats of one API: the same routes, ids and refusals."""

    def __init__(self, options: Mapping[str, object]) -> None:
        self.v2 = HttpApi(**options)  # type: ignore[arg-type]
        self.v1 = HttpApiV1(**options)  # type: ignore[arg-type]

    def of(self, version: str) -> HttpApi | HttpApiV1:
        """The flavour of a payload format version."""
        return self.v1 if version == "1.0" else self.v2


@dataclass(frozen=True, slots=True)
class HttpMethod:
    """One route.

    Attributes:
        settings: As configured.
        version: Its payload format version.
        integration: Its function.
        authorizer: None lets everybody in.
        member: Where payload 2.0 shows what the authorizer said: ``jwt`` or ``lambda``.
        authorizer_version: The version of the event that the authorizer gets.
        bucket: The route's own throttling.
        granted: ``requestContext.authorizer`` of every request, instead of an authorizer's.
    """

    settings: apis.HttpRoute
    version: str
    integration: LambdaIntegration
    authorizer: Authorizing | None = None
    member: str = "lambda"
    authorizer_version: str = "2.0"
    bucket: TokenBucket | None = None
    granted: Mapping[str, Json] | None = None


class HttpApiSteps(ApiSteps):
    """An HTTP API.

    Args:
        flavours: Its options and routes.
        methods: By the names of the flavours' routes.
        bucket: The stage's throttling.
        verify: Checks signatures under ``AWS_IAM``; None believes them.
        version: The payload format version of routes without one of their own.

    Attributes:
        flavour: That version's.
    """

    def __init__(
        self,
        flavours: Flavours,
        methods: Mapping[str, HttpMethod],
        bucket: TokenBucket | None = None,
        verify: Verify | None = None,
        version: str = "2.0",
    ) -> None:
        super().__init__(bucket, _REJECTIONS)
        self.flavours = flavours
        self.flavour = flavours.of(version)
        self._methods = methods
        self._verify = verify

    @property
    def limits(self) -> Limits:
        """What the API takes."""
        return self.flavours.v2.limits

    def preflight(self, state: RequestState) -> Response | None:
        """Answer a CORS preflight."""
        return self.flavours.v2.preflight(state.request, state.arrival)

    def route(self, state: RequestState) -> None:
        """Find the route; raises `Refused` when there is none."""
        route_to(self.flavours.v2.route(state.request), self._methods, state)

    async def authorize(self, state: RequestState) -> None:
        """Ask the route's authorizer, or who signed; raises `Refused` for who may not pass."""
        method: HttpMethod = state.method
        if method.granted is not None:
            state.match = routed(state)._replace(authorizer=method.granted)
        elif state.knobs is not None and state.knobs.claims is not None:
            given = claims_and_scopes(state.knobs.claims, method.settings.authorization_scopes or None)
            state.match = routed(state)._replace(authorizer=_shown(given, "jwt", method.version))
        elif method.settings.authorization_type == "AWS_IAM":
            caller = caller_of(state.request, self.flavours.v2.account_id, self._verify)
            if method.version == "1.0":
                state.match = routed(state)._replace(identity=caller.identity())
            else:
                state.match = routed(state)._replace(authorizer=caller.authorizer())
        elif method.authorizer is not None:
            grant = await method.authorizer.ask(self._question(method, state))
            shown = _shown(grant.authorizer, method.member, method.version)
            state.match = routed(state)._replace(authorizer=shown)

    def _question(self, method: HttpMethod, state: RequestState) -> Question:
        request, match = state.request, routed(state)
        event = self.flavours.of(method.authorizer_version).event(request, state.arrival, match)
        arn = self._route_arn(request, match)
        return Question(event, arn, request.client[0], request, method.settings.authorization_scopes)

    def _route_arn(self, request: Request, match: RouteMatch) -> str:
        flavour = self.flavours.v2
        path = match.path if match.stage == DEFAULT else match.path.removeprefix(f"/{match.stage}")
        endpoint = Endpoint(flavour.region, flavour.account_id, flavour.api_id, match.stage)
        return endpoint.method_arn(request.method, path)

    async def integrate(self, state: RequestState) -> Response:
        """Invoke the function."""
        method: HttpMethod = state.method
        request, arrival = state.request, state.arrival
        flavour = self.flavours.of(method.version)
        outcome = await method.integration.invoke(flavour.encode(request, arrival, state.match), state)
        return flavour.decode(payload_of(outcome), request, arrival)

    def refusal(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The API's own answer."""
        return self.flavours.v2.refuse(fault, request, arrival)

    def needs(self, step: str) -> bool:
        """CORS costs nothing where the functions answer for themselves."""
        return step != "preflight" or self.flavours.v2.cors is not None


def _shown(authorizer: dict[str, Json], member: str, version: str) -> dict[str, Json]:
    """What an authorizer said, where the payload format shows it."""
    if version == "1.0":
        return authorizer
    return {member: authorizer or None}


def http_api(settings: HttpApiSettings, context: ListenerContext, *, clock: Clock = time.monotonic) -> PipelineListener:
    """The listener of an HTTP API.

    Args:
        settings: From the configuration.
        context: What it shares with others.
        clock: Seconds; only differences count.

    Raises:
        UsageError: A package that the settings ask for is not there.
    """
    routes = dict(settings.routes)
    if settings.function:
        routes[DEFAULT] = apis.HttpRoute(settings.function)
    if not routes:
        raise UsageError("an HTTP API needs a function, or routes")
    region, account = context.service.account_region
    options = {
        "region": region,
        "account_id": account,
        "domain_name": settings.domain_name,
        "routes": RouteTable([parse_route(key)._replace(name=key) for key in routes]),
        "stages": {**settings.stages, settings.stage: settings.stage_variables},
        "cors": cors_of(settings.cors),
    }
    # One of each for all of its routes: they share what it remembers.
    authorizers = {name: _authorizer(it, context, clock) for name, it in settings.authorizers.items()}
    methods = {key: _method(route, settings, authorizers, context, clock) for key, route in routes.items()}
    bucket = TokenBucket(settings.throttle, clock) if settings.throttle else None
    verify = context.verify("execute-api") if context.verify else None
    steps = HttpApiSteps(Flavours(options), methods, bucket, verify, settings.payload_format_version)
    return PipelineListener(steps, listener_type("http_api").steps, dev_headers=context.dev_headers)


def http_api_of(
    flavour: HttpApi | HttpApiV1,
    context: ListenerContext,
    function: FunctionReference,
    authorizer: Mapping[str, Json] | None = None,
) -> PipelineListener:
    """The listener of an HTTP API that is described by its flavour: all routes lead to one function.

    Arguments as for `of_flavour.listener_of`.
    """
    options = {field.name: getattr(flavour, field.name) for field in fields(flavour) if field.init}
    version = "1.0" if isinstance(flavour, HttpApiV1) else "2.0"
    integration = LambdaIntegration(context.service, function, _DEFAULTS.timeout_in_millis)
    method = HttpMethod(_DEFAULTS, version, integration, granted=authorizer)
    steps = HttpApiSteps(Flavours(options), defaultdict(lambda: method), version=version)
    return PipelineListener(steps, listener_type("http_api").steps, dev_headers=context.dev_headers)


def _method(
    route: apis.HttpRoute,
    settings: HttpApiSettings,
    authorizers: Mapping[str, Authorizing],
    context: ListenerContext,
    clock: Clock,
) -> HttpMethod:
    named = settings.authorizers.get(route.authorizer)
    if route.authorizer and named is None:
        raise UsageError(f"there is no authorizer {route.authorizer!r}")
    return HttpMethod(
        settings=route,
        version=route.payload_format_version or settings.payload_format_version,
        integration=LambdaIntegration(context.service, FunctionReference(route.function), route.timeout_in_millis),
        authorizer=authorizers[route.authorizer] if named else None,
        member="jwt" if named and named.type == "JWT" else "lambda",
        authorizer_version=named.authorizer_payload_format_version if named and named.type == "REQUEST" else "2.0",
        bucket=TokenBucket(route.throttle, clock) if route.throttle else None,
    )


def _authorizer(settings: apis.Authorizer, context: ListenerContext, clock: Clock) -> Authorizing:
    if settings.type == "JWT":
        return JwtAuthorizer(settings, issuer_keys(settings.issuer, settings.jwks_uri, clock))
    ttl_s = settings.authorizer_result_ttl_in_seconds
    function = FunctionReference(settings.function)
    return HttpAuthorizer(settings, AuthorizerCall(context.service, function, ttl_s, clock, _AUTHORIZER_TIMEOUT_MS))
