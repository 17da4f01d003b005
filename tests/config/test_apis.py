"""What APIs are made of, as settings."""

import dataclasses

import pytest
from pydantic import BaseModel

from gateway.config import apis
from gateway.config.listeners import apis as models


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


def test_response_types() -> None:
    """Each is AWS's own word; the two defaults are among them."""
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} < apis.RESPONSE_TYPES
    assert all(name.isupper() for name in apis.RESPONSE_TYPES)
