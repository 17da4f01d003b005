"""The methods of a REST API, built from its settings: what each asks of a request and what takes it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from gateway.config import apis
from gateway.config.doors import RestApiSettings
from gateway.errors import UsageError
from gateway.functions.service import LambdaService
from gateway.invocation import FunctionReference
from gateway.listeners.authorizing import AuthorizerCall, Authorizing, RequestAuthorizer, TokenAuthorizer
from gateway.listeners.integration import LambdaIntegration
from gateway.listeners.jwks import CognitoAuthorizer, issuer_keys
from gateway.listeners.proxying import HttpProxy
from gateway.listeners.usage_plans import Clock, TokenBucket
from gateway.listeners.validation import RequestValidator
from gateway.translation.route import ANY, RouteTable, parse_route
from gateway.types import Json

T = TypeVar("T")

_ALL: Final = (f"{ANY} /", f"{ANY} /{{proxy+}}")
_REST_TIMEOUT_MS: Final = 29_000
_STREAM_TIMEOUT_MS: Final = 900_000


@dataclass(frozen=True, slots=True)
class RestMethod:
    """One method of one resource.

    Attributes:
        settings: As configured.
        integration: The function, a proxied server, or a MOCK.
        authorizer: None lets everybody in.
        validator: None takes every request.
        bucket: The method's own throttling.
        granted: ``requestContext.authorizer`` of every request, instead of an authorizer's.
    """

    settings: apis.RestRoute
    integration: LambdaIntegration | HttpProxy | apis.Integration
    authorizer: Authorizing | None = None
    validator: RequestValidator | None = None
    bucket: TokenBucket | None = None
    granted: Mapping[str, Json] | None = None


def rest_routes(settings: RestApiSettings) -> dict[str, apis.RestRoute]:
    """Route key → settings, the two of the API's own function included."""
    routes = dict(settings.routes)
    if settings.function:
        mode = settings.response_transfer_mode
        timeout = _REST_TIMEOUT_MS if mode == "BUFFERED" else _STREAM_TIMEOUT_MS
        everything = apis.RestRoute(settings.function, response_transfer_mode=mode, timeout_in_millis=timeout)
        routes = dict.fromkeys(_ALL, everything) | routes
    if not routes:
        raise UsageError("a REST API needs a function, or routes")
    return routes


def rest_table(routes: Mapping[str, apis.RestRoute]) -> RouteTable:
    """The route table; each route bears its key as its name."""
    return RouteTable(
        parse_route(key)._replace(name=key, operation_name=route.operation_name) for key, route in routes.items()
    )


def rest_methods(
    settings: RestApiSettings, service: LambdaService, clock: Clock = time.monotonic
) -> dict[str, RestMethod]:
    """Route key → method.

    Raises:
        UsageError: An integration or authorizer is not there, or a package is missing.
    """
    authorizers = {name: _authorizer(it, service, clock) for name, it in settings.authorizers.items()}
    proxies = {name: _integration(it) for name, it in settings.integrations.items()}
    methods = {}
    for key, route in rest_routes(settings).items():
        integration: LambdaIntegration | HttpProxy | apis.Integration
        if route.integration:
            integration = _named(proxies, route.integration, "integration")
        else:
            integration = LambdaIntegration(
                service,
                FunctionReference(route.function),
                route.timeout_in_millis,
                streaming=route.response_transfer_mode == "STREAM",
            )
        methods[key] = RestMethod(
            settings=route,
            integration=integration,
            authorizer=_named(authorizers, route.authorizer, "authorizer") if route.authorizer else None,
            validator=_validator(route, settings.models),
            bucket=TokenBucket(route.throttle, clock) if route.throttle else None,
        )
    return methods


def _named(known: Mapping[str, T], name: str, what: str) -> T:
    found = known.get(name)
    if found is None:
        raise UsageError(f"there is no {what} {name!r}; there are: {', '.join(sorted(known)) or 'none'}")
    return found


def _integration(settings: apis.Integration) -> HttpProxy | apis.Integration:
    return HttpProxy(settings) if settings.type == "HTTP_PROXY" else settings


def _validator(route: apis.RestRoute, models: apis.Models) -> RequestValidator | None:
    if route.validate_request_body or route.validate_request_parameters:
        return RequestValidator(route, models)
    return None


def _authorizer(settings: apis.Authorizer, service: LambdaService, clock: Clock) -> Authorizing:
    if settings.type == "COGNITO_USER_POOLS":
        return CognitoAuthorizer(settings, lambda issuer: issuer_keys(issuer, settings.jwks_uri, clock))
    ttl_s = settings.authorizer_result_ttl_in_seconds
    call = AuthorizerCall(service, FunctionReference(settings.function), ttl_s, clock)
    return TokenAuthorizer(settings, call) if settings.type == "TOKEN" else RequestAuthorizer(settings, call)
