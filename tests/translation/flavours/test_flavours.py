"""What holds for all flavours."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Fault
from gateway.listener_types import FLAVOURS
from gateway.translation import flavours
from gateway.translation.flavour_options import build_flavour
from gateway.translation.flavours.function_url import FunctionUrl
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.flavours.http_api_v1 import HttpApiV1
from gateway.translation.flavours.rest_api import RestApi
from gateway.translation.route import ANY, DEFAULT, Route, RouteMatch
from gateway.types import Json
from tests.translation.flavours.apigw_requests import ARRIVAL, REQUEST, json_values, results


def test_every_flavour_has_a_name() -> None:
    """A flavour whose file nobody enters into the table cannot be chosen: it is found here."""
    (folder,) = flavours.__path__
    files = {path.stem for path in Path(folder).glob("*.py")} - {"__init__"}

    assert {type(build_flavour(name)).__module__.rpartition(".")[2] for name in FLAVOURS} == files


@pytest.mark.parametrize(("plain", "variant"), [("alb", "alb-multi"), ("url", "url-stream")])
def test_variants(plain: str, variant: str) -> None:
    """A name that stands for an option makes the same front door with that option, and takes all the others."""
    made = build_flavour(variant)

    assert type(made) is type(build_flavour(plain))
    assert made != build_flavour(plain)


@pytest.mark.parametrize("name", ["rest", "http", "http-v1", "url"])
@given(result=json_values() | results())
def test_any_result_becomes_an_answer(name: str, result: object) -> None:
    """Whatever a handler returns, the client gets one well-formed response."""
    flavour = build_flavour(name)
    try:
        response = flavour.decode(json.dumps(result).encode(), REQUEST, ARRIVAL)
    except Fault as fault:
        response = flavour.refuse(fault, REQUEST, ARRIVAL)

    lines = [(header.lower(), value) for header, value in response.headers]
    assert 200 <= response.status <= 599
    assert all(b"\n" not in value and b"\r" not in value for _, value in lines)
    assert isinstance(response.body, bytes)
    length = [] if response.status in {204, 304} else [b"%d" % len(response.body)]
    assert [value for header, value in lines if header == b"content-length"] == length


@pytest.mark.parametrize("flavour", [RestApi(), HttpApi(), HttpApiV1(), FunctionUrl(auth_type="AWS_IAM")])
def test_whatever_an_authorizer_says_is_in_the_event(flavour: RestApi | HttpApi | HttpApiV1 | FunctionUrl) -> None:
    """Python's JSON takes text that no UTF-8 holds and numbers of any length, so an authorizer can give them."""
    said: dict[str, Json] = {"half": "\ud800", "long": 2**70}
    match = RouteMatch(Route(ANY, DEFAULT), "", "", {}, DEFAULT, {}, authorizer=said)

    event = json.loads(flavour.encode(REQUEST, ARRIVAL, match))

    assert event["requestContext"]["authorizer"] == {"half": "?", "long": 2**70}


@pytest.mark.parametrize("name", ["rest", "http", "http-v1", "url"])
@given(payload=st.binary(max_size=40))
def test_any_payload_raises_nothing_but_faults(name: str, payload: bytes) -> None:
    """A runtime of one's own may send bytes that are no JSON."""
    try:
        response = build_flavour(name).decode(payload, REQUEST, ARRIVAL)
    except Fault:
        return

    assert response.status == 200


@pytest.mark.parametrize("name", ["http", "url"])
def test_a_query_without_a_pair(name: str) -> None:
    """``?&`` names nothing, so there is no map; the query itself stays as it came (inferred)."""
    event = json.loads(build_flavour(name).encode(REQUEST._replace(raw_query=b"&"), ARRIVAL))

    assert event["rawQueryString"] == "&"
    assert "queryStringParameters" not in event
