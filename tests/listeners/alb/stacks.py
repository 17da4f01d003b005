"""Making listeners and requests for tests from the words of a configuration file and of a case file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.config.freeze import freeze_file
from gateway.config.model import FileModel
from gateway.config.settings import AlbSettings, Settings
from gateway.translation.messages import Request
from gateway.types import Json

CASES = Path(__file__).parents[2] / "data" / "alb_rules"

NOT_FOUND: Json = [{"type": "fixed-response", "status_code": 404}]


def settings_of(**tables: Json) -> Settings:
    """Settings from the tables of a file."""
    return freeze_file(FileModel.model_validate(tables), Path("/gateway.toml"), [])


def alb(rules: Sequence[Json] = (), groups: Sequence[str] = (), **keys: Json) -> AlbSettings:
    """A listener on port 80 whose default action is a 404."""
    listener: Json = {"type": "alb", "port": 80, "default_actions": NOT_FOUND, "rules": list(rules), **keys}
    tables: dict[str, Json] = {name: {"targets": ["http://127.0.0.1:9"]} for name in groups}
    (made,) = settings_of(target_groups=tables, listeners=[listener]).listeners
    assert isinstance(made, AlbSettings)
    return made


def rule(*conditions: Json, priority: int = 1, **keys: Json) -> Json:
    """A rule that answers 200."""
    return {
        "priority": priority,
        "conditions": list(conditions),
        "actions": [{"type": "fixed-response", "status_code": 200}],
        **keys,
    }


def request(given: Mapping[str, Json]) -> Request:
    """A request from what a case names: method, path, query, host or headers, client, scheme, port, authority."""
    headers = given.get("headers", [["Host", given.get("host", "example.com")]])
    assert isinstance(headers, list)
    lines = [tuple(str(part).encode() for part in line) for line in headers if isinstance(line, list)]
    return Request(
        method=str(given.get("method", "GET")),
        raw_path=str(given.get("path", "/")).encode(),
        raw_query=str(given.get("query", "")).encode(),
        headers=[(name, value) for name, value in lines],
        body=b"",
        client=(str(given.get("client", "192.0.2.1")), 40000),
        server=("127.0.0.1", int(str(given.get("port", 80)))),
        scheme=str(given.get("scheme", "http")),
        authority=str(given.get("authority", "")).encode(),
    )


def rows(name: str) -> list[dict[str, Json]]:
    """The rows of a case file."""
    found = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    assert found["why"]
    assert found["source"]
    return [row for row in found["rows"] if row["why"]]


def listed(value: Json) -> list[Json]:
    """A value that is a list."""
    assert isinstance(value, list)
    return value


def table(value: Json) -> dict[str, Json]:
    """A value that is a table."""
    assert isinstance(value, dict)
    return value
