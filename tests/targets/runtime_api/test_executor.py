"""The executor of runtimes over the Runtime API."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.limits.means import ResourceLimits
from gateway.same_origin import THIS_MACHINE
from gateway.targets.executor import HostOptions, Resources
from gateway.targets.reaper import Reaper
from gateway.targets.runtime_api.environment import RuntimeApiEnvironment
from gateway.targets.runtime_api.executor import make
from tests.targets.hosting import Log, configuration, result_of
from tests.targets.runtime_api.opening import needs_node

pytestmark = pytest.mark.anyio


def resources(function: FunctionConfiguration, python: str | None = None) -> Resources:
    """What a host shares with a function."""
    reaper = Reaper()
    limits = ResourceLimits(sandbox=False, opened=reaper.remove_groups, refused=reaper.refused)
    return Resources(
        HostOptions(os.environ, Log().append, python=python), Path("/workspace"), reaper, limits, lambda: function
    )


async def test_environments_run_the_command() -> None:
    """They have what the host's options and the function's configuration say."""
    function = replace(configuration("returns"), runtime="provided", command=("/bin/sh", "-c", "exit"), opt=Path("/o"))
    environment = make(function, resources(function))._fleet._make(Path("/scratch"))

    assert isinstance(environment, RuntimeApiEnvironment)
    options = environment._options
    assert (options.command, options.opt, options.allowed_callers) == (function.command, Path("/o"), THIS_MACHINE)
    assert options.variables(Path("/scratch"))["TMPDIR"] == "/scratch"


@needs_node
async def test_wrapper(tmp_path: Path) -> None:
    """It gets the command of a runtime."""
    (tmp_path / "wrapper").write_text('#!/bin/sh\nexport WRAPPED=$#; exec "$@"\n')
    (tmp_path / "wrapper").chmod(0o755)
    (tmp_path / "app.mjs").write_text("export const handler = async () => process.env.WRAPPED;\n")
    function = replace(
        configuration("app.handler", tmp_path),
        runtime="nodejs",
        opt=tmp_path,
        environment={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"},
    )
    given = resources(function)
    pool = make(function, replace(given, workspace=tmp_path))
    await pool.start()
    try:
        assert await result_of(pool) == "2"
    finally:
        await pool.aclose()
        await given.reaper.aclose()


@pytest.mark.parametrize(("executor", "is_awss"), [("", False), ("runtime-api", True)])
async def test_python_clients(executor: str, is_awss: bool) -> None:
    """AWS's own runs where it is asked for, in the interpreter of the handler."""
    function = replace(configuration("returns"), executor=executor)
    environment = make(function, resources(function, sys.executable))._fleet._make(Path("/scratch"))

    assert isinstance(environment, RuntimeApiEnvironment)
    assert environment._options.command[0] == sys.executable
    assert ("awslambdaric" in environment._options.command) is is_awss


async def test_an_unknown_runtime_is_refused() -> None:
    """Before any environment is made."""
    function = replace(configuration("returns"), runtime="java")
    with pytest.raises(UsageError, match="Unknown runtime 'java': use python, nodejs or provided"):
        make(function, resources(function))
