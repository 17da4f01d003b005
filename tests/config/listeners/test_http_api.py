"""An HTTP API's keys."""

import pytest
from pydantic import ValidationError

from gateway.config.listeners.http_api import HttpApiModel


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        ("$default", True),
        ("GET /", True),
        ("ANY /pets/{id}", True),
        ("GET /{proxy+}", True),
        ("GET pets", False),
        ("get /", False),
        ("/pets", False),
    ],
)
def test_route_keys(key: str, *, taken: bool) -> None:
    """A route key is a method or ANY and a path, or $default."""
    try:
        HttpApiModel.model_validate({"type": "http_api", "port": 1, "routes": {key: "f"}})
    except ValidationError:
        assert not taken
    else:
        assert taken
