"""Options of a listener as JSON."""

import json

import pytest

from gateway.errors import UsageError
from gateway.listener_types import FLAVOURS
from gateway.observe.flavour_options import make_flavour, options_of
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.cors import Cors
from gateway.translation.flavour_options import build_flavour
from gateway.translation.flavours.alb import Alb
from gateway.translation.flavours.function_url import FunctionUrl
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.flavours.rest_api import RestApi
from gateway.translation.flavours.websocket import WebSocketApi
from gateway.translation.route import ANY, DEFAULT, Route, RouteTable
from gateway.types import Json


def test_sets_come_back() -> None:
    """In an order that is always the same."""
    flavour = WebSocketApi(route_keys=frozenset({"b", "a"}))

    assert options_of(flavour)["route_keys"] == ["a", "b"]
    assert make_flavour("websocket", {"route_keys": ["a", "b"]}) == flavour


@pytest.mark.parametrize("name", FLAVOURS)
def test_a_default_listener_is_made_again(name: str) -> None:
    """Through JSON, for every name in the table."""
    flavour = build_flavour(name)

    assert make_flavour(name, json.loads(json.dumps(options_of(flavour)))) == flavour


@pytest.mark.parametrize("name", FLAVOURS)
def test_what_is_derived_is_not_written(name: str) -> None:
    """The ids of an API follow from account and region; one that was given stays."""
    derived = set(options_of(build_flavour(name))) & {"api_id", "deployment_id", "url_id"}

    assert derived == set()
    assert options_of(RestApi(api_id="abcdefghij")) == {"api_id": "abcdefghij"}


def test_load_balancer_attributes_come_back() -> None:
    """Only what differs from AWS's defaults is written."""
    attributes = AlbAttributes(xff_client_port=True, response_headers=((b"X-Frame-Options", b"DENY"),))
    flavour = Alb("arn:1", attributes=attributes)

    options = options_of(flavour)

    assert options == {
        "target_group_arn": "arn:1",
        "attributes": {"xff_client_port": True, "response_headers": [["X-Frame-Options", "DENY"]]},
    }
    assert make_flavour("alb", json.loads(json.dumps(options))) == flavour


def test_routes_stages_and_types_come_back() -> None:
    """A route is written by its key, with its operation's name behind it."""
    routes = RouteTable([Route("GET", "/pets/{id}", operation_name="GetPet"), Route(ANY, "/{proxy+}")])
    rest = RestApi(routes=routes, stage_variables={"a": "b"}, binary_media_types=("image/png",))
    made = make_flavour("rest", json.loads(json.dumps(options_of(rest))))

    assert isinstance(made, RestApi)
    assert made.routes.routes == routes.routes
    assert (made.stage_variables, made.binary_media_types) == ({"a": "b"}, ("image/png",))


def test_the_default_route_and_cors_come_back() -> None:
    """Lists of JSON are tuples again."""
    http = HttpApi(routes=RouteTable([Route(ANY, DEFAULT), Route("GET", "/a")]), cors=Cors(("*",), max_age=5))
    made = make_flavour("http", json.loads(json.dumps(options_of(http))))

    assert isinstance(made, HttpApi)
    assert made.routes.routes == http.routes.routes
    assert made.cors == http.cors
    assert make_flavour("url", {"cors": None}) == FunctionUrl()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("elb", {}, "'elb' is no front door; write one of alb, alb-multi, rest"),
        ("alb", {"arn": "x"}, "alb has no option 'arn'; it has target_group_arn"),
        ("rest", {"routes": [1]}, "the options of rest cannot be used"),
    ],
)
def test_what_is_not_known_is_refused(name: str, options: dict[str, Json], message: str) -> None:
    """The message names the listener or the option."""
    with pytest.raises(UsageError, match=message):
        make_flavour(name, options)
