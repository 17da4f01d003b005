"""Any front door on a port."""

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.invocation import Invocation, Outcome, Returned
from gateway.testing.front import FlavourListener
from gateway.translation.cors import Cors
from gateway.translation.flavour_options import build_flavour
from gateway.translation.sample import sample_request
from tests.services import called


class _Fixed:
    """A target that always returns the same."""

    async def start(self) -> None:
        """Nothing to start."""

    async def invoke(self, invocation: Invocation) -> Outcome:  # noqa: ARG002 - a Target's signature
        """Return."""
        return Returned(b'{"statusCode": 201}')

    def renew(self) -> None:
        """Nothing to renew."""

    async def aclose(self) -> None:
        """Nothing to stop."""


def listener(as_: str, **options: object) -> FlavourListener:
    """A front door with its function."""
    function = Function(FunctionConfiguration("test", "app.handler"), _Fixed())
    return FlavourListener(build_flavour(as_, options), *called(function))


@pytest.mark.anyio
async def test_requests_and_preflights() -> None:
    """The function answers requests, the front door preflights."""
    front = listener("http", cors=Cors(allow_origins=("*",), allow_methods=("*",)))
    headers = {"Origin": "https://a.test", "Access-Control-Request-Method": "GET"}

    assert (await front.respond(sample_request("GET", "/"))).status == 201
    assert (await front.respond(sample_request("OPTIONS", "/", headers))).status == 204


@pytest.mark.parametrize(
    ("as_", "status", "answered"),
    [("alb", 414, 414), ("alb", 400, 400), ("rest", 413, 413), ("http", 413, 413), ("url", 400, 400)],
)
def test_rejections(as_: str, status: int, answered: int) -> None:
    """Bytes that are no request get the front door's own answer, and the connection ends."""
    response = listener(as_).reject(status, ("192.0.2.1", 5), b"GET")

    assert (response.status, response.close) == (answered, True)
