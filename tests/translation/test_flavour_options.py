"""Front doors by name."""

from typing import Any

import pytest

from gateway.errors import Fault, FaultKind, UsageError
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.cors import Cors
from gateway.translation.flavour_options import build_flavour, encode_as, route_table
from gateway.translation.flavours.alb import Alb
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.flavours.rest_api import RestApi
from gateway.translation.flavours.websocket import WebSocketApi
from gateway.translation.sample import SAMPLE_ARRIVAL, sample_request


def test_options_and_routes() -> None:
    """Routes may be texts."""
    flavour = build_flavour("rest", {"routes": ["GET /pets/{id}", "/x"], "stage": "test"})

    assert isinstance(flavour, RestApi)
    assert [(route.method, route.path) for route in flavour.routes.routes] == [("GET", "/pets/{id}"), ("ANY", "/x")]
    assert build_flavour("alb-multi", {}) == Alb(multi_value_headers=True)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("nlb", {}, "there are alb"),
        ("alb-multi", {"multi_value_headers": False}, "it has target_group_arn, attributes$"),
        ("http", {"routes": ["GET pets"]}, "'GET pets' is no route"),
        ("http", {"routes": [" /pets"]}, "is no route"),
        ("http", {"cors": {"allow": 1}}, "the options of http cannot be used: .*allow"),
        ("rest", {"routes": [1]}, "the options of rest cannot be used"),
        ("rest", {"stages": {}}, "rest has no option 'stages'; it has api_id"),
    ],
)
def test_wrong_options(name: str, options: dict[str, Any], message: str) -> None:
    """The message says what there is."""
    with pytest.raises(UsageError, match=message):
        build_flavour(name, options)


def test_one_needs_no_list() -> None:
    """A text alone is one route, or one media type."""
    assert route_table("$default").routes[0].key == "$default"
    assert build_flavour("rest", {"binary_media_types": "*/*"}) == RestApi(binary_media_types=("*/*",))


def test_options_as_json_has_them() -> None:
    """Lists are tuples, tables are what the option's type is, texts are bytes; what a name stands for may be said."""
    cors = {"allow_origins": ["*"], "max_age": 5}
    attributes = {"response_headers": [["X-Frame-Options", "DENY"]], "xff_client_port": True}
    headers = ((b"X-Frame-Options", b"DENY"),)

    assert build_flavour("http", {"cors": cors}) == HttpApi(cors=Cors(allow_origins=("*",), max_age=5))
    assert build_flavour("alb-multi", {"attributes": attributes, "multi_value_headers": True}) == Alb(
        attributes=AlbAttributes(response_headers=headers, xff_client_port=True), multi_value_headers=True
    )
    assert build_flavour("websocket", {"route_keys": ["a"]}) == WebSocketApi(route_keys=frozenset({"a"}))


def test_a_route_with_an_operation() -> None:
    """The name of the operation stands behind the path."""
    (route,) = route_table("GET /pets/{id} GetPet").routes

    assert (route.method, route.path, route.operation_name) == ("GET", "/pets/{id}", "GetPet")


@pytest.mark.parametrize("name", ["alb", "rest", "http", "http-v1", "url", "websocket"])
def test_every_flavour_answers_the_same_questions(name: str) -> None:
    """The match of `route` gives the event that it has without one; a preflight is the function's own."""
    flavour, request = build_flavour(name, {}), sample_request("OPTIONS", "/a?b=1")

    assert flavour.encode(request, SAMPLE_ARRIVAL, flavour.route(request)) == flavour.encode(request, SAMPLE_ARRIVAL)
    assert flavour.preflight(request, SAMPLE_ARRIVAL) is None
    assert flavour.refuse(Fault(FaultKind.MALFORMED), None, SAMPLE_ARRIVAL).close


def test_the_route_of_a_handshake() -> None:
    """It is written as WebSocket APIs write it."""
    assert build_flavour("websocket", {}).route(sample_request("GET", "/")).route.key == "$connect"


def test_a_load_balancer_has_no_authorizers() -> None:
    """Its events have no place for what one says."""
    request = sample_request("OPTIONS", "/")

    with pytest.raises(UsageError, match="no authorizers"):
        encode_as(Alb(), request, SAMPLE_ARRIVAL, {})
