"""The secret of a user pool's client, asked from a stand-in of Cognito on a real port."""

import subprocess
import sys
from collections.abc import AsyncIterator

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.config.authentication import AuthenticateCognito
from gateway.lambda_api.server import ControlServer
from gateway.listeners.alb.authentication_failure import AuthenticationFailure
from gateway.listeners.alb.cognito_client import client_secret, need_aws_extra

pytestmark = pytest.mark.anyio

POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_WasDoENZf"


async def describe(request: Request) -> JSONResponse:
    """DescribeUserPoolClient."""
    asked = orjson.loads(await request.body())
    assert request.headers["x-amz-target"] == "AWSCognitoIdentityProviderService.DescribeUserPoolClient"
    if asked["ClientId"] == "unknown":
        return JSONResponse({"__type": "ResourceNotFoundException", "message": "no such client"}, 400)
    secret = {"ClientSecret": f"secret of {asked['UserPoolId']}"} if asked["ClientId"] == "known" else {}
    return JSONResponse({"UserPoolClient": secret})


@pytest.fixture
async def cognito(anyio_backend: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:  # noqa: ARG001
    """A stand-in, and the environment that leads to it."""
    server = ControlServer(lambda: Starlette(routes=[Route("/", describe, methods=["POST"])]), "127.0.0.1", 0)
    await server.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    yield
    await server.stop(0)


@pytest.mark.usefixtures("cognito")
async def test_secret() -> None:
    """The pool's id comes from its ARN."""
    assert await client_secret(AuthenticateCognito(POOL, "known", "prefix")) == "secret of eu-west-1_WasDoENZf"


@pytest.mark.usefixtures("cognito")
@pytest.mark.parametrize(("client", "why"), [("unknown", "no such client"), ("public", "has no secret; give it one")])
async def test_no_secret(client: str, why: str) -> None:
    """A client that AWS does not know, or that has no secret, cannot log anybody in."""
    with pytest.raises(AuthenticationFailure, match=f"AuthUnhandledException: .*{why}"):
        await client_secret(AuthenticateCognito(POOL, client, "prefix"))


def test_missing_extra() -> None:
    """Without botocore it is said what to install; with it nothing is."""
    need_aws_extra()
    program = (
        "import sys; sys.modules['botocore'] = None\n"
        "from gateway.listeners.alb.cognito_client import need_aws_extra\n"
        "need_aws_extra()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert "pip install 'lambda-http-gateway[aws]'" in done.stderr
