"""The listener of a REST API, from its settings or from its flavour."""

from collections import defaultdict
from collections.abc import Mapping

from gateway.config import apis
from gateway.config.doors import RestApiSettings
from gateway.invocation import FunctionReference
from gateway.listener_types import listener_type
from gateway.listeners.context import ListenerContext
from gateway.listeners.integration import LambdaIntegration
from gateway.listeners.pipeline import PipelineListener
from gateway.listeners.rest_methods import RestMethod, rest_methods, rest_routes, rest_table
from gateway.listeners.rest_steps import RestApiSteps
from gateway.translation.flavours.rest_api import RestApi
from gateway.types import Json


def rest_api(settings: RestApiSettings, context: ListenerContext) -> PipelineListener:
    """The listener of a REST API.

    Args:
        settings: From the configuration.
        context: What it shares with others.

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
    steps = RestApiSteps(flavour, rest_methods(settings, context.service), settings, verify)
    return PipelineListener(steps, listener_type("rest_api").steps, dev_headers=context.dev_headers)


def rest_api_of(
    flavour: RestApi,
    context: ListenerContext,
    function: FunctionReference,
    authorizer: Mapping[str, Json] | None = None,
) -> PipelineListener:
    """The listener of a REST API that is described by its flavour: all methods invoke one function.

    Arguments as for `of_flavour.listener_of`.
    """
    defaults = apis.RestRoute(function.name)
    integration = LambdaIntegration(context.service, function, defaults.timeout_in_millis)
    method = RestMethod(defaults, integration, granted=authorizer)
    steps = RestApiSteps(flavour, defaultdict(lambda: method), RestApiSettings(0, function.name))
    return PipelineListener(steps, listener_type("rest_api").steps, dev_headers=context.dev_headers)
