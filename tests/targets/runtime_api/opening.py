"""Starts functions over the Runtime API, for tests."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.targets.logs import FunctionLog
from gateway.targets.reaper import Reaper
from gateway.targets.runtime_api.environment import RuntimeApiEnvironment
from gateway.targets.runtime_api.process import RuntimeApiOptions
from gateway.targets.runtime_api.runtimes import awslambdaric_command, command_for, python_command
from gateway.targets.variables import function_variables, runtime_variables
from tests.targets.conformance import FUNCTIONS, Log, Subject, python_subject
from tests.targets.hosting import THIS_PYTHON

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="the program node is not on PATH")
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="the program curl is not on PATH")

ONE_EACH = """
url=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
id=$(curl -sD - -o /dev/null $url/next | sed -n 's/^Lambda-Runtime-Aws-Request-Id: \\(.*\\)\r$/\\1/p')
curl -s -o /dev/null -d '"done"' $url/$id/response
"""
"""A runtime that ends after each invocation."""


def options_for(
    configuration: FunctionConfiguration, log: Log, reaper: Reaper, opt: Path | None = None
) -> RuntimeApiOptions:
    """The options of a function, as the composition root would make them."""

    def variables(scratch: Path) -> dict[str, str]:
        base = function_variables(configuration, os.environ, scratch, "stream")
        return runtime_variables(replace(configuration, opt=opt), base, THIS_PYTHON.version)

    is_python = configuration.runtime == "python"
    return RuntimeApiOptions(
        awslambdaric_command(THIS_PYTHON, configuration.handler) if is_python else command_for(configuration),
        variables,
        reaper,
        lambda: FunctionLog(log.append, "none", configuration.version, lambda: datetime.now(UTC)),
    )


@contextlib.asynccontextmanager
async def environment(
    configuration: FunctionConfiguration, log: Log, **changes: object
) -> AsyncIterator[RuntimeApiEnvironment]:
    """One environment, started; ``changes`` go to its options."""
    reaper = Reaper()
    options = replace(options_for(configuration, log, reaper), **changes)  # type: ignore[arg-type]  # by name
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        one = RuntimeApiEnvironment(configuration, options, Path(folder))
        await one.start()
        try:
            yield one
        finally:
            await one.stop()
            await reaper.aclose()


PYTHON = Subject(
    open=environment,
    base=FunctionConfiguration("conformance", "", FUNCTIONS / "python", runtime="python"),
    error_keys=("errorMessage", "errorType", "requestId", "stackTrace"),
    raised=("ValueError", "böse"),
    not_json="Unable to marshal response: Object of type object is not JSON serializable",
    import_error="Runtime.ImportModuleError",
    streams=False,
    shares_its_connection=True,
)
OWN_PYTHON = python_subject(
    lambda configuration, log: environment(configuration, log, command=python_command(THIS_PYTHON)), PYTHON.base
)
NODE = Subject(
    open=environment,
    base=FunctionConfiguration("conformance", "", FUNCTIONS / "node", runtime="nodejs"),
    error_keys=("errorType", "errorMessage", "trace"),
    raised=("RangeError", "böse"),
    not_json="Unable to stringify response body",
    import_error="Error",
    streams=True,
    forks=False,
)
