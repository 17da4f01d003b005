"""The cases of one front door, and what holds for any request."""

import json
from pathlib import Path

import pytest
from hypothesis import given

from gateway.errors import Fault
from gateway.translation.flavour_options import build_flavour
from gateway.translation.messages import Request
from tests.translation.flavours.apigw_case import cases, check, load_case
from tests.translation.flavours.apigw_requests import ARRIVAL, requests

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
    "pathParameters",
    "isBase64Encoded",
    "stageVariables",
]


@pytest.mark.parametrize("path", cases("http"), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """Events and answers are the recorded ones."""
    check(load_case(path))


@given(request=requests())
def test_any_request_becomes_an_event(request: Request) -> None:
    """Keys are in order, and none is there without a value."""
    try:
        event = json.loads(build_flavour("http").encode(request, ARRIVAL))
    except Fault:
        return

    assert list(event) == [key for key in KEYS if key in event]
    assert None not in event.values()
