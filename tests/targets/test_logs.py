"""The platform's log lines, as captured from CloudWatch and from the Telemetry API."""

import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gateway.invocation import Invocation, Report
from gateway.targets.logs import (
    FunctionLog,
    InitReport,
    PlatformReport,
    platform_record,
    report_lines,
    report_record,
)
from gateway.targets.runtime_version import RuntimeVersion

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
NOW = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (
            PlatformReport(2.371, 128, 45),
            "Duration: 2.37 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 45 MB\t\n",
        ),
        (
            PlatformReport(2.37, 128, 45, 423.98),
            (
                "Duration: 2.37 ms\tBilled Duration: 427 ms\tMemory Size: 128 MB\tMax Memory Used: 45 MB\t"
                "Init Duration: 423.98 ms\t\n"
            ),
        ),
        (
            PlatformReport(3000.0, 256, 60, None, "timeout"),
            (
                "Duration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 256 MB\tMax Memory Used: 60 MB\t"
                "Status: timeout\n"
            ),
        ),
        (
            PlatformReport(10.5, 128, 30, None, "error", "Runtime.ExitError"),
            (
                "Duration: 10.50 ms\tBilled Duration: 11 ms\tMemory Size: 128 MB\tMax Memory Used: 30 MB\t"
                "Status: error\tError Type: Runtime.ExitError\n"
            ),
        ),
    ],
)
def test_report_lines(report: PlatformReport, line: str) -> None:
    """END is bare; REPORT has tabs, two decimals, and a last tab only when all went well."""
    assert report_lines("an-id", report) == f"END RequestId: an-id\nREPORT RequestId: an-id\t{line}"


def test_platform_record() -> None:
    """A record has its time in milliseconds and Z."""
    assert platform_record("platform.start", {"a": 1}, NOW) == (
        '{"time":"2026-01-02T03:04:05.678Z","type":"platform.start","record":{"a":1}}\n'
    )


def test_report_record() -> None:
    """Members as the Telemetry API has them; optional ones only when there is something to say."""
    assert report_record("an-id", PlatformReport(2.3714, 128, 45)) == {
        "requestId": "an-id",
        "metrics": {"durationMs": 2.371, "billedDurationMs": 3, "memorySizeMB": 128, "maxMemoryUsedMB": 45},
        "status": "success",
    }
    cold = report_record("an-id", PlatformReport(1.0, 128, 45, 10.0, "error", "Runtime.ExitError"))
    assert (cold["status"], cold["errorType"]) == ("error", "Runtime.ExitError")
    assert json.loads(json.dumps(cold["metrics"]))["initDurationMs"] == 10.0


def function_log(platform: str) -> tuple[FunctionLog, list[bytes]]:
    """A log and where it goes."""
    sink: list[bytes] = []
    return FunctionLog(sink.append, platform, "$LATEST", lambda: NOW), sink


def begin(
    log: FunctionLog, *, tail: bool = False, report: Report | None = None, drain: Callable[[], None] = lambda: None
) -> None:
    """Another invocation begins."""
    log.begin(Invocation(b"{}", REQUEST_ID, tail=tail, report=report), drain)


def test_no_platform_lines() -> None:
    """Without platform lines the log is what the function wrote, and no report needs to be made."""
    log, sink = function_log("none")
    begin(log)
    log.output(b"hello\n")

    assert not log.wanted
    assert log.end(REQUEST_ID, PlatformReport(1, 128, 1)) == b""
    assert b"".join(sink) == b"hello\n"


def test_tail_without_platform_lines() -> None:
    """A caller's tail always has the platform's lines, also when the log shows none."""
    log, sink = function_log("none")
    begin(log, tail=True)
    log.output(b"hello\n")
    tail = log.end(REQUEST_ID, PlatformReport(1, 128, 1)).decode()

    assert tail.startswith(
        f"START RequestId: {REQUEST_ID} Version: $LATEST\nhello\nEND RequestId: {REQUEST_ID}\nREPORT"
    )
    assert b"".join(sink) == b"hello\n"


def test_tail_is_4_kb() -> None:
    """Only the last 4 KB are told, and the next invocation begins with none."""
    log, _ = function_log("text")
    begin(log, tail=True)
    log.output(b"x" * 10_000)
    tail = log.end(REQUEST_ID, PlatformReport(1, 128, 1))
    begin(log)

    assert len(tail) == 4096
    assert tail.endswith(b"\t\n")
    assert log.end(REQUEST_ID, PlatformReport(1, 128, 1)) == b""


def test_tail_of_a_log_without_end() -> None:
    """Of 16 MB that a handler writes little more than the tail is kept, and it is the end of it."""
    log = FunctionLog(lambda _: None, "none", "$LATEST", lambda: NOW)
    begin(log, tail=True)
    tracemalloc.start()
    for number in range(256):
        log.output(b"%04d" % number * 16_384)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert b"0255END RequestId" in log.end(REQUEST_ID, PlatformReport(1, 128, 1))
    assert peak < 1_000_000


def test_json_lines() -> None:
    """In the JSON format every platform line is a record."""
    log, sink = function_log("json")
    begin(log)
    log.end(REQUEST_ID, PlatformReport(1, 128, 1))

    records = [json.loads(line) for line in b"".join(sink).splitlines()]
    assert [record["type"] for record in records] == ["platform.start", "platform.report"]
    assert records[0]["record"] == {"requestId": REQUEST_ID, "version": "$LATEST"}


def test_report_has_the_lines_of_its_invocation() -> None:
    """As the log has them: the platform's, and what comes after the end but before the next begin."""
    log, sink = function_log("text")
    first, second = Report(), Report()
    begin(log, report=first)
    log.output(b"one\n")
    log.end(REQUEST_ID, PlatformReport(1, 128, 1))
    log.output(b"late\n")
    begin(log, report=second)
    log.output(b"two\n")

    assert b"".join([*first.log, *second.log]) == b"".join(sink)
    assert b"".join(first.log).startswith(b"START RequestId: ")
    assert b"".join(first.log).endswith(b"\t\nlate\n")
    assert b"".join(second.log).endswith(b"\ntwo\n")


@pytest.mark.parametrize("after", [None, Report(details=False)], ids=["nobody asks", "no log is asked for"])
def test_report_of_an_invocation_before(after: Report | None) -> None:
    """It gets nothing of one whose log is not kept."""
    log, _ = function_log("text")
    report = Report()
    begin(log, report=report)
    kept = list(report.log)
    begin(log, report=after)
    log.output(b"two\n")

    assert report.log == kept
    assert log.report is None
    assert after is None or after.log == []


def test_output_that_waits_belongs_to_the_invocation_before() -> None:
    """What was written before an invocation begins is no part of its report or tail; it is read when one is kept."""
    log, sink = function_log("none")
    report = Report()
    begin(log, report=report, drain=lambda: log.output(b"init\n"))
    begin(log, tail=True, drain=lambda: log.output(b"late\n"))
    tail = log.end(REQUEST_ID, PlatformReport(1, 128, 1))
    begin(log, drain=lambda: log.output(b"never read\n"))
    begin(log, tail=True, drain=lambda: log.output(b"later\n"))
    later_tail = log.end(REQUEST_ID, PlatformReport(1, 128, 1))

    assert b"".join(report.log) == b"late\n"
    assert b"late" not in tail + later_tail
    assert b"".join(sink) == b"init\nlate\nlater\n"


RUNTIME = RuntimeVersion("python:3.13.v1", "arn:aws:lambda:us-east-1::runtime:00")


def init_lines(platform: str, report: InitReport) -> str:
    """What is written about an init phase that did not end well."""
    sink: list[bytes] = []
    log = FunctionLog(sink.append, platform, "$LATEST", lambda: datetime(2026, 11, 23, tzinfo=UTC), RUNTIME)
    log.init_began()
    log.output(b"loading\n")
    log.init_failed(report)
    return b"".join(sink).decode()


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (
            InitReport(154.03, "error", "Runtime.ExitError"),
            "INIT_REPORT Init Duration: 154.03 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError\n",
        ),
        (
            InitReport(99.65, "error", "Runtime.ExitError", "invoke"),
            "INIT_REPORT Init Duration: 99.65 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError\n",
        ),
        (InitReport(9999.79, "timeout"), "INIT_REPORT Init Duration: 9999.79 ms\tPhase: init\tStatus: timeout\n"),
    ],
)
def test_init_phase(report: InitReport, line: str) -> None:
    """The lines of CloudWatch, collected in 2024, around what was printed."""
    start = "INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:00\n"

    assert init_lines("text", report) == f"{start}loading\n{line}"
    assert init_lines("none", report) == "loading\n"


def test_init_phase_as_json() -> None:
    """The records of the Telemetry API."""
    first, _, last = init_lines("json", InitReport(9999.79, "error", "Runtime.ExitError")).splitlines()

    assert json.loads(first)["record"]["runtimeVersion"] == "python:3.13.v1"
    assert json.loads(last)["type"] == "platform.initReport"
    assert json.loads(last)["record"] == {
        "initializationType": "on-demand",
        "phase": "init",
        "status": "error",
        "metrics": {"durationMs": 9999.79},
        "errorType": "Runtime.ExitError",
    }
