"""The listener of a WebSocket API, from its settings or from its flavour; needs the websockets package."""

import time
from collections.abc import Mapping
from typing import Final

from gateway.config import apis
from gateway.config.doors import WebSocketApiSettings
from gateway.errors import UsageError
from gateway.functions.service import LambdaService
from gateway.invocation import FunctionReference
from gateway.listener_types import listener_type
from gateway.listeners.authorizing import AuthorizerCall, Authorizing, WebSocketAuthorizer
from gateway.listeners.context import ListenerContext
from gateway.listeners.integration import LambdaIntegration
from gateway.listeners.pipeline import PipelineListener
from gateway.translation.flavours.websocket import WebSocketApi
from gateway.types import Json

try:
    from gateway.listeners.websocket_session import Times
    from gateway.listeners.websocket_steps import CONNECT, DISCONNECT, MessageRoute, WebSocketSteps
except ImportError:
    raise UsageError("WebSocket APIs need websockets; install lambda-http-gateway[websocket]") from None

DEFAULT: Final = "$default"
_TIMEOUT_MS: Final = 29_000


def websocket_api(
    settings: WebSocketApiSettings,
    context: ListenerContext,
    *,
    times: "Times" = Times(),  # noqa: B008 - a value
) -> PipelineListener:
    """The listener of a WebSocket API; its steps' ``connections`` are what `connection_routes` manages.

    Args:
        settings: From the configuration.
        context: What it shares with others.
        times: How long connections may last.
    """
    routes = dict(settings.routes)
    if settings.function:
        given = apis.WebSocketRoute(settings.function)
        routes = {CONNECT: given, DISCONNECT: given, DEFAULT: given} | routes
    service = context.service
    region, account = service.account_region
    flavour = WebSocketApi(
        account_id=account,
        region=region,
        stage=settings.stage,
        stage_variables=dict(settings.stage_variables),
        domain_name=settings.domain_name,
        route_selection_expression=settings.route_selection_expression,
        route_keys=frozenset(routes),
    )
    steps = WebSocketSteps(
        flavour,
        {
            key: MessageRoute(LambdaIntegration(service, FunctionReference(route.function), _TIMEOUT_MS), route.two_way)
            for key, route in routes.items()
        },
        _authorizer(settings.authorizer, service),
        times,
    )
    return PipelineListener(steps, listener_type("websocket_api").steps, dev_headers=context.dev_headers)


def websocket_api_of(
    flavour: WebSocketApi,
    context: ListenerContext,
    function: FunctionReference,
    authorizer: Mapping[str, Json] | None = None,
) -> PipelineListener:
    """The listener of a WebSocket API that is described by its flavour: all routes invoke one function.

    Arguments as for `of_flavour.listener_of`.
    """
    route = MessageRoute(LambdaIntegration(context.service, function, _TIMEOUT_MS))
    steps = WebSocketSteps(flavour, dict.fromkeys(flavour.route_keys, route), granted=authorizer)
    return PipelineListener(steps, listener_type("websocket_api").steps, dev_headers=context.dev_headers)


def _authorizer(settings: apis.Authorizer | None, service: LambdaService) -> Authorizing | None:
    if settings is None:
        return None
    call = AuthorizerCall(service, FunctionReference(settings.function), 0, time.monotonic)
    return WebSocketAuthorizer(settings, call)
