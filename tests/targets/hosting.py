"""What tests of execution environments share: a function, its log, and a look at the processes of this machine."""

import asyncio
import contextlib
import json
import os
import select
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.configuration import FunctionConfiguration
from gateway.invocation import Invocation, Returned
from gateway.targets.environment import Environment
from gateway.targets.interpreter import Interpreter
from gateway.targets.logs import FunctionLog
from gateway.targets.reaper import Reaper
from gateway.targets.target import Target
from gateway.targets.worker.environment import WorkerEnvironment
from gateway.targets.worker.process import WorkerOptions
from tests.targets import conformance

FUNCTIONS = Path(__file__).parents[1] / "data" / "functions" / "python"
REQUEST_ID = "8476a536-e9f4-41e8-9739-2dfe598c3fcd"
DEADLINE_S = 20.0
Log = conformance.Log
THIS_PYTHON = Interpreter(sys.executable, f"{sys.version_info.major}.{sys.version_info.minor}")


def configuration(handler: str, task_root: Path = FUNCTIONS, timeout_ms: int = 10_000) -> FunctionConfiguration:
    """A function; a bare name is one of ``host.py``."""
    setting = handler if "." in handler else f"host.{handler}"
    return FunctionConfiguration(name="app", handler=setting, task_root=task_root, timeout_ms=timeout_ms)


def worker_options(reaper: Reaper, log: Log, platform: str = "none") -> WorkerOptions:
    """Options of worker environments; ``platform`` as `FunctionLog` takes it."""
    host = {"PATH": os.environ["PATH"], "SECRET_OF_THE_GATEWAY": "1"}
    return WorkerOptions(
        reaper=reaper,
        log=lambda: FunctionLog(log.append, platform, "$LATEST", lambda: datetime.now(UTC)),
        python=THIS_PYTHON,
        host=host,
    )


@contextlib.asynccontextmanager
async def worker(
    function: FunctionConfiguration,
    scratch: Path,
    log: Log | None = None,
    platform: str = "none",
    **options: object,
) -> AsyncIterator[WorkerEnvironment]:
    """A started worker environment, stopped at the end; ``options`` are further ones of `WorkerOptions`."""
    reaper = Reaper()
    given = replace(worker_options(reaper, Log() if log is None else log, platform), **options)  # type: ignore[arg-type]
    environment = WorkerEnvironment(function, given, scratch)
    await environment.start()
    try:
        yield environment
    finally:
        await environment.stop()
        await reaper.aclose()


def invocation(event: object = None, *, tail: bool = False) -> Invocation:
    """An invocation with this event."""
    return Invocation(json.dumps(event).encode(), REQUEST_ID, tail=tail)


async def result_of(target: Target | Environment, event: object = None) -> object:
    """What the handler returns for an event."""
    outcome = await target.invoke(invocation(event))
    assert isinstance(outcome, Returned), outcome
    return json.loads(outcome.payload)


async def until_gone(pid: int) -> None:
    """Wait until a process has ended; raises TimeoutError when it does not."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = await asyncio.to_thread(select.select, [descriptor], [], [], DEADLINE_S)
    finally:
        os.close(descriptor)
    if not ready:
        raise TimeoutError(f"process {pid} still runs")


def children() -> set[int]:
    """The processes that this process started and that have not been waited for, zombies included."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that has just ended
            found.update(map(int, (task / "children").read_text().split()))
    return found


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for something that nothing announces; raises TimeoutError when it never becomes true."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - the system has no event for it
            await asyncio.sleep(0.005)


def state(pid: int) -> str:
    """The state letter that the system shows for a process: ``T`` is stopped, ``Z`` ended and not waited for."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
