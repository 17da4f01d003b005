"""Methods of a REST API from its settings."""

import pytest

from gateway.config import apis
from gateway.config.doors import RestApiSettings
from gateway.errors import UsageError
from gateway.listeners.rest_methods import rest_methods, rest_routes, rest_table
from tests.listeners.scripted import ok, scripted
from tests.services import service_of


def test_one_function_takes_everything() -> None:
    """Root and proxy resource; a stream may take fifteen minutes."""
    routes = rest_routes(RestApiSettings(0, "f", response_transfer_mode="STREAM"))

    assert list(routes) == ["ANY /", "ANY /{proxy+}"]
    assert {route.timeout_in_millis for route in routes.values()} == {900_000}


def test_routes_come_before_the_function() -> None:
    """A route of the same key replaces the function's."""
    mine = apis.RestRoute("g", operation_name="Mine")
    routes = rest_routes(RestApiSettings(0, "f", routes={"ANY /": mine}))
    found = rest_table(routes).match_rest("GET", "/")

    assert routes["ANY /"] is mine
    assert found is not None
    assert (found[0].name, found[0].operation_name) == ("ANY /", "Mine")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (RestApiSettings(0), "a REST API needs a function, or routes"),
        (RestApiSettings(0, routes={"GET /": apis.RestRoute(integration="i")}), "there is no integration 'i'"),
        (RestApiSettings(0, routes={"GET /": apis.RestRoute("f", authorizer="a")}), "there is no authorizer 'a'"),
    ],
)
def test_names_that_lead_nowhere(settings: RestApiSettings, message: str) -> None:
    """Each has a message that says what there is."""
    function, _ = scripted(ok)
    with pytest.raises(UsageError, match=message):
        rest_methods(settings, service_of({"f": function}))
