"""Strict mode for what is not an operation of Lambda."""

import subprocess
from collections.abc import Callable, Iterator

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.functions.service import LambdaService
from gateway.lambda_api.app import build_control_app
from gateway.lambda_api.signature import SignatureCheck
from gateway.lambda_api.strict import signed_route
from tests.lambda_api.conftest import ControlPort, Server

KEYS = {"AKIDEXAMPLE": "secret"}
ALL = [
    ("GET", "/_gateway/health"),
    ("POST", "/_gateway/reset"),
    ("POST", "/echo"),
    ("GET", "/nothing/here"),
    ("GET", "/_gateway/health/"),
    ("GET", "/_gateway/reset"),
]


@pytest.fixture
def strict(control: ControlPort, serve: Callable[[ASGIApp], Server]) -> Iterator[httpx.Client]:
    """A control port that knows one key, with a further route ``/echo``."""

    async def reset() -> None:
        control.resets.append("reset")

    async def echo(request: Request) -> Response:
        return Response(await request.body())

    check = SignatureCheck(KEYS, "us-east-1")
    route = signed_route(Route("/echo", echo, methods=["POST"]), check.check)
    server = serve(build_control_app(LambdaService([control.function]), reset, check, [route]))
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
        yield client


def sent_signed(client: httpx.Client, method: str, path: str, body: bytes = b"") -> httpx.Response:
    """The answer to a request that botocore has signed."""
    request = AWSRequest(method, str(client.base_url.join(path)), data=body)
    SigV4Auth(Credentials("AKIDEXAMPLE", "secret"), "lambda", "us-east-1").add_auth(request)
    return client.request(method, path, content=body, headers=dict(request.headers.items()))


def test_unsigned_calls_are_refused(control: ControlPort, strict: httpx.Client) -> None:
    """Health, reset, what front doors publish, and what is not there: all as Invoke."""
    for method, path in ALL:
        answer = strict.request(method, path)

        assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")
    assert control.resets == []


def test_signed_calls_pass(control: ControlPort, strict: httpx.Client) -> None:
    """Each answers as without strict mode, with its body."""
    answers = [sent_signed(strict, method, path, b"body" if path == "/echo" else b"") for method, path in ALL]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 404, 404, 404]
    assert answers[2].content == b"body"
    assert control.resets == ["reset"]


def test_another_body_is_refused(strict: httpx.Client) -> None:
    """The signature is over the body too."""
    request = AWSRequest("POST", str(strict.base_url.join("/echo")), data=b"body")
    SigV4Auth(Credentials("AKIDEXAMPLE", "secret"), "lambda", "us-east-1").add_auth(request)

    answer = strict.post("/echo", content=b"other", headers=dict(request.headers.items()))

    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (403, "InvalidSignatureException")


def test_a_body_is_bounded(strict: httpx.Client) -> None:
    """What is longer than any call of Lambda is not kept to be signed."""
    assert sent_signed(strict, "POST", "/echo", b"a" * 6_291_457).status_code == 413


def test_curl_signs(control: ControlPort, strict: httpx.Client) -> None:
    """The command of the documentation."""
    signing = ["--aws-sigv4", "aws:amz:us-east-1:lambda", "--user", "AKIDEXAMPLE:secret"]
    url = str(strict.base_url.join("/_gateway/reset"))
    command = ["curl", "-s", "--noproxy", "*", *signing, "-X", "POST", url]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        pytest.skip("the program curl is not on PATH")
    if done.returncode == 2:
        pytest.skip("this curl does not know --aws-sigv4, which came with 7.75")

    assert (done.stdout, control.resets) == ('{"status":"reset"}', ["reset"])
