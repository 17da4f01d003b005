"""Front doors by name."""

from typing import Any

import pytest

from gateway.errors import UsageError
from gateway.translation.flavour_options import build_flavour, encode_as, preflight_of, route_table
from gateway.translation.flavours.alb import Alb
from gateway.translation.flavours.rest_api import RestApi
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
    ],
)
def test_wrong_options(name: str, options: dict[str, Any], message: str) -> None:
    """The message says what there is."""
    with pytest.raises(UsageError, match=message):
        build_flavour(name, options)


def test_one_route_needs_no_list() -> None:
    """A text alone is one route."""
    assert route_table("$default").routes[0].key == "$default"


def test_preflights_and_authorizers() -> None:
    """A load balancer has neither."""
    request = sample_request("OPTIONS", "/")

    assert preflight_of(Alb(), request, SAMPLE_ARRIVAL) is None
    with pytest.raises(UsageError, match="no authorizers"):
        encode_as(Alb(), request, SAMPLE_ARRIVAL, {})
