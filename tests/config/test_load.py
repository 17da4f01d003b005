"""Whole files: what loads, and exactly what is said about what does not."""

import itertools
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
from gateway.config.source import KeyPath
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
                QueryString((QueryStringPair("2", key="v"), QueryStringPair("two*"))),
                HttpHeader(("dev*",), http_header_name="X-Env"),
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

    with pytest.raises(UsageError, match=r"found '\$\{PORT\}'; allowed: a whole number from 1 to 900"):
        load(tmp_path, "gateway.yaml", text)
    settings = load(tmp_path, "gateway.yaml", text.replace("timeout", "memory_size"))

    assert settings.functions["f"].handler == "one.h"
    assert settings.functions["f"].memory_size == 8123
    assert settings.functions["f"].description == "a ${NAME} $1"


SECRET = "s3cr3t-(?=x)[[:o:]] '\"\\\n-v4lue, " + "more of s3cr3t " * 6
ODD = [SECRET, "s3cr3t-v4lue", "10.99.88.77", "s3cr3t(v4lue"]


def leaves(data: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Where texts and numbers stand."""
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from leaves(value, (*path, key))
    else:
        yield path


def replaced(data: Any, path: KeyPath, value: str) -> Any:  # noqa: ANN401 - whatever a file holds
    """The data with another value at one place."""
    if not path:
        return value
    copy: Any = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = replaced(copy[path[0]], path[1:], value)
    return copy


def toml(value: object) -> str:
    """A value as TOML, whose parser is quick."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)} = {toml(item)}' for key, item in value.items())}}}"
    return f"[{', '.join(map(toml, value))}]" if isinstance(value, list) else json.dumps(value)


def told(folder: Path, data: dict[str, Any], value: str) -> str:
    """The faults of a file whose variable X has a value, "" without any."""
    file = folder / "gateway.toml"
    file.write_text("".join(f"{key} = {toml(item)}\n" for key, item in data.items()), encoding="utf-8")
    try:
        load_settings(file, {**ENVIRON, "X": value})
    except UsageError as error:
        return str(error)
    return ""


def parts_of_the_reference() -> Iterator[dict[str, Any]]:
    """The reference file, which has every key, in files of one listener, target group or function."""
    reference = tomllib.loads((ROOT / "config" / "gateway.toml").read_text(encoding="utf-8"))
    yield from ({"listeners": [listener]} for listener in reference["listeners"])
    for top in ("functions", "target_groups"):
        yield from ({top: {name: item}} for name, item in reference[top].items())


def test_no_fault_tells_the_value_of_a_variable(tmp_path: Path) -> None:
    """Wherever a value that has to be something else comes from a variable."""
    values, found = itertools.cycle(ODD), 0
    for part in parts_of_the_reference():
        for path in leaves(part):
            faults = told(tmp_path, replaced(part, path, "${X}"), next(values))
            shown = faults.replace(str(tmp_path), "").replace("10.0.0.0/8", "")

            assert not re.search(r"s3cr3t|v4lue|10\.99|88\.77", shown), path
            found += "found '${X}'" in faults
    assert found > 80


@pytest.mark.parametrize(
    ("listener", "message"),
    [
        (
            {"type": "http_api", "routes": {"GET /a": {"function": "f", "authorizer": "${X}"}}},
            "listeners[0]: the route 'GET /a' names the authorizer '${X}'; there are: none",
        ),
        (
            {"type": "rest_api", "function": "f", "usage_plans": {"a": {"api_keys": ["${X}"]}}},
            "listeners[0]: the usage plan 'a' names '${X}', which is none of the api_keys",
        ),
        (
            {"type": "rest_api", "routes": {"GET /": {"function": "f", "request_models": {"a/b": "${X}"}}}},
            "listeners[0]: the route 'GET /' names the model '${X}', which is none of the models",
        ),
        (
            {
                "type": "rest_api",
                "function": "f",
                "authorizers": {"a": {"type": "TOKEN", "function": "f", "identity_validation_expression": "${X}("}},
            },
            "listeners[0].authorizers.a.identity_validation_expression: found '${X}('; allowed: RE2 syntax",
        ),
        ({"type": "function_url", "function": "${X}"}, "found '${X}', which is no function of this file; allowed: f"),
        ({"type": "${X}", "function": "f"}, "listeners[0].type: found '${X}'; allowed: alb, rest_api, http_api"),
    ],
)
def test_faults_of_several_values_together(listener: dict[str, object], message: str, tmp_path: Path) -> None:
    """What a table refuses as a whole is told as the file has it, too."""
    data = {"functions": {"f": {"handler": "a.b"}}, "listeners": [{"port": 8000, **listener}]}

    for value in ("7", "s3cr3t-v4lue", "s3cr3t("):
        faults = told(tmp_path, data, value)
        assert message in faults
        assert "s3cr3t" not in faults


def test_a_path_from_a_variable(tmp_path: Path) -> None:
    """Neither as it is written nor as it was resolved."""
    function = {"handler": "a.b", "code": "./${X}/../y", "env_file": "${X}"}

    faults = told(tmp_path, {"functions": {"f": function}}, "s3cr3t-v4lue")

    assert "functions.f.code: there is no './${X}/../y'; allowed: a folder or a zip file" in faults
    assert "functions.f.env_file: cannot read '${X}'; allowed" in faults
    assert "s3cr3t" not in faults


def test_settings_know_the_variables_of_their_file(tmp_path: Path) -> None:
    """For what is told later; they are neither printed nor compared."""
    settings = load(tmp_path, "gateway.yaml", "functions: {f: {handler: '${NAME}.h'}}")

    assert settings.variables == {"NAME": "one"}
    assert "variables" not in repr(settings)
