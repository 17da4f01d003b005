"""What a runtime is told of an invocation."""

import pytest

from gateway.invocation import Invocation
from gateway.targets.runtime_api.offer import Offer
from tests.targets.runtime_api.test_server import ARN, ID, NEXT, serving

pytestmark = pytest.mark.anyio


async def test_next_has_every_header() -> None:
    """All headers that the invocation has a value for, and the payload as it is."""
    invocation = Invocation(
        b'{"a":1}',
        ID,
        function_arn=ARN + ":live",
        trace_id="Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1",
        client_context=b'{"custom":\n{"k":"v"}}',
        cognito_identity=b'{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}',
    )
    async with serving() as served:
        served.client.get(NEXT)
        served.api.give(Offer(invocation, ARN, "a1", 1795405497434))
        reply = await served.client.reply()

    assert (reply.status, reply.body) == (200, b'{"a":1}')
    assert reply.headers == {
        "content-type": "application/json",
        "content-length": "7",
        "lambda-runtime-aws-request-id": ID,
        "lambda-runtime-deadline-ms": "1795405497434",
        "lambda-runtime-invoked-function-arn": ARN + ":live",
        "lambda-runtime-invocation-id": "a1",
        "lambda-runtime-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1",
        "lambda-runtime-client-context": '{"custom": {"k":"v"}}',
        "lambda-runtime-cognito-identity": '{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}',
    }


async def test_next_leaves_empty_headers_out() -> None:
    """No trace, no context: no header."""
    async with serving() as served:
        served.client.get(NEXT)
        served.api.give(Offer(Invocation(b"{}", ID), ARN, "a1", 1))
        reply = await served.client.reply()

    assert "lambda-runtime-trace-id" not in reply.headers
    assert "lambda-runtime-client-context" not in reply.headers
    assert reply.headers["lambda-runtime-invoked-function-arn"] == ARN
