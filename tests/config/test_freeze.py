"""Defaults that depend on others, and files beside the configuration file."""

from pathlib import Path

import pytest

from gateway.config.doors import CorsSettings, FunctionUrlSettings
from gateway.config.freeze import freeze_file
from gateway.config.listener import Certificate
from gateway.config.model import FileModel
from gateway.config.settings import AlbSettings, HealthCheckSettings, Settings
from gateway.config.source import FileFault
from gateway.types import Json


def frozen(data: Json, file: Path, faults: list[FileFault] | None = None) -> Settings:
    """The settings of a file."""
    model = FileModel.model_validate(data, context=file.parent)
    return freeze_file(model, file, [] if faults is None else faults)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({"function": "f"}, HealthCheckSettings(False, "/", 35, 30, 5, 5, "200")),
        ({"targets": ["aws:f"]}, HealthCheckSettings(False, "/", 35, 30, 5, 5, "200")),
        ({"targets": ["http://h:1/"]}, HealthCheckSettings(True, "/", 30, 5, 5, 2, "200")),
        (
            {"targets": ["http://h:1"], "health_check": {"interval": 35, "timeout": None}},
            HealthCheckSettings(True, "/", 35, 5, 5, 2, "200"),
        ),
        (
            {"function": "f", "health_check": {"enabled": True, "interval": 60, "matcher": 204}},
            HealthCheckSettings(True, "/", 60, 30, 5, 5, "204"),
        ),
    ],
)
def test_health_check_defaults(group: Json, expected: HealthCheckSettings) -> None:
    """What is left out depends on the kind of target."""
    assert frozen({"target_groups": {"g": group}}, Path("/f.toml")).target_groups["g"].health_check == expected


def test_env_file(tmp_path: Path) -> None:
    """Variables come from the file unless the configuration gives them itself."""
    lines = ["# comment", "", "A=1", "export B = two words ", "C='quoted'", "E="]
    (tmp_path / "f.env").write_text("\n".join(lines), encoding="utf-8")
    data: Json = {"functions": {"f": {"handler": "a.b", "env_file": "f.env", "environment": {"A": 2}}}}
    function = frozen(data, tmp_path / "gateway.toml").functions["f"]

    assert function.environment == {"A": "2", "B": "two words", "C": "quoted", "E": ""}
    assert function.env_file == tmp_path / "f.env"


@pytest.mark.parametrize(("given", "expected"), [({}, False), ({"cpu_share": True}, True)])
def test_cpu_share(given: dict[str, Json], *, expected: bool) -> None:
    """A function has all of the CPU unless it asks for its share."""
    data: Json = {"functions": {"f": {"handler": "a.b", **given}}}

    assert frozen(data, Path("/g.toml")).functions["f"].cpu_share is expected


@pytest.mark.parametrize(("given", "expected"), [({}, ""), ({"executor": "our.own:Executor"}, "our.own:Executor")])
def test_executor(given: dict[str, Json], expected: str) -> None:
    """What runs a function is kept as it is written, and nothing when it is left out."""
    data: Json = {"functions": {"f": {"handler": "a.b", **given}}}

    assert frozen(data, Path("/g.toml")).functions["f"].executor == expected


def test_paths_are_absolute(tmp_path: Path) -> None:
    """Paths count from the file's folder."""
    listener: Json = {
        "type": "alb",
        "port": 1,
        "protocol": "HTTPS",
        "default_actions": [{"type": "fixed-response", "status_code": 200}],
        "certificates": [{"certificate": "a.pem", "private_key": "/b.key"}],
        "mutual_authentication": {"mode": "verify", "trust_store": "ca.pem"},
    }
    (settings,) = frozen({"listeners": [listener]}, tmp_path / "g.toml").listeners
    assert isinstance(settings, AlbSettings)

    assert settings.certificates == (Certificate(tmp_path / "a.pem", Path("/b.key")),)
    assert settings.mutual_authentication.trust_store == tmp_path / "ca.pem"


def test_code_and_names(tmp_path: Path) -> None:
    """Without code it is the folder of the file; functions and target groups are called after their tables."""
    data: Json = {"functions": {"f": {"handler": "a.b", "layers": ["l"]}}, "target_groups": {"g": {"function": "f"}}}
    faults: list[FileFault] = []
    settings = frozen(data, tmp_path / "g.toml", faults)

    assert settings.functions["f"].code == tmp_path
    assert (settings.functions["f"].name, settings.target_groups["g"].name) == ("f", "g")
    assert [fault.path for fault in faults] == [("functions", "f", "layers", 0)]


def test_nested_tables_become_settings() -> None:
    """Tables within listeners are settings of their own, and lists are tuples."""
    listener: Json = {"type": "function_url", "port": 1, "function": "f", "cors": {"allow_origins": ["*"]}}
    (settings,) = frozen({"listeners": [listener]}, Path("/g.toml")).listeners

    assert settings == FunctionUrlSettings(1, "f", cors=CorsSettings(allow_origins=("*",)))
