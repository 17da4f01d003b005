"""Routes and authorizers as a file writes them; faults are in the cases of ``tests/data/config``."""

from gateway.config.listeners.http_api import HttpApiModel
from gateway.config.listeners.rest_api import RestApiModel


def test_a_route_may_be_a_name() -> None:
    """The name of a function alone is a route to it."""
    short = HttpApiModel.model_validate({"type": "http_api", "port": 1, "routes": {"GET /": "f"}})
    long = HttpApiModel.model_validate({"type": "http_api", "port": 1, "routes": {"GET /": {"function": "f"}}})

    assert short == long


def test_models_are_kept_as_they_are() -> None:
    """A JSON Schema is not looked into."""
    schema = {"type": "object", "properties": {"a": {"enum": [1, None]}}}
    model = RestApiModel.model_validate({"type": "rest_api", "port": 1, "function": "f", "models": {"A": schema}})

    assert model.models == {"A": schema}
