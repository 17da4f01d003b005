"""The cases of one front door, and what holds for any request."""

import json
from pathlib import Path

import pytest
from hypothesis import given

from gateway.errors import Fault
from gateway.translation.flavour_options import build_flavour
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.messages import Request
from gateway.translation.route import Route, RouteMatch
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
    "stageVariables",
    "isBase64Encoded",
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


def test_order() -> None:
    """Query and path parameters are sorted by name, and ``isBase64Encoded`` comes last."""
    request = Request("GET", b"/b/a", b"z=1&a=2&z=3", [(b"Host", b"h")], b"", ("192.0.2.1", 1), ("192.0.2.2", 443))
    match = RouteMatch(Route("GET", "/{y}/{x}"), "/b/a", "/b/a", {"y": "b", "x": "a"}, "$default", {"v": "1"})
    event = json.loads(HttpApi().encode(request, ARRIVAL, match))

    assert list(event["queryStringParameters"].items()) == [("a", "2"), ("z", "1,3")]
    assert list(event["pathParameters"].items()) == [("x", "a"), ("y", "b")]
    assert list(event)[-3:] == ["pathParameters", "stageVariables", "isBase64Encoded"]
