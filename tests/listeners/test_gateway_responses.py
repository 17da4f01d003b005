"""Gateway responses that a configuration changes."""

import pytest

from gateway.config import apis
from gateway.config.doors import RestApiSettings
from gateway.listeners.rest_api import rest_api
from tests.listeners.scripted import ok, opened, scripted
from tests.services import listener_context

pytestmark = pytest.mark.anyio


async def test_gateway_responses() -> None:
    """A configured type has its status and body; DEFAULT_4XX adds its headers where there is nothing else."""
    settings = RestApiSettings(
        0,
        routes={"GET /": apis.RestRoute("f", api_key_required=True)},
        gateway_responses={
            "DEFAULT_4XX": apis.GatewayResponseSettings(response_parameters={"gatewayresponse.header.X-A": "'b'"}),
            "INVALID_API_KEY": apis.GatewayResponseSettings(
                418,
                response_templates={
                    "text/plain": "$context.error.messageString ${context.error.responseType} $context.apiId"
                },
            ),
        },
    )
    function, _ = scripted(ok)
    async with opened(rest_api(settings, listener_context({"f": function}))) as port:
        configured = await port.ask(headers={"Host": "x1y2z3.execute-api.us-east-1.amazonaws.com"})
        default = await port.ask("/no")

    assert (configured.status_code, configured.content) == (418, b'"Forbidden" INVALID_API_KEY x1y2z3')
    assert configured.headers["content-type"] == "text/plain"
    assert configured.headers["x-amzn-errortype"] == "ForbiddenException"
    assert (default.status_code, default.headers["x-a"]) == (403, "b")
    assert default.content == b'{"message":"Missing Authentication Token"}'
