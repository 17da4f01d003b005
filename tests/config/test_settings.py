"""Settings that other parts read."""

import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.config.listener import ListenerKeys
from gateway.config.settings import (
    AlbSettings,
    FunctionSettings,
    HealthCheckSettings,
    TargetGroupSettings,
)
from gateway.configuration import FunctionConfiguration
from gateway.types import Json
from tests.config.reading import read

CHECKS = HealthCheckSettings(False, "/", 35, 30, 5, 5, "200")


def test_configuration() -> None:
    """A function's settings become the value that runs it, in that value's units."""
    settings = FunctionSettings(
        "one",
        "app.handler",
        code=Path("/code"),
        runtime="nodejs22.x",
        executor="runtime-api",
        timeout=10,
        memory_size=256,
        cpu_share=True,
        environment={"A": "1"},
        reserved_concurrent_executions=3,
        environments=4,
        layers=(Path("/layer"),),
    )

    assert settings.configuration("eu-west-1", "111111111111") == FunctionConfiguration(
        name="one",
        handler="app.handler",
        task_root=Path("/code"),
        runtime="nodejs",
        runtime_name="nodejs22.x",
        executor="runtime-api",
        timeout_ms=10_000,
        memory_mb=256,
        cpu_share=True,
        environment={"A": "1"},
        reserved_concurrency=3,
        capacity=4,
        layers=(Path("/layer"),),
        region="eu-west-1",
        account="111111111111",
    )


@pytest.mark.parametrize(("command", "runtime"), [((), "python"), (("./run",), "provided")])
def test_runtime_when_none_is_given(command: tuple[str, ...], runtime: str) -> None:
    """A command is a runtime of its own."""
    assert FunctionSettings("f", "h", command=command).configuration().runtime == runtime


@pytest.mark.parametrize(
    ("function", "targets", "is_lambda"),
    [
        ("one", (), True),
        ("", ("aws:one",), True),
        ("", ("rie:http://h:9000",), True),
        ("", ("http://h:1",), False),
        ("", ("https://h:1",), False),
    ],
)
def test_kind_of_target(function: str, targets: tuple[str, ...], *, is_lambda: bool) -> None:
    """Functions are functions wherever they run."""
    assert TargetGroupSettings("g", function, targets, {}, CHECKS).is_lambda == is_lambda


@pytest.mark.parametrize(("port", "taken"), [(0, True), (65535, True), ("8000", True), (65536, False), (-1, False)])
def test_port(port: int | str, *, taken: bool) -> None:
    """A port may come as text from the environment; 0 stands for any free one."""
    try:
        keys = read(ListenerKeys, {"port": port})
    except ValidationError:
        assert not taken
    else:
        assert taken
        assert keys.port == int(port)


def test_loopback_is_the_default() -> None:
    """Nothing is open to the network unless it is said."""
    assert read(ListenerKeys, {"port": 1}).host == "127.0.0.1"


KEY_EXCHANGE: Json = {
    "type": "alb",
    "port": 1,
    "default_actions": [{"type": "fixed-response", "status_code": 200}],
    "attributes": {"routing.http.x_amzn_tls_kx.enabled": True},
}


def test_key_exchange_that_python_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """The header can be switched on where there is something to write into it."""
    monkeypatch.setattr(ssl.SSLObject, "group", lambda _: "x25519", raising=False)

    read(AlbSettings, KEY_EXCHANGE)


def test_key_exchange_that_python_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A header that could never be written is refused, with the reason."""
    monkeypatch.delattr(ssl.SSLObject, "group", raising=False)
    with pytest.raises(ValidationError, match=r"x_amzn_tls_kx\.enabled: found true, .* allowed here: false"):
        read(AlbSettings, KEY_EXCHANGE)


def test_what_runs_a_function_has_the_same_defaults() -> None:
    """A function made in code without settings runs as one of a file that says nothing more."""
    assert FunctionSettings("f", "a.b", code=Path.cwd()).configuration() == FunctionConfiguration("f", "a.b")


@pytest.mark.parametrize("module", ["gateway.config.load", "gateway.listeners.alb.rules", "gateway.listeners.alb.lint"])
def test_no_third_party_before_a_file_is_read(module: str) -> None:
    """A gateway without a configuration file starts without pydantic and PyYAML."""
    program = f"import sys, {module}; print(sorted({{'pydantic', 'yaml'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("runtime", "command", "expected"),
    [
        ("python3.12", (), "python"),
        ("nodejs22.x", (), "nodejs"),
        ("provided.al2023", (), "provided"),
        ("", ("./run",), "provided"),
        ("nodejs", ("./run",), "nodejs"),
        ("", (), "python"),
    ],
)
def test_runtime_without_its_version(runtime: str, command: tuple[str, ...], expected: str) -> None:
    """AWS's identifiers stand for the runtimes that there are here."""
    settings = FunctionSettings("app", "app.handler", code=Path("/code"), runtime=runtime, command=command)

    assert settings.configuration().runtime == expected
