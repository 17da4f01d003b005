"""The handler in this process."""

import asyncio
import contextlib
import json
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.bootstraps.python.lambda_runtime import LambdaContext
from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.invocation import Failed, Invocation, Report, Returned, TimedOut
from gateway.targets import inprocess
from gateway.targets.failures import NOT_READY
from gateway.targets.inprocess import InProcess
from gateway.targets.printed import Printed
from tests.targets import conformance
from tests.targets.hosting import DEADLINE_S, REQUEST_ID, configuration, eventually, invocation, result_of

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _forget_modules() -> Iterator[None]:
    """The handlers' modules and folders leave this process after the test."""
    modules, path = set(sys.modules), sys.path[:]
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name in {"app", "behaviours", "beside", "host"}:
            del sys.modules[name]


@asynccontextmanager
async def running(
    handler: Callable[[object, LambdaContext], object], capacity: int = 2, timeout_ms: int = 10_000
) -> AsyncIterator[InProcess]:
    """A started target for a function of this test."""
    function = replace(configuration("test.handler", timeout_ms=timeout_ms), capacity=capacity)
    target = InProcess(function, {}, handler)
    await target.start()
    yield target
    await target.aclose()


async def test_closed() -> None:
    """Nothing runs after the end."""
    async with running(lambda _event, _context: "late") as target:
        pass

    assert await target.invoke(Invocation(b"{}", REQUEST_ID)) == NOT_READY


async def test_returns_on_another_thread() -> None:
    """The handler gets event and context, never on the thread of the event loop."""

    def handler(event: object, context: LambdaContext) -> object:
        return [event, context.aws_request_id, context.invoked_function_arn, threading.current_thread().name]

    async with running(handler) as target:
        result = await result_of(target, {"a": 1})

    assert result == [{"a": 1}, REQUEST_ID, "arn:aws:lambda:us-east-1:123456789012:function:app", "lambda"]


async def test_raises() -> None:
    """The error is the runtime's JSON."""

    def handler(event: object, context: LambdaContext) -> object:
        raise LookupError(f"{event} {context.aws_request_id}")

    async with running(handler) as target:
        outcome = await target.invoke(invocation(1))

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.message) == ("LookupError", f"1 {REQUEST_ID}")


@asynccontextmanager
async def opened(function: FunctionConfiguration, _: conformance.Log) -> AsyncIterator[InProcess]:
    """A target for the shared table."""
    target = InProcess(function, {"AWS_LAMBDA_LOG_STREAM_NAME": "stream"})
    await target.start()
    yield target
    await target.aclose()


IN_PROCESS = conformance.python_subject(opened, configuration(""), measures=False)


@pytest.mark.parametrize("behaviour", conformance.ISOLATION, ids=lambda row: row.name)
async def test_answers_reach_their_own_client(behaviour: conformance.Behaviour) -> None:
    """As in every kind of environment."""
    await asyncio.wait_for(behaviour.check(IN_PROCESS), DEADLINE_S)


@pytest.mark.parametrize("behaviour", conformance.REPORTS, ids=lambda row: row.name)
async def test_reports(behaviour: conformance.Behaviour) -> None:
    """As in every kind of environment, but for the memory."""
    await asyncio.wait_for(behaviour.check(IN_PROCESS), DEADLINE_S)


async def test_report_of_an_exit() -> None:
    """It is told of as of any other end; nobody has asked for the log."""

    def handler(event: object, _: LambdaContext) -> object:
        print("leaving")
        raise SystemExit(event)

    report = Report(details=False)
    async with running(handler) as target:
        await target.invoke(invocation(3)._replace(report=report))

    assert 0 < report.queued_at < report.started_at < report.ended_at
    assert report.cold
    assert report.log == []


async def test_report_after_one_without() -> None:
    """Only the first invocation is cold, also when nobody asked about it."""
    report = Report()
    async with running(lambda event, _: event) as target:
        await target.invoke(invocation())
        await target.invoke(invocation()._replace(report=report))

    assert (report.cold, report.init_s) == (False, 0.0)


async def test_report_of_a_handler_that_is_given_up() -> None:
    """What it prints after its time is no part of its log."""
    over, ended = threading.Event(), threading.Event()

    def handler(_event: object, _context: LambdaContext) -> None:
        print("in time")
        over.wait(DEADLINE_S)
        print("late")
        ended.set()

    report, other = Report(), Report()
    async with running(handler, timeout_ms=50) as target:
        await target.invoke(invocation()._replace(report=report))
        with contextlib.closing(Printed(other)):
            over.set()
            await asyncio.to_thread(ended.wait, DEADLINE_S)

    assert b"".join(report.log) == b"in time\n"
    assert other.log == []


async def test_report_after_renew(tmp_path: Path) -> None:
    """The code is loaded inside the next invocation, which is a cold one."""
    target = InProcess(versioned(tmp_path, "first"), {})
    await target.start()
    await result_of(target)
    target.renew()
    report = Report()
    await target.invoke(invocation()._replace(report=report))
    await target.aclose()

    assert report.cold
    assert 0 < report.init_s <= report.started_at - report.queued_at


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (None, "Runtime exited without providing a reason"),
        (0, "Runtime exited without providing a reason"),
        (3, "Runtime exited with error: exit status 3"),
        ("said why", "Runtime exited with error: exit status 1"),
    ],
)
async def test_exit_is_an_answer(code: int | str | None, reason: str) -> None:
    """``sys.exit`` does not end this process: the caller is told what would have happened, at once."""

    def handler(event: object, context: LambdaContext) -> object:  # noqa: ARG001 - Lambda's signature
        sys.exit(code)

    async with running(handler, capacity=1) as target:
        outcome = await target.invoke(invocation())
        again = await target.invoke(invocation())

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.message) == ("Runtime.ExitError", reason)
    assert again == outcome


async def test_interrupt_is_an_answer() -> None:
    """So is any other exception that is no ``Exception``."""

    def handler(event: object, context: LambdaContext) -> object:  # noqa: ARG001
        raise KeyboardInterrupt

    async with running(handler) as target:
        outcome = await target.invoke(invocation())

    assert isinstance(outcome, Failed)
    assert outcome.message == "Runtime exited with error: exit status 1"


async def test_result_that_is_too_large() -> None:
    """The limit is that of Lambda."""

    def handler(event: object, context: LambdaContext) -> object:  # noqa: ARG001
        return "x" * 6_291_555

    async with running(handler) as target:
        outcome = await target.invoke(invocation())

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "Function.ResponseSizeTooLarge"


async def test_handler_with_an_event_loop_of_its_own() -> None:
    """Adapters such as Mangum drive an ASGI application on ``asyncio.get_event_loop()``, as they can on Lambda."""

    async def application() -> str:
        await asyncio.sleep(0)
        return "done"

    def handler(event: object, context: LambdaContext) -> object:  # noqa: ARG001
        return asyncio.get_event_loop().run_until_complete(application())

    async with running(handler) as target:
        assert await result_of(target) == "done"
        assert await result_of(target) == "done"


async def test_timeout_gives_the_thread_up() -> None:
    """The caller is answered after the timeout; the next invocation has a thread, though the handler still runs."""
    release = threading.Event()

    def handler(event: object, context: LambdaContext) -> object:  # noqa: ARG001
        if event == "wait":
            release.wait(20)
        return event

    async with running(handler, capacity=1, timeout_ms=100) as target:
        outcome = await target.invoke(invocation("wait"))
        after = await result_of(target, "next")
        release.set()

    assert isinstance(outcome, TimedOut)
    assert outcome.after_ms == 100
    assert json.loads(outcome.payload)["errorType"] == "Sandbox.Timedout"
    assert after == "next"


async def test_timeout_under_coverage() -> None:
    """A trace function is no debugger: coverage has one, and timeouts stay what they are."""
    release = threading.Event()

    def handler(event: object, context: LambdaContext) -> object:  # noqa: ARG001
        release.wait(20)
        return event

    before = sys.gettrace()
    sys.settrace(lambda *_: None)
    try:
        async with running(handler, capacity=1, timeout_ms=100) as target:
            outcome = await target.invoke(invocation("wait"))
            release.set()
    finally:
        sys.settrace(before)

    assert isinstance(outcome, TimedOut)


async def test_capacity_at_once() -> None:
    """As many invocations run at once as there are environments; the others wait their turn."""
    meeting = threading.Barrier(2, timeout=20)
    most = running_now = 0
    lock = threading.Lock()

    def handler(event: object, context: LambdaContext) -> object:  # noqa: ARG001
        nonlocal most, running_now
        with lock:
            running_now += 1
            most = max(most, running_now)
        meeting.wait()
        with lock:
            running_now -= 1
        return event

    async with running(handler, capacity=2) as target:
        results = await asyncio.gather(*(target.invoke(invocation(number)) for number in range(6)))

    assert results == [Returned(b"%d" % number) for number in range(6)]
    assert most == 2


async def test_one_that_blocks_holds_up_nobody() -> None:
    """Behind an invocation that waits for something, short ones run on another thread, started or resting."""
    release = threading.Event()

    def handler(event: object, context: LambdaContext) -> object:  # noqa: ARG001
        if event == "wait":
            release.wait(20)
        return event

    async with running(handler, capacity=2) as target:
        for _ in range(2):  # the second thread is started, then it rests
            release.clear()
            blocked = asyncio.ensure_future(target.invoke(invocation("wait")))
            short = [await result_of(target, number) for number in range(5)]
            waits = not blocked.done()
            release.set()
            outcome = await blocked
            assert (short, waits, outcome) == (list(range(5)), True, Returned(b'"wait"'))


async def test_closing_starts_no_further_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits when the target closes is still answered, by the thread that is there and ends afterwards."""
    monkeypatch.setattr(inprocess, "_PATIENCE_S", 0)
    release = threading.Event()
    before = set(threading.enumerate())

    def handler(event: object, context: LambdaContext) -> object:  # noqa: ARG001
        release.wait(20)
        return event

    async with running(handler, capacity=2) as target:
        calls = [asyncio.ensure_future(target.invoke(invocation(number))) for number in range(2)]
        await asyncio.sleep(0)
    for _ in range(3):  # a thread that was still due would be started here
        await asyncio.sleep(0)
    (thread,) = [thread for thread in set(threading.enumerate()) - before if thread.name == "lambda"]
    release.set()

    assert await asyncio.gather(*calls) == [Returned(b"0"), Returned(b"1")]
    await asyncio.to_thread(thread.join, 20)
    assert not thread.is_alive()


async def test_cancelled_invocation_frees_its_place() -> None:
    """A caller that gives up leaves the handler behind and a new thread for the next one."""
    began, release = threading.Event(), threading.Event()

    def handler(event: object, context: LambdaContext) -> object:  # noqa: ARG001
        if event == "wait":
            began.set()
            release.wait(20)
        return event

    async with running(handler, capacity=1) as target:
        call = asyncio.ensure_future(target.invoke(invocation("wait")))
        await asyncio.to_thread(began.wait, 20)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        next_one = await asyncio.wait_for(result_of(target, "next"), 10)  # the handler waits for 20 seconds
        release.set()

    assert next_one == "next"


async def test_cancelled_invocation_does_not_begin() -> None:
    """A caller that gave up before its turn came costs the handler nothing, and nobody else a place."""
    began, release, seen = threading.Event(), threading.Event(), []

    def handler(event: object, context: LambdaContext) -> object:  # noqa: ARG001
        seen.append(event)
        began.set()
        release.wait(20)
        return event

    async with running(handler, capacity=1) as target:
        first, second = (asyncio.ensure_future(target.invoke(invocation(number))) for number in (1, 2))
        await asyncio.to_thread(began.wait, 20)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        release.set()
        await first
        assert await result_of(target, 3) == 3

    assert seen == [1, 3]


async def test_loads_the_handler_of_the_configuration() -> None:
    """The handler is found in the task root, and the function's variables are set while it can run."""
    function = configuration("returns")
    target = InProcess(function, {"GATEWAY_TEST_VARIABLE": "1", "TZ": ":UTC"})
    before = os.environ.get("TZ")
    await target.start()
    result = await result_of(target, 1)
    assert os.environ["GATEWAY_TEST_VARIABLE"] == "1"
    await target.aclose()

    assert isinstance(result, dict)
    assert result["pid"] == os.getpid()
    assert "GATEWAY_TEST_VARIABLE" not in os.environ
    assert os.environ.get("TZ") == before


@pytest.mark.parametrize(
    ("source", "setting", "message"),
    [
        ("", "app.missing", "Handler 'missing' missing on module 'app'"),
        ("import nothing_there\n", "app.handler",
         "Unable to import module 'app': No module named 'nothing_there' ({file}, line 1)"),
        ("\nraise ValueError('no')\n", "app.handler", "ValueError: no ({file}, line 2)"),
        ("def f(:\n", "app.handler", "Syntax error in module 'app': invalid syntax (app.py, line 1) ({file}, line 1)"),
        ("handler = 5\n", "app.handler", "app.handler is not callable: it is of type int"),
    ],
)  # fmt: skip
async def test_handler_that_cannot_be_loaded(tmp_path: Path, source: str, setting: str, message: str) -> None:
    """The user is told what is wrong and where."""
    (tmp_path / "app.py").write_text(source)
    function = FunctionConfiguration(name="app", handler=setting, task_root=tmp_path)

    with pytest.raises(UsageError) as raised:
        await InProcess(function, {}).start()

    assert str(raised.value) == message.format(file=tmp_path / "app.py")


def versioned(folder: Path, text: str) -> FunctionConfiguration:
    """A handler that returns what a module beside it says; the files differ in size, so none is taken for another."""
    (folder / "app.py").write_text("import beside\ndef handler(event, context): return beside.TEXT\n")
    (folder / "beside.py").write_text(f"TEXT = {text!r}\n")
    return FunctionConfiguration(name="app", handler="app.handler", task_root=folder)


async def test_renew_loads_the_code_anew(tmp_path: Path) -> None:
    """After `renew` the modules of the task root are imported again, not only the handler's own."""
    target = InProcess(versioned(tmp_path, "first"), {})
    await target.start()
    before = await result_of(target)
    versioned(tmp_path, "and second")
    unchanged = await result_of(target)
    target.renew()
    after = await result_of(target)
    await target.aclose()

    assert (before, unchanged, after) == ("first", "first", "and second")


async def test_renew_leaves_other_modules(tmp_path: Path) -> None:
    """What does not belong to the function is not imported again."""
    target = InProcess(versioned(tmp_path, "first"), {})
    await target.start()
    kept = sys.modules["json"]
    target.renew()
    await target.aclose()

    assert sys.modules["json"] is kept
    assert "app" not in sys.modules


async def test_renew_with_broken_code(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Code that cannot be loaded is the answer, with its traceback on standard error, until it can be loaded again."""
    target = InProcess(versioned(tmp_path, "first"), {})
    await target.start()
    (tmp_path / "beside.py").write_text("TEXT = 1 / 0\n")
    target.renew()
    broken = await target.invoke(invocation())
    versioned(tmp_path, "repaired")
    target.renew()
    repaired = await result_of(target)
    await target.aclose()

    assert isinstance(broken, Failed)
    assert (broken.error_type, broken.message) == ("ZeroDivisionError", "division by zero")
    assert "beside.py" in "".join(capfd.readouterr())
    assert repaired == "repaired"


async def test_renew_keeps_a_given_handler() -> None:
    """A handler that the caller gave as it is cannot be loaded anew."""
    async with running(lambda event, _: event) as target:
        target.renew()
        assert await result_of(target, "still here") == "still here"


@pytest.mark.parametrize(
    ("source", "error_type"),
    [
        ("raise LookupError('no')", "LookupError"),
        ("raise SystemExit(3)", "Runtime.ExitError"),
        ("handler = 5", "TypeError"),
    ],
)
async def test_invocation_that_waits_for_a_module_that_fails(tmp_path: Path, source: str, error_type: str) -> None:
    """It gets the failure of the init phase, and does not wait for another one."""
    began, first, second = (tmp_path / name for name in ("began", "first", "second"))
    wait = (
        "import pathlib, time\nfolder = pathlib.Path(__file__).parent\n"
        "go_on = folder / ('second' if (folder / 'began').exists() else 'first')\n"
        "(folder / 'began').touch()\nwhile not go_on.exists(): time.sleep(0.01)\n"
    )
    (tmp_path / "failing_app.py").write_text(f"{wait}{source}\n")
    target = InProcess(configuration("failing_app.handler", tmp_path), {})
    starting = asyncio.ensure_future(target.start())
    waiting = asyncio.ensure_future(target.invoke(invocation()))
    await asyncio.sleep(0)
    await eventually(began.exists)
    first.touch()
    with pytest.raises(UsageError):
        await starting
    done, _ = await asyncio.wait([waiting], timeout=5)
    second.touch()
    assert done
    outcome = waiting.result()
    await target.aclose()
    sys.modules.pop("failing_app", None)

    assert isinstance(outcome, Failed)
    assert outcome.error_type == error_type
