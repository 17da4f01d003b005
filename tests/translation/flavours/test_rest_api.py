"""The cases of one front door, and what holds for any request."""

import json
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given

from gateway.errors import Fault
from gateway.translation.flavour_options import build_flavour
from gateway.translation.flavours.rest_api import RestApi
from gateway.translation.messages import Request
from tests.translation.flavours.apigw_case import cases, check, load_case
from tests.translation.flavours.apigw_requests import ARRIVAL, requests

KEYS = [
    "resource",
    "path",
    "httpMethod",
    "headers",
    "multiValueHeaders",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "pathParameters",
    "stageVariables",
    "requestContext",
    "body",
    "isBase64Encoded",
]


@pytest.mark.parametrize("path", cases("rest"), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """Events and answers are the recorded ones."""
    check(load_case(path))


@given(request=requests())
def test_any_request_becomes_an_event(request: Request) -> None:
    """All twelve keys, always and in order."""
    try:
        event = json.loads(build_flavour("rest").encode(request, ARRIVAL))
    except Fault:
        return

    assert list(event) == KEYS


@pytest.mark.parametrize("addressing", ["domain", "domain-stage", "execute-api"])
@pytest.mark.parametrize("host", [b"api.example.com", b"a.execute-api.eu-west-1.amazonaws.com"])
def test_a_custom_domain_stands_behind_the_extended_request_id(
    addressing: Literal["domain", "domain-stage", "execute-api"], host: bytes
) -> None:
    """It is there for a host that is not API Gateway's own, where paths are those of a custom domain."""
    request = Request("GET", b"/prod", b"", [(b"Host", host)], b"", ("192.0.2.1", 1), ("192.0.2.2", 443))
    names = list(json.loads(RestApi(addressing=addressing).encode(request, ARRIVAL))["requestContext"])

    behind = names[names.index("extendedRequestId") + 1]
    custom = host == b"api.example.com" and addressing != "execute-api"
    assert behind == ("customDomain" if custom else "requestTime")
    assert ("customDomain" in names) is custom


def test_order_of_headers() -> None:
    """By name, without regard to case; those that the API adds stand among the client's."""
    lines = [(b"x-zeta", b"1"), (b"Host", b"h"), (b"accept", b"*/*"), (b"Cookie", b"a=b"), (b"X-Alpha", b"2")]
    request = Request("GET", b"/", b"", lines, b"", ("192.0.2.1", 1), ("192.0.2.2", 443))
    event = json.loads(RestApi().encode(request, ARRIVAL))

    names = list(event["headers"])
    assert names == sorted(names, key=str.lower)
    assert names[:4] == ["accept", "Cookie", "Host", "X-Alpha"]
    assert names[-1] == "x-zeta"
    assert list(event["multiValueHeaders"]) == names
