"""Routes and authorizers as a file writes them; faults are in the cases of ``tests/data/config``."""

import dataclasses

import pytest
from pydantic import BaseModel

from gateway.config import apis
from gateway.config.listeners import apis as models
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


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        (models.ThrottleModel, apis.Throttle),
        (models.QuotaModel, apis.Quota),
        (models.ApiKeyModel, apis.ApiKey),
        (models.UsagePlanModel, apis.UsagePlan),
        (models.AuthorizerModel, apis.Authorizer),
        (models.IntegrationModel, apis.Integration),
        (models.GatewayResponseModel, apis.GatewayResponse),
        (models.RestRouteModel, apis.RestRoute),
        (models.HttpRouteModel, apis.HttpRoute),
        (models.WebSocketRouteModel, apis.WebSocketRoute),
    ],
)
def test_model_and_settings_agree(model: type[BaseModel], settings: type) -> None:
    """The same names, and the same defaults."""
    fields = {field.name: field.default for field in dataclasses.fields(settings)}
    assert set(model.model_fields) == set(fields)
    for name, field in model.model_fields.items():
        if not field.is_required() and field.default_factory is None:
            assert fields[name] == field.default, name
