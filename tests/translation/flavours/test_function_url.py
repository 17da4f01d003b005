"""The cases of one front door, and what holds for any request."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given

from gateway.errors import Fault
from gateway.translation.flavour_options import build_flavour
from gateway.translation.flavours.function_url import FunctionUrl
from gateway.translation.messages import Request
from tests.translation.flavours.apigw_case import cases, check, load_case
from tests.translation.flavours.apigw_requests import ARRIVAL, REQUEST, requests

KEYS = [
    "version",
    "routeKey",
    "rawPath",
    "rawQueryString",
    "cookies",
    "headers",
    "queryStringParameters",
    "requestContext",
    "body",
    "isBase64Encoded",
]


@pytest.mark.parametrize(
    "path", [*cases("url"), *cases("url-stream")], ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_case(path: Path) -> None:
    """Events and answers are the recorded ones."""
    check(load_case(path))


def test_trace_of_two_hops() -> None:
    """``Self`` is another id of the same second; what the client sent stays."""
    url, sent = FunctionUrl(hops=2), REQUEST._replace(headers=[(b"X-Amzn-Trace-Id", b"Root=1-2-3;CalledFrom=app")])
    second = ARRIVAL.trace_id.rpartition("-")[0]

    fresh = json.loads(url.encode(REQUEST, ARRIVAL))["headers"]["x-amzn-trace-id"]

    assert re.fullmatch(rf"Self={second}-[0-9a-f]{{24}};Root={ARRIVAL.trace_id}", fresh)
    assert json.loads(url.encode(sent, ARRIVAL))["headers"]["x-amzn-trace-id"].endswith(";Root=1-2-3;CalledFrom=app")


@given(request=requests())
def test_any_request_becomes_an_event(request: Request) -> None:
    """Keys are in order, and none is there without a value."""
    try:
        event = json.loads(build_flavour("url").encode(request, ARRIVAL))
    except Fault:
        return

    assert list(event) == [key for key in KEYS if key in event]
    assert None not in event.values()
