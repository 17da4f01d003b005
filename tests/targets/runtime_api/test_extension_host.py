"""External extensions, as real processes beside a real runtime."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.invocation import Failed, Invocation, Returned, TimedOut
from gateway.limits.group import processes_in
from gateway.limits.means import Means
from gateway.targets.runtime_api.environment import RuntimeApiEnvironment
from gateway.targets.runtime_api.extension_host import extension_variables, programs_in
from tests.limits.grounds import ground
from tests.targets.conformance import FUNCTIONS, Log
from tests.targets.runtime_api.opening import PYTHON, environment

pytestmark = pytest.mark.anyio
ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:f:live"


def opt_with_watcher(tmp_path: Path) -> Path:
    """A folder for /opt with one extension."""
    folder = tmp_path / "opt" / "extensions"
    folder.mkdir(parents=True)
    shutil.copy2(FUNCTIONS.parent / "extensions" / "watcher", folder / "watcher")
    return tmp_path / "opt"


@contextlib.asynccontextmanager
async def watched(
    tmp_path: Path, handler: str = "returns", *, log: Log | None = None, timeout_ms: int = 10_000, **variables: str
) -> AsyncIterator[RuntimeApiEnvironment]:
    """A function beside the watcher, which the variables tell how to behave."""
    base: FunctionConfiguration = PYTHON.base
    configuration = replace(base, handler=f"behaviours.{handler}", timeout_ms=timeout_ms, environment=variables)
    async with environment(configuration, Log() if log is None else log, opt=opt_with_watcher(tmp_path)) as function:
        yield function


def said(log: Log) -> list[dict[str, object]]:
    """What the watcher printed."""
    return [json.loads(line) for line in log.text.splitlines() if line.startswith("{")]


async def test_events(tmp_path: Path) -> None:
    """An extension registers, is told of the invocation and of the end, and ends by itself."""
    log = Log()
    async with watched(tmp_path, log=log) as function:
        outcome = await function.invoke(Invocation(b"{}", ID, function_arn=ARN, trace_id="Root=1-x"))

    assert isinstance(outcome, Returned)
    registered, invoke, shutdown, goodbye = said(log)
    assert registered == {
        "registered": {
            "functionName": "conformance",
            "functionVersion": "$LATEST",
            "handler": "behaviours.returns",
            "accountId": "123456789012",
        },
        "hidden": False,
    }
    event = invoke["event"]
    assert isinstance(event, dict)
    assert event.pop("deadlineMs") > 0
    assert event == {
        "eventType": "INVOKE",
        "requestId": ID,
        "invokedFunctionArn": ARN,
        "tracing": {"type": "X-Amzn-Trace-Id", "value": "Root=1-x"},
    }
    ending = shutdown["event"]
    assert isinstance(ending, dict)
    assert (ending["eventType"], ending["shutdownReason"]) == ("SHUTDOWN", "spindown")
    assert goodbye == {"goodbye": True}


async def test_timeout_is_the_reason(tmp_path: Path) -> None:
    """After a timeout the extension is told why."""
    log = Log()
    async with watched(tmp_path, "sleeps", log=log, timeout_ms=300) as function:
        outcome = await function.invoke(Invocation(b'{"seconds":60}', ID))
        await function.stop("failure")

    assert isinstance(outcome, TimedOut)
    events = [event for item in said(log) if isinstance(event := item.get("event"), dict)]
    assert [event.get("shutdownReason") for event in events] == [None, "timeout"]


async def test_lingering_extension_is_killed(tmp_path: Path) -> None:
    """The shutdown phase has two seconds."""
    loop = asyncio.get_running_loop()
    async with watched(tmp_path, WATCHER="lingers") as function:
        await function.invoke(Invocation(b"{}", ID))
        began = loop.time()
        await function.stop()

    assert loop.time() - began < 5


@pytest.mark.parametrize(
    ("mood", "error_type", "reason"),
    [
        ("crashes", "Extension.Crash", "exit code 7"),
        ("fails", "Extension.Sad", "Extension error: Extension.Sad"),
    ],
)
async def test_failing_init(tmp_path: Path, mood: str, error_type: str, reason: str) -> None:
    """An extension that fails during init fails the init phase."""
    async with watched(tmp_path, WATCHER=mood) as function:
        problem, reusable = function.problem, function.reusable
        outcome = await function.invoke(Invocation(b"{}", ID))

    assert (problem, reusable) == (reason, False)
    assert isinstance(outcome, Failed)
    assert json.loads(outcome.payload) == {"errorType": error_type, "errorMessage": f"RequestId: {ID} Error: {reason}"}


async def test_extension_that_dies_later(tmp_path: Path) -> None:
    """An extension that dies during an invocation fails it, and the environment is not used again."""
    async with watched(tmp_path, "sleeps", WATCHER="dies") as function:
        outcome = await function.invoke(Invocation(b'{"seconds":60}', ID))

        assert not function.reusable
    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.message) == ("Extension.Crash", "exit code 3")


async def test_cannot_be_started(tmp_path: Path) -> None:
    """A file that is executable but no program is told apart from one that crashed."""
    opt = opt_with_watcher(tmp_path)
    (opt / "extensions" / "watcher").write_text("#!/no/such/interpreter\n")
    async with environment(replace(PYTHON.base, handler="behaviours.returns"), Log(), opt=opt) as function:
        outcome = await function.invoke(Invocation(b"{}", ID))

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "Extension.LaunchError"
    assert outcome.message.endswith("extensions/watcher: no such file or directory")


def test_programs(tmp_path: Path) -> None:
    """Only executable files count, in the order of their names."""
    folder = tmp_path / "extensions"
    (folder / "folder").mkdir(parents=True)
    for name, mode in (("b", 0o755), ("a", 0o755), ("c", 0o644)):
        (folder / name).write_text("")
        (folder / name).chmod(mode)

    assert [program.name for program in programs_in(tmp_path)] == ["a", "b"]
    assert programs_in(None) == programs_in(tmp_path / "none") == ()


def test_variables() -> None:
    """What belongs to the runtime is hidden from extensions (AWS guide, "Extensions API")."""
    variables = {"_HANDLER": "h", "LAMBDA_TASK_ROOT": "/x", "AWS_REGION": "r", "MINE": "m", "AWS_EXECUTION_ENV": "e"}

    assert extension_variables(variables) == {"AWS_REGION": "r", "MINE": "m"}


async def test_control_group(tmp_path: Path) -> None:
    """Extensions are in the group of their environment: on Lambda they share its memory, too."""
    base = replace(PYTHON.base, handler="behaviours.returns")
    opt = opt_with_watcher(tmp_path)
    with ground("memory") as made:
        async with environment(base, Log(), opt=opt, means=Means(memory=made)):
            (folder,) = made.folder.glob("*/")
            inside = processes_in(folder)

    assert len(inside) == 2
