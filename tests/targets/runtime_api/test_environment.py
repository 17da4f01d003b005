"""Environments over the Runtime API, with real runtimes."""

import asyncio
import itertools
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.invocation import Failed, Invocation, Report, Returned, StreamBroken, Streamed, TimedOut
from gateway.limits.means import Means
from gateway.same_origin import allowed_callers
from gateway.targets.logs import FunctionLog
from gateway.targets.pool import EnvironmentPool
from gateway.targets.reaper import Reaper
from gateway.targets.runtime_api.environment import RuntimeApiEnvironment
from gateway.targets.runtime_api.peers import can_tell
from tests.limits.grounds import ground, quota_us, view
from tests.targets.conformance import FUNCTIONS, Behaviour, Log, behaviours_of
from tests.targets.runtime_api.client import RawClient
from tests.targets.runtime_api.opening import (
    NODE,
    ONE_EACH,
    OWN_PYTHON,
    PYTHON,
    environment,
    needs_curl,
    needs_node,
    options_for,
)

pytestmark = pytest.mark.anyio
TELLS_ITS_ADDRESS = """
import os, urllib.request
address = os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    with urllib.request.urlopen(f"http://{address}/2018-06-01/runtime/invocation/next") as event:
        request_id = event.headers["Lambda-Runtime-Aws-Request-Id"]
    answer = f"http://{address}/2018-06-01/runtime/invocation/{request_id}/response"
    urllib.request.urlopen(answer, address.encode()).close()
"""
"""A runtime whose results are where it finds the Runtime API."""
ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


def names(rows: Sequence[Behaviour]) -> list[str]:
    """Ids for the parametrized tests."""
    return [row.name for row in rows]


@pytest.mark.parametrize("behaviour", behaviours_of(PYTHON), ids=names(behaviours_of(PYTHON)))
async def test_awslambdaric(behaviour: Behaviour) -> None:
    """AWS's own Python client finds the Runtime API that it knows."""
    await behaviour.check(PYTHON)


@pytest.mark.parametrize("behaviour", behaviours_of(OWN_PYTHON), ids=names(behaviours_of(OWN_PYTHON)))
async def test_own_python_client(behaviour: Behaviour) -> None:
    """The gateway's own client behaves as the table says, too."""
    await behaviour.check(OWN_PYTHON)


@needs_node
@pytest.mark.parametrize("behaviour", behaviours_of(NODE), ids=names(behaviours_of(NODE)))
async def test_node(behaviour: Behaviour) -> None:
    """Node.js handlers behave as the table says."""
    await behaviour.check(NODE)


@needs_curl
async def test_shell() -> None:
    """A custom runtime may be a shell script with curl."""
    log = Log()
    configuration = FunctionConfiguration("shell", "any.thing", FUNCTIONS / "shell", runtime="provided")
    async with environment(configuration, log) as function:
        returned = await function.invoke(Invocation(b'{"a":1}', ID))
        failed = await function.invoke(Invocation(b'"raise"', ID))

    assert isinstance(returned, Returned)
    assert json.loads(returned.payload) == {"handler": "any.thing", "event": {"a": 1}}
    assert isinstance(failed, Failed)
    assert failed.payload == b'{"errorType":"Shell.Error","errorMessage":"asked to"}'
    assert f"shell got {ID}\n" in log.text


def command(script: str, **changes: object) -> FunctionConfiguration:
    """A function whose runtime is a shell command."""
    base = FunctionConfiguration("f", "h", FUNCTIONS / "shell", runtime="provided", command=("/bin/sh", "-c", script))
    return replace(base, **changes)  # type: ignore[arg-type]  # by name


@pytest.mark.skipif(not can_tell(), reason="this system does not say who is at the other end")
@pytest.mark.parametrize(("hosts", "status"), [([], 403), (["host.docker.internal"], 200)])
async def test_strangers_at_the_runtime_api(hosts: list[str], status: int) -> None:
    """They are refused, such as this test, and the runtime is not; but for runtimes elsewhere everybody is let in."""
    command = (sys.executable, "-c", TELLS_ITS_ADDRESS)
    configuration = FunctionConfiguration("f", "h", FUNCTIONS / "shell", runtime="provided", command=command)
    async with environment(configuration, Log(), allowed_callers=allowed_callers(hosts, [])) as function:
        returned = await function.invoke(Invocation(b"{}", ID))
        assert isinstance(returned, Returned)
        async with RawClient(returned.payload.decode()) as stranger:
            stranger.get("/2018-06-01/ping")
            reply = await stranger.reply()

    assert reply.status == status


async def test_defect_at_a_launch(caplog: pytest.LogCaptureFixture) -> None:
    """The init phase has failed at once, and not after its ten seconds; the log has one traceback."""

    def variables(scratch: Path) -> dict[str, str]:
        raise LookupError(scratch)

    async with environment(command("exit 0"), Log(), variables=variables) as function:
        outcome = await function.invoke(Invocation(b"{}", ID))

    assert function.problem == "the gateway could not launch the runtime"
    assert isinstance(outcome, Failed)
    assert outcome.error_type == "Runtime.Unknown"
    assert [record.getMessage().partition(" met ")[0] for record in caplog.records] == ["the launch of a runtime"]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 0", "Runtime exited without providing a reason"),
        ("exit 127", "Runtime exited with error: exit status 127"),
        ("kill -SEGV $$", "Runtime exited with error: signal: segmentation fault"),
    ],
)
async def test_exit_during_init(script: str, reason: str) -> None:
    """A runtime that ends before its first next fails the first invocation, with that invocation's id."""
    async with environment(command(script), Log()) as function:
        problem = function.problem
        outcome = await function.invoke(Invocation(b"{}", ID))

        assert not function.reusable
    assert problem == reason
    assert isinstance(outcome, Failed)
    assert json.loads(outcome.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {ID} Error: {reason}",
    }


@pytest.mark.parametrize(
    ("changes", "error_type", "reason"),
    [
        ({"command": ("/no/such/program",)}, "Runtime.InvalidEntrypoint", "fork/exec /no/such/program: no such file"),
        ({"command": ("/etc/passwd",)}, "Runtime.InvalidEntrypoint", "fork/exec /etc/passwd: permission denied"),
        ({"task_root": Path("/no/such/folder")}, "Runtime.InvalidWorkingDir", "chdir /no/such/folder: no such file"),
    ],
)
async def test_cannot_start(changes: dict[str, object], error_type: str, reason: str) -> None:
    """A program that cannot be started is an answer, not an exception."""
    async with environment(command("true", **changes), Log()) as function:
        outcome = await function.invoke(Invocation(b"{}", ID))

    assert isinstance(outcome, Failed)
    assert outcome.error_type == error_type
    assert outcome.message.startswith(reason)


async def test_slow_init_begins_again(caplog: pytest.LogCaptureFixture) -> None:
    """An init phase over its limit is done again inside the first invocation, and is no problem."""
    configuration = replace(PYTHON.base, handler="slow_import.handler", timeout_ms=10_000)
    async with environment(configuration, Log(), init_limit_s=0.3) as function:
        before = function.reusable
        outcome = await function.invoke(Invocation(b"{}", ID))

        assert before
        assert function.reusable
    assert function.problem is None
    assert "the init phase of the function conformance took longer than 0.3 s: it runs again inside" in caplog.text
    assert outcome == Returned(b'"at last"')


async def test_slow_init_times_out_in_the_invocation() -> None:
    """The second try is under the function's timeout."""
    configuration = replace(PYTHON.base, handler="slow_import.handler", timeout_ms=300)
    async with environment(configuration, Log(), init_limit_s=0.2) as function:
        outcome = await function.invoke(Invocation(b"{}", ID))

        assert not function.reusable
    assert isinstance(outcome, TimedOut)


@needs_curl
async def test_report_of_an_init_that_begins_again() -> None:
    """The phase is told as the first invocation's, whose own time begins after it."""
    report = Report()
    async with environment(command(f"sleep 0.3; {ONE_EACH}"), Log(), init_limit_s=0.1) as function:
        await function.invoke(Invocation(b"{}", ID, report=report))

    assert report.cold
    assert report.init_s > 0.3
    assert 0 < report.ended_at - report.started_at < 0.3


@needs_curl
async def test_report_of_a_runtime_that_begins_anew() -> None:
    """Its invocation is a cold one in an environment that has been there before."""
    reports = Report(), Report()
    streams = (str(number) for number in itertools.count())

    def variables(_: Path) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "AWS_LAMBDA_LOG_STREAM_NAME": next(streams)}

    script = f"echo in stream $AWS_LAMBDA_LOG_STREAM_NAME; {ONE_EACH}"
    async with environment(command(script), Log(), variables=variables) as function:
        for report in reports:
            await function.invoke(Invocation(b"{}", ID, report=report))

    first, second = reports
    assert (first.cold, second.cold) == (True, True)
    assert second.init_s > 0
    assert second.ended_at >= second.started_at > first.ended_at
    assert first.environment == second.environment == "0"
    assert b"".join(second.log) == b"in stream 0\n"


@needs_node
async def test_report_of_a_stream() -> None:
    """Its end is that of the head; the rest of the log, and the memory, come with the stream's end."""
    report = Report()
    async with NODE.function("streams_and_says") as function:
        outcome = await function.target.invoke(Invocation(b"{}", ID, streaming=True, report=report))
        assert isinstance(outcome, Streamed)
        assert outcome.ended
        head_at = report.ended_at
        body = b"".join([piece async for piece in outcome.chunks])
        await outcome.ended

    assert body == b"ab"
    assert 0 < report.started_at < head_at == report.ended_at
    assert report.memory_mb > 0
    assert b"".join(report.log) == b"last\n"


async def test_log_comes_before_the_end() -> None:
    """The tail holds what the handler printed, between START and REPORT."""
    async with PYTHON.function("prints") as function:
        outcome = await function.target.invoke(Invocation(b"{}", ID, tail=True))

    assert isinstance(outcome, Returned)
    start, *printed, end, report = outcome.log_tail.decode().splitlines()
    assert start == f"START RequestId: {ID} Version: $LATEST"
    assert printed == ["to stdout", "to stderr"]
    assert end == f"END RequestId: {ID}"
    assert "Init Duration: " in report


async def test_timeout_leaves_no_process() -> None:
    """What the runtime started ends with it, and nothing stays a zombie."""
    script = 'sleep 60 & echo "$! $$"; wait'
    log = Log()
    async with environment(command(script, timeout_ms=200), log, init_limit_s=0.5) as function:
        await function.invoke(Invocation(b"{}", ID))
        await function.stop()

        grandchild, child = map(int, log.text.split()[-2:])
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
        while runs(grandchild):  # noqa: ASYNC110 - a signal takes its moment, and the test its time limit
            await asyncio.sleep(0.001)


def runs(pid: int) -> bool:
    """Whether a process that is not our child runs; a dead one may wait for whoever inherited it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or state_of(pid) != "Z"


@needs_node
async def test_stream_waits_for_its_reader() -> None:
    """A slow reader holds the handler back, so memory stays small; all bytes arrive."""
    async with NODE.function("pours") as function:
        outcome = await function.invoke({"pieces": 800}, streaming=True)
        assert isinstance(outcome, Streamed)
        first = await anext(aiter(outcome.chunks))
        await asyncio.sleep(0.1)
        held = outcome.chunks._held  # type: ignore[attr-defined]  # what a user would see as memory
        total = len(first)
        async for piece in outcome.chunks:
            total += len(piece)

    assert held < 1024 * 1024
    assert total == 800 * 65536


@needs_node
async def test_stream_that_nobody_reads_on() -> None:
    """A reader that leaves lets the function run to its end, as on Lambda; the environment is then free."""
    async with NODE.function("pours") as function:
        outcome = await function.invoke({"pieces": 200}, streaming=True)
        assert isinstance(outcome, Streamed)
        await outcome.chunks.aclose()  # type: ignore[attr-defined]  # ours has it
        again = await function.invoke({"pieces": 0})

    assert isinstance(again, Returned)


@needs_node
async def test_stream_that_fails_before_it_begins() -> None:
    """Without a single byte there is no stream to break: the invocation has failed."""
    async with NODE.function("streams_nothing") as function:
        outcome = await function.invoke({}, streaming=True)

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.message) == ("RangeError", "before the first piece")


@needs_node
async def test_timeout_breaks_a_stream() -> None:
    """A stream that is still open at the timeout ends with the platform's error."""
    async with NODE.function("forgets_to_end", timeout_ms=300) as function:
        outcome = await function.invoke({}, streaming=True)
        assert isinstance(outcome, Streamed)
        with pytest.raises(StreamBroken, match=r"Sandbox\.Timedout"):
            async for _ in outcome.chunks:
                pass


@needs_node
async def test_exit_breaks_a_stream() -> None:
    """Its error says how the process ended, which says more than that its connection did."""
    async with NODE.function("streams_and_exits", timeout_ms=10_000) as function:
        outcome = await function.invoke({}, streaming=True)
        assert isinstance(outcome, Streamed)
        with pytest.raises(StreamBroken, match=r"^Runtime\.ExitError$") as raised:
            async for _ in outcome.chunks:
                pass

    assert b"Runtime exited with error: exit status 3" in raised.value.payload


@needs_node
async def test_pool_waits_for_the_end_of_a_stream() -> None:
    """While a stream is open its environment is busy: with room for one, the next invocation waits."""
    configuration = replace(NODE.base, handler="behaviours.pours", timeout_ms=10_000)
    reaper, log = Reaper(), Log()
    options = options_for(configuration, log, reaper)
    pool = EnvironmentPool(lambda scratch: RuntimeApiEnvironment(configuration, options, scratch), 1)
    await pool.start()
    first = await pool.invoke(Invocation(b'{"pieces":100}', ID, streaming=True))
    second = asyncio.ensure_future(pool.invoke(Invocation(b'{"pieces":1}', ID)))
    assert isinstance(first, Streamed)
    begin = await anext(aiter(first.chunks))
    waited = not second.done()
    total = len(begin) + sum([len(piece) async for piece in first.chunks])
    outcome = await second
    environments = pool.environments
    await pool.aclose()
    await reaper.aclose()

    assert (waited, environments, total) == (True, 1, 100 * 65536)
    assert isinstance(outcome, Returned)


async def test_cancelled_start_leaves_no_process(tmp_path: Path) -> None:
    """A start that is cancelled half-way ends the process that is being started."""
    configuration = command("echo $$; sleep 60")
    reaper, log = Reaper(), Log()
    function = RuntimeApiEnvironment(configuration, options_for(configuration, log, reaper), tmp_path)
    starting = asyncio.ensure_future(function.start())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    starting.cancel()
    await asyncio.wait([starting])
    await function.stop()
    await reaper.aclose()

    assert function.pid == 0
    for pid in log.text.split():
        while runs(int(pid)):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.001)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the state of a process is read from /proc")
async def test_freeze() -> None:
    """A frozen environment makes no progress between invocations, and wakes for the next one."""
    configuration = replace(PYTHON.base, handler="behaviours.returns")
    async with environment(configuration, Log(), freeze=True) as function:
        await function.invoke(Invocation(b"{}", ID))
        while state_of(function.pid) != "T":  # noqa: ASYNC110 - the system has no event for it
            await asyncio.sleep(0.001)
        again = await function.invoke(Invocation(b"{}", ID))

    assert isinstance(again, Returned)
    assert json.loads(again.payload)["calls"] == 2


def state_of(pid: int) -> str:
    """The letter that Linux has for what a process does: T when it is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def reports_to(log: Log) -> Callable[[], FunctionLog]:
    """Makes logs with REPORT lines."""
    return lambda: FunctionLog(log.append, "text", "$LATEST", lambda: datetime.now(UTC))


async def test_control_group(tmp_path: Path) -> None:
    """An invocation that needs more memory than there is ends as on Lambda, and REPORT says why."""
    (tmp_path / "app.py").write_text("def handler(event, context): return len(bytearray(300 << 20))\n")
    configuration = replace(PYTHON.base, handler="app.handler", task_root=tmp_path)
    reaper, log = Reaper(), Log()
    with ground("memory") as made:
        options = replace(options_for(configuration, log, reaper), means=Means(memory=made), log=reports_to(log))
        function = RuntimeApiEnvironment(configuration, options, tmp_path)
        await function.start()
        (folder,) = made.folder.glob("*/")
        outcome = await function.invoke(Invocation(b"{}", ID))
        await function.stop()
        assert not folder.exists()
    await reaper.aclose()

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.message) == ("Runtime.ExitError", "Runtime exited with error: signal: killed")
    assert re.search(r"Max Memory Used: 12[78] MB.*\tStatus: error\tError Type: Runtime.OutOfMemory", log.text), (
        log.text
    )


@pytest.mark.parametrize("init_limit_s", [10.0, 0.0])
async def test_cpu_share(init_limit_s: float) -> None:
    """It begins when the init phase is over, also when that has taken too long."""
    configuration = replace(PYTHON.base, handler="behaviours.returns")
    with ground("cpu") as made:
        means = Means(cpu=made)
        async with environment(configuration, Log(), means=means, init_limit_s=init_limit_s) as function:
            outcome = await function.invoke(Invocation(b"{}", ID))
            shares = [quota_us(folder) for folder in made.folder.glob("*/")]

    assert isinstance(outcome, Returned)
    assert shares == [1447]


async def test_private_tmp() -> None:
    """Where the folder is mounted, ``TMPDIR`` names the place of the mount."""
    log = Log()
    async with environment(command("echo $TMPDIR; ls -A /tmp"), log, means=Means(view=view())):
        assert log.text == "/tmp\n"
