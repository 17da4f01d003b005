"""The listener for the settings of any front door of API Gateway, or of a Function URL."""

from gateway.config.fronts import FrontSettings
from gateway.config.settings import FunctionUrlSettings, HttpApiSettings, RestApiSettings
from gateway.listeners.door import DoorListener
from gateway.listeners.function_url import function_url
from gateway.listeners.http_api import http_api
from gateway.listeners.iam import Verify
from gateway.listeners.named import Functions
from gateway.listeners.rest_api import rest_api


def front_listener(
    settings: FrontSettings, functions: Functions, *, verify: Verify | None = None, dev_headers: bool = False
) -> DoorListener:
    """The listener; when functions or settings change, the `door` of another one can take the place of its own.

    Args:
        settings: From the configuration.
        functions: By the names that the settings use.
        verify: Checks signatures under ``AWS_IAM``; None believes them.
        dev_headers: Developer headers are read.

    Raises:
        UsageError: A function is not there, or a package that the settings ask for.
    """
    if isinstance(settings, RestApiSettings):
        return rest_api(settings, functions, verify=verify, dev_headers=dev_headers)
    if isinstance(settings, HttpApiSettings):
        return http_api(settings, functions, verify=verify, dev_headers=dev_headers)
    if isinstance(settings, FunctionUrlSettings):
        return function_url(settings, functions, verify=verify, dev_headers=dev_headers)
    from gateway.listeners.websocket_api import websocket_api  # noqa: PLC0415 - needs the extra

    return websocket_api(settings, functions, dev_headers=dev_headers)
