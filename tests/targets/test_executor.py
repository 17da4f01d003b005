"""What executors are given, and environments with the latest code."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.invocation import Invocation
from gateway.targets.environment import Environment, EnvironmentFactory
from gateway.targets.executor import HostOptions, LatestEnvironments, Resources
from gateway.targets.reaper import Reaper
from tests.targets.hosting import Log, configuration

FIRST = configuration("returns")
SECOND = replace(FIRST, task_root=Path("/second"))
SCRATCH = Path("/scratch")


def preparing(prepared: list[FunctionConfiguration]) -> Callable[[FunctionConfiguration], EnvironmentFactory]:
    """Prepares environments that are only what they were made from."""

    def prepare(function: FunctionConfiguration) -> EnvironmentFactory:
        prepared.append(function)
        return lambda scratch: cast("Environment", (function, scratch))

    return prepare


def test_what_environments_share_is_found_once() -> None:
    """As long as the code is the same."""
    prepared: list[FunctionConfiguration] = []
    make = LatestEnvironments(lambda: FIRST, preparing(prepared))
    made = [cast("object", make(SCRATCH)) for _ in range(2)]

    assert made == [(FIRST, SCRATCH)] * 2
    assert prepared == [FIRST]


def test_the_next_environment_has_the_latest_code() -> None:
    """When the code is another one, what environments share is found anew."""
    code = [FIRST]
    prepared: list[FunctionConfiguration] = []
    make = LatestEnvironments(lambda: code[-1], preparing(prepared))
    code.append(SECOND)
    made = [cast("object", make(SCRATCH)) for _ in range(2)]

    assert made == [(SECOND, SCRATCH)] * 2
    assert prepared == [FIRST, SECOND]


def test_what_cannot_be_prepared_is_told_each_time() -> None:
    """An environment is never made with what the old code needed."""
    code = [FIRST]

    def prepare(function: FunctionConfiguration) -> EnvironmentFactory:
        if function is SECOND:
            raise UsageError("no bootstrap")
        return lambda scratch: cast("Environment", (function, scratch))

    make = LatestEnvironments(lambda: code[-1], prepare)
    code.append(SECOND)
    for _ in range(2):
        with pytest.raises(UsageError, match="no bootstrap"):
            make(SCRATCH)


def test_environments_have_variables_and_a_log_stream_of_their_own() -> None:
    """Two environments of one function differ in what CloudWatch calls their log streams, and in their ``/tmp``."""
    options = HostOptions(variables={"PATH": "/bin", "OTHER": "x"}, log=Log().append)
    resources = Resources(options, SCRATCH, Reaper(), None, lambda: FIRST)
    one, two = (resources.variables(FIRST, Path(folder)) for folder in ("/one", "/two"))

    assert (one["TMPDIR"], two["TMPDIR"]) == ("/one", "/two")
    assert one.pop("AWS_LAMBDA_LOG_STREAM_NAME") != two.pop("AWS_LAMBDA_LOG_STREAM_NAME")
    assert {**one, "TMPDIR": "/two"} == two
    assert "OTHER" not in one


def test_the_log_has_the_lines_that_were_asked_for() -> None:
    """It is that of the options."""
    log = Log()
    options = HostOptions(variables={}, log=log.append, platform_lines="text")
    made = Resources(options, SCRATCH, Reaper(), None, lambda: FIRST).log(FIRST, "3.11")
    made.begin(Invocation(b"{}", "8476a536"), lambda: None)

    assert b"START RequestId: 8476a536 Version: $LATEST" in b"".join(log)
