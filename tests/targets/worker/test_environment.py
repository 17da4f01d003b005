"""One worker process: what the handler does and what its caller gets."""

import asyncio
import json
import os
import re
import signal
import sys
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.invocation import Failed, Invocation, Outcome, Report, Returned, TimedOut
from gateway.limits.group import processes_in, remove
from gateway.limits.means import Means
from gateway.limits.sandbox import TMP, what_is_below
from gateway.targets.failures import exited
from gateway.targets.logs import FunctionLog, PlatformReport
from gateway.targets.pool import EnvironmentPool
from gateway.targets.reaper import Reaper
from gateway.targets.worker.environment import WorkerEnvironment
from tests.limits.grounds import ground, view
from tests.targets import conformance
from tests.targets.hosting import (
    DEADLINE_S,
    FUNCTIONS,
    REQUEST_ID,
    Log,
    children,
    configuration,
    eventually,
    invocation,
    result_of,
    state,
    until_gone,
    worker,
    worker_options,
)

pytestmark = pytest.mark.anyio

LIMIT = 6_291_556
HIDDEN = what_is_below(TMP, [sys.executable], {}, [Path(__file__)])


async def within(work: Awaitable[Outcome | None]) -> Outcome | None:
    """The outcome, unless the test hangs."""
    return await asyncio.wait_for(work, DEADLINE_S)


async def test_returns(tmp_path: Path) -> None:
    """The result comes back and the next invocation meets the same process."""
    async with worker(configuration("returns"), tmp_path) as environment:
        first = await environment.invoke(invocation({"a": "ü"}))
        second = await result_of(environment, 2)
        assert environment.reusable

    assert isinstance(first, Returned)
    facts = json.loads(first.payload)
    assert (facts["event"], facts["id"], facts["calls"]) == ({"a": "ü"}, REQUEST_ID, 1)
    assert second == {"event": 2, "id": REQUEST_ID, "calls": 2, "pid": facts["pid"]}


async def test_raises(tmp_path: Path) -> None:
    """The error is the runtime's JSON, unchanged; the process goes on."""
    async with worker(configuration("raises"), tmp_path) as environment:
        outcome = await environment.invoke(invocation())
        assert environment.reusable

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.message) == ("LookupError", "böse")
    error = json.loads(outcome.payload)
    assert list(error) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert error["requestId"] == REQUEST_ID
    assert [line.splitlines()[0] for line in error["stackTrace"]] == [
        f'  File "{FUNCTIONS / "host.py"}", line 22, in raises'
    ]


@pytest.mark.parametrize(
    ("handler", "outcome"),
    [
        ("returns_null", Returned(b"null")),
        ("returns_bytes", Returned(b"\x00\xff", content_type="application/unknown")),
        ("prints", Returned(b'"printed"')),
    ],
)
async def test_results(tmp_path: Path, handler: str, outcome: Outcome) -> None:
    """null, bytes and what is printed beside the result."""
    async with worker(configuration(handler), tmp_path) as environment:
        assert await environment.invoke(invocation()) == outcome


async def test_result_that_is_no_json(tmp_path: Path) -> None:
    """It is the function's error."""
    async with worker(configuration("returns_no_json"), tmp_path) as environment:
        outcome = await environment.invoke(invocation())

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "Runtime.MarshalError"
    assert outcome.message == "Unable to marshal response: Object of type set is not JSON serializable"


@pytest.mark.parametrize(
    ("handler", "event", "reason"),
    [
        ("exits", 0, "Runtime exited without providing a reason"),
        ("exits", 3, "Runtime exited with error: exit status 3"),
        ("leaves", 4, "Runtime exited with error: exit status 4"),
        ("kills_itself", None, "Runtime exited with error: signal: killed"),
        ("reads_address_0", None, "Runtime exited with error: signal: segmentation fault"),
    ],
)
async def test_process_ends(tmp_path: Path, handler: str, event: object, reason: str) -> None:
    """However the process ends, the caller is told in AWS's words; the environment is not used again."""
    async with worker(configuration(handler), tmp_path) as environment:
        outcome = await within(environment.invoke(invocation(event)))
        assert not environment.reusable

    message = f"RequestId: {REQUEST_ID} Error: {reason}"
    payload = f'{{"errorType":"Runtime.ExitError","errorMessage":"{message}"}}'.encode()
    assert outcome == Failed(payload, "Runtime.ExitError", reason)


SHORT = {"result": b"r", "error": b"e", "ready": b"R", "failed": b"X", "unknown": b"z", "invocation": b"I"}


@pytest.mark.parametrize("kind", SHORT.values(), ids=SHORT.keys())
async def test_handler_that_writes_to_the_socket(tmp_path: Path, kind: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """It costs its own environment: the invocation fails as in a crash, and one line in the log says why."""
    stray = b"\0\0\0\2" + kind + bytes(8) + b"{}"
    async with worker(configuration("writes"), tmp_path) as environment:
        outcome = await within(environment.invoke(invocation({"hex": stray.hex()})))
        assert not environment.reusable

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.message) == (
        "Runtime.ExitError",
        "Runtime exited with error: signal: killed",
    )
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("ended a process of the function app, since something in it wrote to the gateway's socket: ")


async def test_what_was_given_ahead_of_such_a_handler(tmp_path: Path) -> None:
    """It has not begun and goes back, to run in another environment."""
    event = {"hex": (b"\0\0\0\0z" + bytes(8)).hex(), "stays": True}
    async with worker(configuration("writes"), tmp_path) as environment:
        first, second = environment.invoke(invocation(event)), environment.invoke(invocation(event))
        outcomes = [await within(first), await within(second)]

    assert isinstance(outcomes[0], Failed)
    assert outcomes[1] is None


async def test_announced_length_takes_no_memory(tmp_path: Path) -> None:
    """1.5 GB in five bytes: neither are they made room for, nor waited for."""
    announced = (1500 * 2**20).to_bytes(4, "big") + b"r"
    async with worker(configuration("writes"), tmp_path) as environment:
        tracemalloc.start()
        outcome = await within(environment.invoke(invocation({"hex": announced.hex()})))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert isinstance(outcome, Failed)
    assert peak < 8 * 2**20


async def test_low_descriptors_are_not_the_gateways(tmp_path: Path) -> None:
    """Code that writes to each descriptor from 3 on has no effect but its own."""
    event = {"hex": b"\xff".hex() * 16, "descriptors": list(range(3, 256))}
    async with worker(configuration("writes"), tmp_path) as environment:
        assert await result_of(environment, event) == "written"
        assert await result_of(environment, event) == "written"


async def test_programs_do_not_inherit_the_socket(tmp_path: Path) -> None:
    """What the handler starts cannot write to it or keep it open, even when it is given all descriptors."""
    async with worker(configuration("lists_descriptors"), tmp_path) as environment:
        found = await result_of(environment)

    assert isinstance(found, list)
    assert not [name for name in found[3:] if name.startswith(("socket:", "pipe:"))]


async def test_thread_of_a_past_invocation(tmp_path: Path) -> None:
    """What it writes to the socket while nobody waits ends the environment, and is nobody's answer."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    event = {"hex": (b"\0\0\0\1r" + bytes(8) + b"1").hex(), "pipe": str(pipe)}
    async with worker(configuration("writes_later"), tmp_path) as environment:
        assert await result_of(environment, event) == "begun"
        await asyncio.to_thread(pipe.write_bytes, b"")
        await eventually(lambda: not environment.reusable)
        outcome = await within(environment.invoke(invocation(event)))

    assert isinstance(outcome, Failed)


@asynccontextmanager
async def opened(function: FunctionConfiguration, log: Log) -> AsyncIterator[WorkerEnvironment]:
    """A worker for the shared table."""
    with tempfile.TemporaryDirectory() as scratch:
        async with worker(function, Path(scratch), log) as environment:
            yield environment


WORKER = conformance.python_subject(opened, configuration(""))


@pytest.mark.parametrize("behaviour", conformance.ISOLATION, ids=lambda row: row.name)
async def test_answers_reach_their_own_client(behaviour: conformance.Behaviour) -> None:
    """As in every kind of environment."""
    await asyncio.wait_for(behaviour.check(WORKER), DEADLINE_S)


@pytest.mark.parametrize("behaviour", [*conformance.REPORTS, conformance.CRASH_REPORT], ids=lambda row: row.name)
async def test_reports(behaviour: conformance.Behaviour) -> None:
    """As in every kind of environment."""
    await asyncio.wait_for(behaviour.check(WORKER), DEADLINE_S)


async def test_fork_that_python_does_not_know_of(tmp_path: Path) -> None:
    """Only the process that was started answers; its copy ends where the handler ends in it."""
    async with worker(configuration("forks_as_c_does"), tmp_path) as environment:
        first = await result_of(environment)
        assert await result_of(environment) == first
        assert await result_of(environment) == first


async def test_module_that_writes_to_the_socket(tmp_path: Path) -> None:
    """What ends the init phase and cannot be read ends the environment."""
    (tmp_path / "forger.py").write_text(
        "import os\nfor name in os.listdir('/proc/self/fd'):\n    try:\n"
        "        os.write(int(name), b'\\0\\0\\0\\2R' + bytes(8) + b'[]')\n    except OSError: pass\n"
        "handler = print\n"
    )
    async with worker(configuration("forger.handler", tmp_path), tmp_path) as environment:
        assert environment.problem
        outcome = await within(environment.invoke(invocation()))

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "Runtime.ExitError"


async def test_output_is_the_log(tmp_path: Path) -> None:
    """Standard output and error arrive in the log in order, also a line without an end."""
    log = Log()
    async with worker(configuration("prints"), tmp_path, log) as environment:
        await environment.invoke(invocation())

    assert log.text == "to stdout\nto stderr\nno line end"


async def test_log_tail_and_platform_lines(tmp_path: Path) -> None:
    """What the handler printed stands between START and END, in the log and in the tail."""
    log = Log()
    async with worker(configuration("prints"), tmp_path, log, platform="text") as environment:
        outcome = await environment.invoke(invocation(tail=True))

    assert isinstance(outcome, Returned)
    lines = log.text.splitlines()
    assert lines[:3] == [f"START RequestId: {REQUEST_ID} Version: $LATEST", "to stdout", "to stderr"]
    assert lines[3] == f"no line endEND RequestId: {REQUEST_ID}"
    assert "Init Duration: " in lines[4]
    assert lines[4].partition("Max Memory Used: ")[2].split(" ")[0] != "0"
    assert outcome.log_tail.decode() == log.text


async def test_largest_result(tmp_path: Path) -> None:
    """6 MiB and 100 bytes are allowed, one byte more is refused in AWS's words, and the process goes on."""
    async with worker(configuration("returns_text"), tmp_path) as environment:
        largest = await environment.invoke(invocation({"bytes": LIMIT}))
        too_large = await environment.invoke(invocation({"bytes": LIMIT + 1}))
        after = await environment.invoke(invocation({"bytes": 4}))

    assert isinstance(largest, Returned)
    assert len(largest.payload) == LIMIT
    assert isinstance(too_large, Failed)
    assert too_large.payload == (
        b'{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).",'
        b'"errorType":"Function.ResponseSizeTooLarge"}'
    )
    assert after == Returned(b'"xx"')


async def test_large_event(tmp_path: Path) -> None:
    """6 MB arrive whole."""
    async with worker(configuration("measures"), tmp_path) as environment:
        assert await result_of(environment, "x" * 6_000_000) == 6_000_000


PROBLEMS = [
    ("import no_such_module\n", "app.handler",
     "Unable to import module 'app': No module named 'no_such_module' ({file}, line 1)"),
    ("", "nowhere.handler", "Unable to import module 'nowhere': No module named 'nowhere'"),
    ("", "app.handler", "Handler 'handler' missing on module 'app'"),
    ("\ndef f(:\n", "app.handler", "Syntax error in module 'app': invalid syntax (app.py, line 2) ({file}, line 2)"),
    ("\n\nraise ValueError('no')\n", "app.handler", "ValueError: no ({file}, line 3)"),
    ("import os\nos._exit(5)\n", "app.handler",
     "the process ended while it loaded the handler: Runtime exited with error: exit status 5"),
    ("handler = 5\n", "app.handler", "app.handler is not callable: it is of type int ({file})"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "handler", "problem"), PROBLEMS)
async def test_problem_at_start(tmp_path: Path, source: str, handler: str, problem: str) -> None:
    """A handler that cannot work is explained to the user, with the file and the line where there is one."""
    file = tmp_path / "app.py"
    file.write_text(source)

    async with worker(configuration(handler, tmp_path), tmp_path) as environment:
        outcome = await within(environment.invoke(invocation()))

    assert environment.problem == problem.format(file=file)
    assert isinstance(outcome, Failed)


@pytest.mark.parametrize(
    ("init_limit_s", "reports"),
    [
        (10.0, [("init", "error\tError Type: Runtime.ExitError")]),
        (0.0, [("init", "timeout"), ("invoke", "error\tError Type: Runtime.ExitError")]),
    ],
)
async def test_crash_in_the_init_phase(tmp_path: Path, init_limit_s: float, reports: list[tuple[str, str]]) -> None:
    """The caller gets the platform's error with its own id, also when the phase ran again inside the invocation."""
    (tmp_path / "app.py").write_text("import os\nos._exit(3)\n")
    function, log = configuration("app.handler", tmp_path), Log()
    async with worker(function, tmp_path, log, "text", init_limit_s=init_limit_s) as environment:
        outcome = await within(environment.invoke(invocation()))

    assert outcome == exited(REQUEST_ID, 3)
    found = re.findall(r"INIT_REPORT Init Duration: [0-9.]+ ms\tPhase: (\w+)\tStatus: (.*)\n", log.text)
    assert found == reports


async def test_failed_init_is_reported_to_the_caller(tmp_path: Path) -> None:
    """The first invocation gets the error of the init phase, and another process must take over."""
    async with worker(configuration("no_such_module.handler"), tmp_path) as environment:
        outcome = await environment.invoke(invocation())
        assert not environment.reusable

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "Runtime.ImportModuleError"
    assert json.loads(outcome.payload)["requestId"] == ""


async def test_interpreter_that_cannot_run(tmp_path: Path) -> None:
    """A task root that is gone is a problem, not an exception."""
    async with worker(configuration("returns", tmp_path / "gone"), tmp_path) as environment:
        outcome = await environment.invoke(invocation())

    assert environment.problem is not None
    assert environment.problem.startswith("cannot run ")
    assert isinstance(outcome, Failed)
    assert outcome.error_type == "Runtime.InvalidWorkingDir"


async def test_timeout_kills(tmp_path: Path) -> None:
    """After the timeout the caller gets AWS's words and the process is gone."""
    async with worker(configuration("sleeps", timeout_ms=200), tmp_path) as environment:
        before = children()
        outcome = await within(environment.invoke(invocation(60)))
        assert not environment.reusable

    message = f"RequestId: {REQUEST_ID} Error: Task timed out after 0.20 seconds"
    assert outcome == TimedOut(f'{{"errorType":"Sandbox.Timedout","errorMessage":"{message}"}}'.encode(), 200)
    assert before - children()


async def test_deadline(tmp_path: Path) -> None:
    """The handler is told what remains of the timeout."""
    async with worker(configuration("remains", timeout_ms=5000), tmp_path) as environment:
        remaining = await result_of(environment)

    assert isinstance(remaining, int)
    assert 3000 < remaining <= 5000


SLOW_ONCE = """
import os, time
marker = os.path.join(os.environ["LAMBDA_TASK_ROOT"], "marker")
if not os.path.exists(marker):
    open(marker, "w").close()
    time.sleep(60)
def handler(event, context):
    return "ready"
"""


async def test_report_of_a_late_init(tmp_path: Path) -> None:
    """The phase is told as the first invocation's, whose own time begins after it; the log has what it printed."""
    (tmp_path / "app.py").write_text(
        "import time\nprint('loading')\ntime.sleep(0.3)\n"
        "def handler(event, context):\n    print('running')\n    return context.log_stream_name\n"
    )
    reports = Report(), Report()
    async with worker(configuration("app.handler", tmp_path), tmp_path, init_limit_s=0.2) as environment:
        for report in reports:
            outcome = await within(environment.invoke(invocation()._replace(report=report)))

    cold, warm = reports
    assert (cold.cold, warm.cold, warm.init_s) == (True, False, 0.0)
    assert cold.init_s >= 0.3
    assert cold.ended_at - cold.started_at < 0.3
    assert (b"".join(cold.log), b"".join(warm.log)) == (b"loading\nrunning\n", b"running\n")
    assert outcome == Returned(json.dumps(warm.environment).encode())
    assert cold.environment == warm.environment


async def test_report_of_a_late_init_that_takes_too_long(tmp_path: Path) -> None:
    """The handler never began."""
    (tmp_path / "app.py").write_text("import time\ntime.sleep(30)\n")
    report = Report()
    function = configuration("app.handler", tmp_path, timeout_ms=200)
    async with worker(function, tmp_path, init_limit_s=0.1) as environment:
        outcome = await within(environment.invoke(invocation()._replace(report=report)))

    assert isinstance(outcome, TimedOut)
    assert (report.started_at, report.cold) == (0.0, True)
    assert 0.2 <= report.init_s < 0.5


async def test_report_of_an_init_that_fails(tmp_path: Path) -> None:
    """The invocation is told of as one that began and ended."""
    (tmp_path / "app.py").write_text("1 / 0\n")
    report = Report()
    async with worker(configuration("app.handler", tmp_path), tmp_path) as environment:
        await within(environment.invoke(invocation()._replace(report=report)))

    assert 0 < report.started_at <= report.ended_at
    assert report.cold
    assert report.init_s > 0


async def test_report_without_details(tmp_path: Path) -> None:
    """The instants and the environment are there, the log is not."""
    report = Report(details=False)
    async with worker(configuration("prints"), tmp_path) as environment:
        await within(environment.invoke(invocation()._replace(report=report)))

    assert 0 < report.started_at < report.ended_at
    assert report.environment
    assert (report.log, report.memory_mb) == ([], 0)


async def test_report_before_one_that_nobody_asks_about(tmp_path: Path) -> None:
    """It gets none of the lines of the next invocation."""
    report = Report()
    async with worker(configuration("prints"), tmp_path) as environment:
        await within(environment.invoke(invocation()._replace(report=report)))
        kept = b"".join(report.log)
        await within(environment.invoke(invocation()))

    assert kept
    assert b"".join(report.log) == kept


def wait_for(file: Path) -> None:
    """Hold up the event loop until there is a file."""
    until = time.monotonic() + DEADLINE_S
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.001)


async def test_line_after_the_answer(tmp_path: Path) -> None:
    """It belongs to its invocation while no other has begun, also when it is still to be read then."""
    (tmp_path / "app.py").write_text(
        "import threading\nbegun = threading.Event()\n"
        "def later(path):\n    open(path).close()\n    print('late')\n    open(path + '.said', 'w').close()\n"
        "def handler(event, context):\n    print(event)\n"
        "    if event.startswith('/'):\n        threading.Thread(target=later, args=[event]).start()\n"
    )
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    first, second = Report(), Report()
    async with worker(configuration("app.handler", tmp_path), tmp_path) as environment:
        await within(environment.invoke(invocation(str(pipe))._replace(report=first)))
        pipe.write_bytes(b"")
        wait_for(Path(f"{pipe}.said"))
        await within(environment.invoke(invocation("second")._replace(report=second)))

    assert b"".join(first.log).decode() == f"{pipe}\nlate\n"
    assert b"".join(second.log) == b"second\n"


async def test_late_init_is_repeated_in_the_invocation(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An init phase over its limit is told to the user, ended, and done again when the first invocation comes."""
    (tmp_path / "app.py").write_text(SLOW_ONCE)

    async with worker(configuration("app.handler", tmp_path), tmp_path, init_limit_s=0.5) as environment:
        assert (environment.problem, environment.reusable, environment.takes_ahead) == (None, True, False)
        assert await result_of(environment) == "ready"
        assert (environment.reusable, environment.takes_ahead) == (True, True)

    assert "the init phase of the function app took longer than 0.5 s: it runs again inside the first" in caplog.text


async def test_invocations_that_wait_for_a_late_init(tmp_path: Path) -> None:
    """The gateway starts all the same, and each of them gets its own answer."""
    (tmp_path / "app.py").write_text(f"{SLOW_ONCE}\ndef echo(event, context):\n    return event\n")
    reaper, function = Reaper(), configuration("app.echo", tmp_path)
    options = replace(worker_options(reaper, Log()), init_limit_s=0.5)
    pool = EnvironmentPool(lambda scratch: WorkerEnvironment(function, options, scratch), 1)
    starting = asyncio.ensure_future(pool.start())
    await asyncio.sleep(0)
    outcomes = await asyncio.gather(*(within(pool.invoke(invocation(number))) for number in range(5)))
    await starting
    await pool.aclose()
    await reaper.aclose()

    assert outcomes == [Returned(str(number).encode()) for number in range(5)]


async def test_late_init_counts_against_the_timeout(tmp_path: Path) -> None:
    """When the repeated init phase is no faster, the invocation times out."""
    (tmp_path / "app.py").write_text("import time\ntime.sleep(60)\n")

    function = configuration("app.handler", tmp_path, timeout_ms=300)
    async with worker(function, tmp_path, init_limit_s=0.1) as environment:
        outcome = await within(environment.invoke(invocation()))

    assert isinstance(outcome, TimedOut)
    assert outcome.after_ms == 300


class ReadOnce(dict[str, str]):
    """Variables that can be read for one process only."""

    left = 1

    def __contains__(self, name: object) -> bool:
        if name == "PATH":
            self.left -= 1
        if self.left < 0:
            raise RuntimeError(name)
        return super().__contains__(name)


async def test_defect_at_a_late_init(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The invocation fails at once, and the log has one traceback."""
    (tmp_path / "app.py").write_text("import time\ntime.sleep(60)\n")
    host = ReadOnce(PATH=os.environ["PATH"])
    async with worker(configuration("app.handler", tmp_path), tmp_path, init_limit_s=0.1, host=host) as environment:
        outcome = await within(environment.invoke(invocation()))
        assert not environment.reusable

    assert outcome == exited(REQUEST_ID, 127)
    told, defect = [record.getMessage() for record in caplog.records]
    assert told.startswith("the init phase of the function app took longer")
    assert defect.startswith("an init phase inside an invocation met a defect")


@pytest.mark.parametrize("event", ["exit", "return"])
async def test_grandchildren_end_too(tmp_path: Path, event: str) -> None:
    """What the handler started ends with the environment, after a crash as after an orderly stop."""
    marker = tmp_path / "pids"
    (tmp_path / "app.py").write_text(
        "import os, subprocess\n"
        "def handler(event, context):\n"
        "    child = subprocess.Popen(['sleep', '600'])\n"
        f"    open({str(marker)!r}, 'w').write(str(child.pid))\n"
        "    if event == 'exit':\n"
        "        os._exit(1)\n"
    )
    async with worker(configuration("app.handler", tmp_path), tmp_path) as environment:
        outcome = await within(environment.invoke(invocation(event)))

    assert isinstance(outcome, Failed if event == "exit" else Returned)
    await until_gone(int(marker.read_text()))


async def test_leaves_no_process(tmp_path: Path) -> None:
    """Neither a zombie nor a file descriptor stays, however the process ended."""
    before, descriptors = children(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count
    for handler, event in [("returns", 1), ("exits", 1), ("kills_itself", None), ("sleeps", 60)]:
        async with worker(configuration(handler, timeout_ms=100), tmp_path) as environment:
            await within(environment.invoke(invocation(event)))
    async with worker(configuration("no_such_module.handler"), tmp_path):
        pass

    await asyncio.sleep(0)  # transports close in the next turn of the loop
    assert children() == before
    assert len(os.listdir("/proc/self/fd")) <= descriptors  # noqa: PTH208


async def test_frozen_between_invocations(tmp_path: Path) -> None:
    """With freezing the process is stopped while nothing is invoked, and goes on with the next invocation."""
    async with worker(configuration("returns"), tmp_path, freeze=True) as environment:
        first = await result_of(environment)
        assert isinstance(first, dict)
        await eventually(lambda: state(first["pid"]) == "T")
        second = await result_of(environment)
        await eventually(lambda: state(first["pid"]) == "T")

    assert isinstance(second, dict)
    assert (second["pid"], second["calls"]) == (first["pid"], 2)


async def test_what_the_handler_meets(tmp_path: Path) -> None:
    """Context, trace id, variables and folders are Lambda's; nothing of the gateway's environment leaks in."""
    async with worker(configuration("describes"), tmp_path) as environment:
        given = Invocation(
            b"{}", REQUEST_ID, "arn:alias", "Root=1-0-0", b'{"custom":{"a":1}}', b'{"cognitoIdentityId":"me"}'
        )
        outcome = await environment.invoke(given)
        second = await result_of(environment)

    assert isinstance(outcome, Returned)
    met = json.loads(outcome.payload)
    variables = met.pop("variables")
    assert met == {
        "arn": "arn:alias",
        "trace": "Root=1-0-0",
        "client": {"a": 1},
        "identity": "me",
        "memory": "128",
        "folder": str(FUNCTIONS),
        "argv": [],
        "path": str(FUNCTIONS),
    }
    assert variables["_HANDLER"] == "host.describes"
    assert variables["TMPDIR"] == str(tmp_path)
    assert variables["AWS_EXECUTION_ENV"].startswith("AWS_Lambda_python3.")
    assert "SECRET_OF_THE_GATEWAY" not in variables
    assert isinstance(second, dict)
    assert second["trace"] is None
    assert second["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:app"


async def test_death_while_idle(tmp_path: Path) -> None:
    """A process that dies between invocations makes the environment unusable without anybody asking."""
    async with worker(configuration("returns"), tmp_path) as environment:
        facts = await result_of(environment)
        assert isinstance(facts, dict)
        os.kill(facts["pid"], signal.SIGKILL)
        await eventually(lambda: not environment.reusable)


class DefectiveLog(FunctionLog):
    """A log that cannot be ended."""

    def end(self, request_id: str, report: PlatformReport) -> bytes:
        """A defect."""
        raise RuntimeError(request_id, report)


@asynccontextmanager
async def defective_log(function: FunctionConfiguration, scratch: Path) -> AsyncIterator[WorkerEnvironment]:
    """An environment with such a log."""
    reaper = Reaper()
    log = DefectiveLog(lambda _: None, "none", "$LATEST", lambda: datetime.now(UTC))
    environment = WorkerEnvironment(function, replace(worker_options(reaper, Log()), log=lambda: log), scratch)
    await environment.start()
    try:
        yield environment
    finally:
        await environment.stop()
        await reaper.aclose()


async def test_defect_at_an_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The caller has its failure and the log one traceback; the process ends, since nobody knows what it does now."""
    async with defective_log(configuration("returns"), tmp_path) as environment:
        outcome = await within(environment.invoke(invocation(tail=True)))
        assert not environment.reusable

    assert outcome == exited(REQUEST_ID, 1)
    assert [record.getMessage().partition(" met ")[0] for record in caplog.records] == [f"invocation {REQUEST_ID}"]


async def test_kill_twice(tmp_path: Path) -> None:
    """Killing a dead environment does nothing."""
    async with worker(configuration("returns"), tmp_path) as environment:
        environment.kill()
        environment.kill()
        assert not environment.reusable


WAITS = """
import os, time
def handler(event, context):
    if event.get("wait"):
        open(event["wait"] + ".began", "w").close()
        while not os.path.exists(event["wait"]):
            time.sleep(0.001)
    if event.get("exit"):
        os._exit(1)
    return [event["name"], os.getpid(), context.get_remaining_time_in_millis()]
"""


class Line:
    """An environment whose first invocation runs until it is told to end, and what stands in line behind it."""

    def __init__(self, environment: WorkerEnvironment, folder: Path) -> None:
        self.environment = environment
        self.gate = folder / "gate"
        self.first: asyncio.Task[Outcome | None] | None = None

    async def begin(self, **event: object) -> None:
        """Give the first invocation and wait until it runs."""
        self.first = self.call("first", wait=str(self.gate), **event)
        await eventually(Path(f"{self.gate}.began").exists)

    def call(self, name: str, **event: object) -> "asyncio.Task[Outcome | None]":
        """Give an invocation."""
        return asyncio.ensure_future(self.environment.invoke(invocation({"name": name, **event})))

    async def end(self) -> Outcome | None:
        """Let the first one end."""
        assert self.first
        self.gate.touch()
        return await within(self.first)


@asynccontextmanager
async def line(folder: Path, timeout_ms: int = 10_000) -> AsyncIterator[Line]:
    """An environment for `Line`."""
    (folder / "app.py").write_text(WAITS)
    async with worker(configuration("app.handler", folder, timeout_ms), folder) as environment:
        yield Line(environment, folder)


def name_of(outcome: Outcome | None) -> object:
    """Which invocation an outcome is of."""
    assert isinstance(outcome, Returned), outcome
    return json.loads(outcome.payload)[0]


async def test_given_ahead(tmp_path: Path) -> None:
    """An invocation that was given ahead runs when the first has ended, with all of its time."""
    async with line(tmp_path) as subject:
        await subject.begin()
        second = subject.call("second")
        await asyncio.sleep(0.05)
        assert not second.done()
        assert name_of(await subject.end()) == "first"
        outcome = await within(second)

    assert name_of(outcome) == "second"
    assert isinstance(outcome, Returned)
    assert json.loads(outcome.payload)[2] > 9_900


async def test_taken_back(tmp_path: Path) -> None:
    """What was given ahead can be taken back until it begins; then it never runs there."""
    async with line(tmp_path) as subject:
        await subject.begin()
        second = subject.call("second")
        await asyncio.sleep(0)
        assert subject.environment.retract()
        assert await within(second) is None
        assert not subject.environment.retract()
        assert name_of(await subject.end()) == "first"
        assert name_of(await within(subject.call("third"))) == "third"


async def test_nothing_is_given_ahead_behind_one_that_was_taken_back(tmp_path: Path) -> None:
    """Its frame still waits in the socket and would begin in the other's place; once passed, all is as before."""
    async with line(tmp_path) as subject:
        await subject.begin()
        second = subject.call("second")
        await asyncio.sleep(0)
        takes = [subject.environment.takes_ahead]
        subject.environment.retract()
        await second
        takes.append(subject.environment.takes_ahead)
        await subject.end()
        takes.append(subject.environment.takes_ahead)
        third = await within(subject.call("third"))
        takes.append(subject.environment.takes_ahead)

    assert takes == [True, False, False, True]
    assert name_of(third) == "third"


async def test_crash_gives_back_what_was_given_ahead(tmp_path: Path) -> None:
    """When the first invocation ends the process, the second has not begun and may run elsewhere."""
    async with line(tmp_path) as subject:
        await subject.begin(exit=True)
        second = subject.call("second")
        await asyncio.sleep(0)
        assert isinstance(await subject.end(), Failed)
        assert await within(second) is None


async def test_timeout_gives_back_what_was_given_ahead(tmp_path: Path) -> None:
    """So it may when the first one times out."""
    async with line(tmp_path, timeout_ms=300) as subject:
        await subject.begin()
        second = subject.call("second")
        assert subject.first
        assert isinstance(await within(subject.first), TimedOut)
        assert await within(second) is None


async def test_frozen_environment_takes_nothing_ahead(tmp_path: Path) -> None:
    """It is stopped between two invocations."""
    async with worker(configuration("returns"), tmp_path, freeze=True) as environment:
        assert not environment.takes_ahead


NEEDS = """
import os, subprocess, sys
def handler(event, context):
    if event == "much":
        held = bytearray(300 << 20)
    if event == "leaves":
        subprocess.Popen(["sleep", "600"], start_new_session=True)
    return os.getpid()
"""


async def test_control_group(tmp_path: Path) -> None:
    """An invocation that needs more memory than there is ends as on Lambda, and REPORT says why."""
    (tmp_path / "app.py").write_text(NEEDS)
    log = Log()
    with ground("memory") as made:
        function = configuration("app.handler", tmp_path)
        async with worker(function, tmp_path, log, "text", means=Means(memory=made)) as environment:
            outcome = await within(environment.invoke(invocation("much")))

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.message) == ("Runtime.ExitError", "Runtime exited with error: signal: killed")
    assert re.search(r"Max Memory Used: 12[78] MB.*\tStatus: error\tError Type: Runtime.OutOfMemory", log.text), (
        log.text
    )


async def test_control_group_ends_with_its_environment(tmp_path: Path) -> None:
    """Nothing stays, neither the group nor a process that left the environment's process group."""
    (tmp_path / "app.py").write_text(NEEDS)
    with ground("memory") as made:
        function = configuration("app.handler", tmp_path)
        async with worker(function, tmp_path, means=Means(memory=made)) as environment:
            await result_of(environment, "leaves")
            (folder,) = made.folder.glob("*/")
            left = processes_in(folder)
        assert not folder.exists()

    assert len(left) == 2
    for pid in left:
        await until_gone(pid)


EARLY = """
from pathlib import Path
def quotas():
    return [file.read_text() for file in Path({folder!r}).glob("*/" + {name!r})]
early = quotas()
def handler(event, context):
    return [early, quotas()]
"""


async def test_cpu_share_begins_after_the_init_phase(tmp_path: Path) -> None:
    """Loading the handler has all of the CPU, invocations have their share."""
    with ground("cpu") as made:
        probe = made.group().folder
        name = "cpu.cfs_quota_us" if (probe / "cpu.cfs_quota_us").exists() else "cpu.max"
        remove(probe)
        (tmp_path / "app.py").write_text(EARLY.format(folder=str(made.folder), name=name))
        async with worker(configuration("app.handler", tmp_path), tmp_path, means=Means(cpu=made)) as environment:
            early, late = await lists_of(environment)

    assert [text.split()[0] for text in early] in ([], ["-1"], ["max"])
    assert [text.split()[0] for text in late] == ["1447"]


async def lists_of(environment: WorkerEnvironment) -> list[list[str]]:
    """What a handler returns, when that is lists of texts."""
    found = await result_of(environment)
    assert isinstance(found, list)
    return found


async def test_private_tmp(tmp_path: Path) -> None:
    """Where the folder is mounted, ``TMPDIR`` names the place of the mount."""
    if HIDDEN:
        pytest.skip(f"the worker needs {HIDDEN}, which a mount would hide")
    async with worker(configuration("describes"), tmp_path, means=Means(view=view())) as environment:
        met = await result_of(environment)

    assert isinstance(met, dict)
    assert met["variables"]["TMPDIR"] == "/tmp"


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder that is not below ``/tmp``, with a function that writes there."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder, "app.py").write_text("def handler(name, context): open(f'/tmp/{name}', 'x').close()\n")
        yield Path(folder)


def has(folder: Path, name: str) -> bool:
    """Whether a folder has a file."""
    return (folder / name).exists()


@pytest.mark.skipif(bool(HIDDEN), reason=f"the worker needs {HIDDEN}, which a mount would hide")
async def test_file_in_private_tmp(elsewhere: Path) -> None:
    """A handler that writes to ``/tmp`` itself has its own; that of the system stays as it is."""
    async with worker(configuration("app.handler", elsewhere), elsewhere, means=Means(view=view())) as environment:
        await result_of(environment, "made-by-a-test")

    assert has(elsewhere / "tmp", "made-by-a-test")
    assert not has(Path("/tmp"), "made-by-a-test")


@pytest.mark.parametrize(
    ("script", "expected"),
    [('export WRAPPED=1; exec "$@"\n', "1"), (None, "Runtime exited with error: exit status 127")],
)
async def test_wrapper(tmp_path: Path, script: str | None, expected: str) -> None:
    """It runs in the worker's place and passes its socket on; without it the init phase fails as on Lambda."""
    if script:
        (tmp_path / "wrapper").write_text(script)
        (tmp_path / "wrapper").chmod(0o755)
    (tmp_path / "app.py").write_text("import os\ndef handler(event, context): return os.environ['WRAPPED']\n")
    function = replace(configuration("app.handler", tmp_path), environment={"AWS_LAMBDA_EXEC_WRAPPER": "./wrapper"})
    async with worker(function, tmp_path) as environment:
        outcome = await environment.invoke(invocation())

    if script:
        assert outcome == Returned(json.dumps(expected).encode())
    else:
        assert isinstance(outcome, Failed)
        assert outcome.message == expected
