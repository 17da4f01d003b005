"""The JSON Schema says the same as the loader, and the documentation knows every key."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from gateway.config.schema import json_schema
from gateway.config.settings import HealthCheckSettings
from gateway.types import Json

ROOT = Path(__file__).parents[2]
DOCUMENTATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
FILES = [ROOT / "config" / "gateway.toml", *sorted((ROOT / "config" / "examples").glob("*.*"))]


def keys(schema: Json) -> Iterator[str]:
    """Every key that the schema names."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for part in schema.values():
            yield from keys(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from keys(part)


@pytest.mark.parametrize("key", sorted(set(keys(json_schema()))))
def test_every_key_is_documented(key: str) -> None:
    """Every key of the model stands in the user's documentation, in code type."""
    assert f"`{key}`" in DOCUMENTATION


def defaults(schema: Json) -> Iterator[tuple[str, str]]:
    """Every key and its default, as the documentation writes it."""
    for table in [schema, *definitions(schema)]:
        for key, value in table["properties"].items():
            if (default := value.get("default")) is not None:
                yield key, default if isinstance(default, str) else json.dumps(default)


def definitions(schema: Any) -> list[Any]:  # noqa: ANN401 - a JSON document
    """Every table of the file but the outermost."""
    return [table for table in schema["$defs"].values() if "properties" in table]


DEFAULTS = {*defaults(json_schema()), *((key, json.dumps(it)) for key, it in HealthCheckSettings()._asdict().items())}
RANGES = {
    (key, value["minimum"], value["maximum"])
    for table in definitions(json_schema())
    for key, property_ in table["properties"].items()
    for value in (property_, *property_.get("anyOf", ()))
    if "maximum" in value
}


@pytest.mark.parametrize(
    ("key", "default"), re.findall(r"^\| `([a-z0-9_.]+)` \| `(\S+)` \|", DOCUMENTATION, re.MULTILINE)
)
def test_documented_defaults(key: str, default: str) -> None:
    """A default in the user's documentation is one of a key of that name."""
    assert {(key, default), (key, default.strip('"'))} & DEFAULTS


@pytest.mark.parametrize(
    ("key", "low", "high"), re.findall(r"^\| `(\S+)` .*[|,] (\d+)-(\d+)(?: seconds)? \|$", DOCUMENTATION, re.MULTILINE)
)
def test_documented_ranges(key: str, low: str, high: str) -> None:
    """So is a range."""
    assert (key, int(low), int(high)) in RANGES


@pytest.mark.parametrize("key", sorted(set(keys(json_schema())) - {"$schema"}))
def test_every_key_is_in_the_reference_file(key: str) -> None:
    """Every key stands in config/gateway.toml or in an example."""
    texts = [file.read_text(encoding="utf-8") for file in FILES]
    shown = any(key in text for text in texts)

    assert shown or key in {"trust_store", "user_pool_arn", "user_pool_client_id", "user_pool_domain"} | LOGIN


LOGIN = {
    "session_cookie_name",
    "scope",
    "session_timeout",
    "authentication_request_extra_params",
    "on_unauthenticated_request",
}
"""Keys that the documentation alone shows."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_shipped_files_fit_the_schema(file: Path) -> None:
    """What loads is valid for an editor, too."""
    text = file.read_text(encoding="utf-8")
    data = tomllib.loads(text) if file.suffix == ".toml" else yaml.safe_load(text)

    jsonschema.Draft202012Validator(json_schema()).validate(data)


def test_the_schema_refuses_what_the_loader_refuses() -> None:
    """An editor marks unknown keys."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate({"listener": []})
