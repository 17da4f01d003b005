"""Keys of APIs and function URLs; faults are in the cases of ``tests/data/config``."""

import dataclasses

import pytest
from pydantic import ValidationError

from gateway.config.doors import FunctionUrlSettings, HttpApiSettings, RestApiSettings, WebSocketApiSettings
from gateway.translation.flavours.function_url import FunctionUrl
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.flavours.rest_api import RestApi
from gateway.translation.flavours.websocket import WebSocketApi
from gateway.types import Json
from tests.config.reading import read


def test_a_route_may_be_a_name() -> None:
    """The name of a function alone is a route to it."""
    short = read(HttpApiSettings, {"type": "http_api", "port": 1, "routes": {"GET /": "f"}})
    long = read(HttpApiSettings, {"type": "http_api", "port": 1, "routes": {"GET /": {"function": "f"}}})

    assert short == long


def test_models_are_kept_as_they_are() -> None:
    """A JSON Schema is not looked into."""
    schema: Json = {"type": "object", "properties": {"a": {"enum": [1, None]}}}
    settings = read(RestApiSettings, {"type": "rest_api", "port": 1, "function": "f", "models": {"A": schema}})

    assert settings.models == {"A": schema}


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
        read(HttpApiSettings, {"type": "http_api", "port": 1, "routes": {key: "f"}})
    except ValidationError:
        assert not taken
    else:
        assert taken


@pytest.mark.parametrize(
    ("flavour", "settings"),
    [
        (RestApi(), RestApiSettings(0)),
        (HttpApi(), HttpApiSettings(0)),
        (FunctionUrl(), FunctionUrlSettings(0, "f")),
        (WebSocketApi(), WebSocketApiSettings(0)),
    ],
    ids=lambda it: type(it).__name__,
)
def test_flavours_have_the_same_defaults(flavour: object, settings: object) -> None:
    """A flavour, which imports no settings, translates by itself as it does for a listener without further keys."""
    assert dataclasses.is_dataclass(flavour)
    assert dataclasses.is_dataclass(settings)
    names = {it.name for it in dataclasses.fields(flavour)} & {it.name for it in dataclasses.fields(settings)}
    shared = names - {"routes", "stages"}  # a flavour has them all, the settings what stands beside the first

    assert shared
    assert {it: getattr(flavour, it) for it in shared} == {it: getattr(settings, it) for it in shared}


def test_the_only_stage_of_an_http_api() -> None:
    """The flavour has it among its stages."""
    settings = HttpApiSettings(0)

    assert HttpApi().stages == {settings.stage: settings.stage_variables}
