"""The cases of one front door, and what holds for any request."""

import json
from pathlib import Path

import pytest
from hypothesis import given

from gateway.errors import Fault
from gateway.translation.flavour_options import build_flavour
from gateway.translation.flavours.http_api_v1 import HttpApiV1
from gateway.translation.messages import Request
from gateway.translation.route import Route, RouteMatch
from tests.translation.flavours.apigw_case import cases, check, load_case
from tests.translation.flavours.apigw_requests import ARRIVAL, requests

KEYS = [
    "version",
    "resource",
    "path",
    "httpMethod",
    "headers",
    "multiValueHeaders",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "requestContext",
    "pathParameters",
    "stageVariables",
    "body",
    "isBase64Encoded",
]


@pytest.mark.parametrize("path", cases("http-v1"), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """Events and answers are the recorded ones."""
    check(load_case(path))


@given(request=requests())
def test_any_request_becomes_an_event(request: Request) -> None:
    """All thirteen keys, always and in order."""
    try:
        event = json.loads(build_flavour("http-v1").encode(request, ARRIVAL))
    except Fault:
        return

    assert list(event) == KEYS


def test_order() -> None:
    """Query and path parameters are sorted by name."""
    request = Request("GET", b"/b/a", b"z=1&a=2", [(b"Host", b"h")], b"", ("192.0.2.1", 1), ("192.0.2.2", 443))
    match = RouteMatch(Route("GET", "/{y}/{x}"), "/b/a", "/b/a", {"y": "b", "x": "a"}, "$default", {})
    event = json.loads(HttpApiV1().encode(request, ARRIVAL, match))

    names = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters")
    assert [list(event[name]) for name in names] == [["a", "z"], ["a", "z"], ["x", "y"]]
