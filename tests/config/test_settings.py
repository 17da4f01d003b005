"""Settings that other parts read."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.config.settings import FunctionSettings, HealthCheckSettings, TargetGroupSettings
from gateway.configuration import FunctionConfiguration

CHECKS = HealthCheckSettings(False, "/", 35, 30, 5, 5, "200")


def test_configuration() -> None:
    """A function's settings become the value that runs it, in that value's units."""
    settings = FunctionSettings(
        "one",
        "app.handler",
        Path("/code"),
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
    assert FunctionSettings("f", "h", Path("/"), command=command).configuration().runtime == runtime


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
    settings = FunctionSettings("app", "app.handler", Path("/code"), runtime=runtime, command=command)

    assert settings.configuration().runtime == expected
