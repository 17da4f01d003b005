"""Whole files: what loads, and exactly what is said about what does not."""

import json
from pathlib import Path

import pytest

from gateway.config.conditions import (
    HostHeader,
    HttpHeader,
    HttpRequestMethod,
    PathPattern,
    QueryString,
    QueryStringPair,
    SourceIp,
)
from gateway.config.load import load_settings
from gateway.config.rules import FixedResponse, Forward, Redirect, RuleSettings, TargetGroupTuple
from gateway.config.settings import AlbSettings, Settings
from gateway.errors import UsageError
from gateway.listeners.alb.lint import lint

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "config" / "gateway.toml", *sorted((ROOT / "config" / "examples").glob("*.*"))]
FAULTS = sorted((ROOT / "tests" / "data" / "config").glob("*.json"))
ENVIRON = {"OIDC_CLIENT_SECRET": "secret", "PORT": "8123", "NAME": "one"}

EVERYTHING = """
[functions.one]
handler = "app.handler"
[target_groups.one]
function = "one"
attributes = { "lambda.multi_value_headers.enabled" = true }
[target_groups.legacy]
targets = ["http://127.0.0.1:9001"]
[[listeners]]
type = "alb"
port = 8000
default_actions = [{ type = "fixed-response", status_code = 404, content_type = "text/plain", message_body = "gone" }]
[[listeners.rules]]
priority = 10
conditions = [
  { field = "path-pattern", values = ["/one/*"] },
  { field = "http-request-method", values = ["GET", "POST"] },
  { field = "query-string", values = [{ key = "v", value = "2" }, { value = "two*" }] },
  { field = "http-header", http_header_name = "X-Env", values = ["dev*"] },
  { field = "host-header", values = ["*.example.com"] },
  { field = "source-ip", values = ["127.0.0.0/8"] },
]
actions = [{ type = "forward", target_groups = [
  { target_group = "one", weight = 9 }, { target_group = "legacy", weight = 1 } ] }]
[[listeners.rules]]
priority = 20
conditions = [{ field = "path-pattern", values = ["/old/*"] }]
actions = [{ type = "redirect", host = "new.example.com", path = "/#{path}", status_code = "HTTP_301" }]
"""


def load(folder: Path, name: str, text: str) -> Settings:
    """The settings of a file with this text."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return load_settings(file, ENVIRON)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_shipped_files_load(file: Path) -> None:
    """Every file that comes with the gateway loads, and lint has nothing to say about it."""
    settings = load_settings(file, ENVIRON)

    assert settings.listeners
    assert lint(settings) == []


def test_a_file_with_every_condition(tmp_path: Path) -> None:
    """A file in AWS's words becomes settings of the same names."""
    settings = load(tmp_path, "gateway.toml", EVERYTHING)
    (listener,) = settings.listeners
    assert isinstance(listener, AlbSettings)

    assert settings.functions["one"].code == tmp_path
    assert settings.target_groups["one"].attributes["lambda.multi_value_headers.enabled"] is True
    assert settings.target_groups["legacy"].targets == ("http://127.0.0.1:9001",)
    assert listener.default_actions == (FixedResponse(404, "text/plain", "gone"),)
    assert listener.rules == (
        RuleSettings(
            priority=10,
            conditions=(
                PathPattern(("/one/*",)),
                HttpRequestMethod(("GET", "POST")),
                QueryString((QueryStringPair("2", "v"), QueryStringPair("two*"))),
                HttpHeader("X-Env", ("dev*",)),
                HostHeader(("*.example.com",)),
                SourceIp(("127.0.0.0/8",)),
            ),
            actions=(Forward((TargetGroupTuple("one", 9), TargetGroupTuple("legacy", 1))),),
        ),
        RuleSettings(
            priority=20,
            conditions=(PathPattern(("/old/*",)),),
            actions=(Redirect("HTTP_301", host="new.example.com", path="/#{path}"),),
        ),
    )


@pytest.mark.parametrize("file", FAULTS, ids=lambda file: file.stem)
def test_faults(file: Path, tmp_path: Path) -> None:
    """All faults of a file are told at once, each in one line with its place."""
    case = json.loads(file.read_text(encoding="utf-8"))
    for name, text in case.get("files", {}).items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(UsageError) as caught:
        load(tmp_path, case["name"], "\n".join(case["text"]))

    assert str(caught.value).replace(f"{tmp_path}/", "").split("\n") == case["faults"], case["why"]


def test_an_empty_file_is_a_configuration(tmp_path: Path) -> None:
    """Nothing is required at the top."""
    assert load(tmp_path, "gateway.yaml", "") == Settings(tmp_path / "gateway.yaml")


def test_a_table_of_pyproject(tmp_path: Path) -> None:
    """[tool.gateway] of a pyproject.toml is a configuration file too."""
    settings = load(tmp_path, "pyproject.toml", '[project]\nname = "x"\n[tool.gateway.functions.f]\nhandler = "a.b"\n')

    assert settings.functions["f"].handler == "a.b"


def test_values_from_the_environment(tmp_path: Path) -> None:
    """Variables stand for texts and numbers; a doubled dollar sign stands for itself."""
    text = "functions: {f: {handler: '${NAME}.h', timeout: '${PORT}', description: 'a $${NAME} $1'}}"

    with pytest.raises(UsageError, match="found '8123'; allowed: a whole number from 1 to 900"):
        load(tmp_path, "gateway.yaml", text)
    settings = load(tmp_path, "gateway.yaml", text.replace("timeout", "memory_size"))

    assert settings.functions["f"].handler == "one.h"
    assert settings.functions["f"].memory_size == 8123
    assert settings.functions["f"].description == "a ${NAME} $1"
