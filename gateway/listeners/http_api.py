"""The listener of an HTTP API, payload formats 2.0 and 1.0, from its settings or from its flavour."""

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from gateway.config import apis
from gateway.config.doors import HttpApiSettings
from gateway.errors import UsageError
from gateway.invocation import FunctionReference
from gateway.listener_types import listener_type
from gateway.listeners.authorizing import AuthorizerCall, Authorizing, HttpAuthorizer
from gateway.listeners.context import ListenerContext
from gateway.listeners.cors import cors_of
from gateway.listeners.http_steps import Flavours, HttpApiSteps, HttpMethod
from gateway.listeners.integration import LambdaIntegration
from gateway.listeners.jwks import JwtAuthorizer, issuer_keys
from gateway.listeners.pipeline import PipelineListener
from gateway.listeners.usage_plans import Clock, TokenBucket
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.flavours.http_api_v1 import HttpApiV1
from gateway.translation.route import DEFAULT, RouteTable, parse_route
from gateway.types import Json

_DEFAULTS: Final = apis.HttpRoute("")
_AUTHORIZER_TIMEOUT_MS: Final = 10_000


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
