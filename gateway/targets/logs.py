"""The log of a function: its own output between the lines that the platform writes.

Text format as captured from CloudWatch in 2025 and 2026: fields separated by tabs, START and END bare, REPORT ending
in a tab unless the invocation failed, ``Init Duration`` only on a cold start, times with two decimals.  Since August
2025 the init phase is billed, so ``Billed Duration`` is the ceiling of both durations together.  JSON format: the
records of the Telemetry API, one a line.
"""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from gateway.invocation import Invocation, Report
from gateway.targets.runtime_version import RuntimeVersion

LogSink = Callable[[bytes], None]
"""Takes a piece of a function's log; may be called often, so it should gather what it gets."""

TAIL_BYTES = 4096
_KEPT_BYTES = 65_536


class PlatformReport(NamedTuple):
    """How one invocation went.

    Attributes:
        duration_ms: From the handler's start to its answer, or the timeout.
        init_ms: How long the init phase took when this invocation waited for it, else None.
        status: "" when it succeeded, ``error`` or ``timeout``.
        error_type: Such as ``Runtime.ExitError``, for failures of the platform's making.
    """

    duration_ms: float
    memory_mb: int
    max_memory_mb: int
    init_ms: float | None = None
    status: str = ""
    error_type: str = ""


class InitReport(NamedTuple):
    """How an init phase went.

    Attributes:
        status: ``error`` or ``timeout``.
        error_type: Such as ``Runtime.ExitError``, "" for none.
        phase: ``invoke`` when it ran inside an invocation.
    """

    duration_ms: float
    status: str
    error_type: str = ""
    phase: str = "init"


def start_line(request_id: str, version: str) -> str:
    """The first line of an invocation."""
    return f"START RequestId: {request_id} Version: {version}\n"


def report_lines(request_id: str, report: PlatformReport) -> str:
    """The last two lines of an invocation."""
    billed = math.ceil(report.duration_ms + (report.init_ms or 0))
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {report.duration_ms:.2f} ms",
        f"Billed Duration: {billed} ms",
        f"Memory Size: {report.memory_mb} MB",
        f"Max Memory Used: {report.max_memory_mb} MB",
    ]
    if report.init_ms is not None:
        fields.append(f"Init Duration: {report.init_ms:.2f} ms")
    if report.status:
        fields.append(f"Status: {report.status}")
        if report.error_type:
            fields.append(f"Error Type: {report.error_type}")
    else:
        fields.append("")
    return f"END RequestId: {request_id}\n" + "\t".join(fields) + "\n"


def init_start_line(runtime: RuntimeVersion) -> str:
    """The first line of an environment."""
    return f"INIT_START Runtime Version: {runtime.version}\tRuntime Version ARN: {runtime.arn}\n"


def init_report_line(report: InitReport) -> str:
    """The line of an init phase that did not end well."""
    fields = [f"INIT_REPORT Init Duration: {report.duration_ms:.2f} ms", f"Phase: {report.phase}"]
    fields.append(f"Status: {report.status}")
    if report.error_type:
        fields.append(f"Error Type: {report.error_type}")
    return "\t".join(fields) + "\n"


def init_report_record(report: InitReport) -> dict[str, object]:
    """The ``platform.initReport`` record of an init phase."""
    record: dict[str, object] = {
        "initializationType": "on-demand",
        "phase": report.phase,
        "status": report.status,
        "metrics": {"durationMs": round(report.duration_ms, 3)},
    }
    return record | ({"errorType": report.error_type} if report.error_type else {})


def platform_record(kind: str, record: dict[str, object], now: datetime) -> str:
    """One line of the JSON format; ``kind`` such as ``platform.start``."""
    time = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": time, "type": kind, "record": record}, separators=(",", ":")) + "\n"


def report_record(request_id: str, report: PlatformReport) -> dict[str, object]:
    """The ``platform.report`` record of an invocation."""
    metrics: dict[str, object] = {
        "durationMs": round(report.duration_ms, 3),
        "billedDurationMs": math.ceil(report.duration_ms + (report.init_ms or 0)),
        "memorySizeMB": report.memory_mb,
        "maxMemoryUsedMB": report.max_memory_mb,
    }
    if report.init_ms is not None:
        metrics["initDurationMs"] = round(report.init_ms, 3)
    record: dict[str, object] = {
        "requestId": request_id,
        "metrics": metrics,
        "status": report.status or "success",
    }
    if report.error_type:
        record["errorType"] = report.error_type
    return record


class FunctionLog:
    """The log of one execution environment.

    What is written from the begin of one invocation to that of the next belongs to the first, what comes after its end
    included.

    Args:
        sink: Where everything goes.
        platform: Which platform lines are written: ``none``, ``text`` or ``json``.
        now: The clock of the JSON format.
        runtime: What the first line says; None writes none.

    Attributes:
        platform_lines: Whether platform lines are written for every invocation.
        wanted: Whether the platform lines of this invocation go anywhere.
        report: Keeps the log of the last invocation that began; None when nobody asked for it.
    """

    def __init__(
        self,
        sink: LogSink,
        platform: str,
        version: str,
        now: Callable[[], datetime],
        runtime: RuntimeVersion | None = None,
    ) -> None:
        self._runtime = runtime
        self._sink = sink
        self._platform = platform
        self._version = version
        self._now = now
        self._tail: bytearray | None = None
        self.platform_lines = self.wanted = platform != "none"
        self.report: Report | None = None

    def output(self, chunk: bytes) -> None:
        """Something the function or its runtime wrote."""
        if self._tail is not None:
            self._tail += chunk
            if len(self._tail) > _KEPT_BYTES:
                del self._tail[:-TAIL_BYTES]
        self._pass_on(chunk)

    def init_began(self) -> None:
        """The environment's init phase begins."""
        if self.platform_lines and self._runtime is not None:
            record: dict[str, object] = {
                "initializationType": "on-demand",
                "phase": "init",
                "runtimeVersion": self._runtime.version,
                "runtimeVersionArn": self._runtime.arn,
            }
            self._write(init_start_line(self._runtime), "platform.initStart", record)

    def init_failed(self, report: InitReport) -> None:
        """An init phase has not ended well; nothing is written of one that has, as by Lambda at its usual level."""
        if self.platform_lines:
            self._write(init_report_line(report), "platform.initReport", init_report_record(report))

    def begin(self, invocation: Invocation, drain: Callable[[], None]) -> None:
        """An invocation begins: what follows is its log, and kept for `end` where its caller wants the tail.

        Args:
            invocation: The one that begins.
            drain: Hands over what was written before, which belongs to no log or tail that begins here.
        """
        report = invocation.report if invocation.report is not None and invocation.report.details else None
        if invocation.tail or report is not self.report:
            drain()
            self.report = report
        self._tail = bytearray() if invocation.tail else None
        self.wanted = self.platform_lines or invocation.tail
        if self.wanted:
            record: dict[str, object] = {"requestId": invocation.request_id, "version": self._version}
            self._write(start_line(invocation.request_id, self._version), "platform.start", record)

    def end(self, request_id: str, report: PlatformReport) -> bytes:
        """An invocation ended: the last 4 KB of its log when `begin` was asked to keep it."""
        if not self.wanted:
            return b""
        self._write(report_lines(request_id, report), "platform.report", report_record(request_id, report))
        tail, self._tail = self._tail, None
        self.wanted = self.platform_lines
        return bytes(tail[-TAIL_BYTES:]) if tail else b""

    def _write(self, text: str, kind: str, record: dict[str, object]) -> None:
        line = platform_record(kind, record, self._now()) if self._platform == "json" else text
        if self._tail is not None:
            self._tail += line.encode()
        if self.platform_lines:
            self._pass_on(line.encode())

    def _pass_on(self, chunk: bytes) -> None:
        if self.report is not None:
            self.report.add_log(chunk)
        self._sink(chunk)
