"""The cases of one front door, and what holds for any request and any result."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Fault
from gateway.translation.flavours.table import FLAVOURS
from gateway.translation.messages import Request
from tests.translation.flavours.apigw_case import cases, check, load_case
from tests.translation.flavours.apigw_requests import ARRIVAL, REQUEST, json_values, requests, results

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
        event = json.loads(FLAVOURS["rest"]().encode(request, ARRIVAL))
    except Fault:
        return

    assert list(event) == KEYS


@given(result=json_values() | results())
def test_any_result_becomes_an_answer(result: object) -> None:
    """Whatever a handler returns, the client gets one well-formed response."""
    flavour = FLAVOURS["rest"]()
    try:
        response = flavour.decode(json.dumps(result).encode(), REQUEST, ARRIVAL)
    except Fault as fault:
        response = flavour.refuse(fault, REQUEST, ARRIVAL)

    lines = [(name.lower(), value) for name, value in response.headers]
    assert 200 <= response.status <= 599
    assert all(b"\n" not in value and b"\r" not in value for _, value in lines)
    assert isinstance(response.body, bytes)
    length = [] if response.status in {204, 304} else [b"%d" % len(response.body)]
    assert [value for name, value in lines if name == b"content-length"] == length


@given(payload=st.binary(max_size=40))
def test_any_payload_raises_nothing_but_faults(payload: bytes) -> None:
    """A runtime of one's own may send bytes that are no JSON."""
    try:
        response = FLAVOURS["rest"]().decode(payload, REQUEST, ARRIVAL)
    except Fault:
        return

    assert response.status == 200
