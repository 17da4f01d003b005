"""A REST API's keys."""

from gateway.config.listeners.rest_api import RestApiModel


def test_defaults() -> None:
    """Without media types nothing is binary."""
    model = RestApiModel.model_validate({"type": "rest_api", "port": 1, "function": "f"})

    assert (model.stage, model.binary_media_types) == ("prod", ())
