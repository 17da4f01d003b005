"""What is written about the invocations of one environment: its log, its telemetry, its memory."""

import time

from gateway.configuration import FunctionConfiguration
from gateway.invocation import Invocation
from gateway.targets.logs import FunctionLog, InitReport, PlatformReport, report_record
from gateway.targets.process import ChildProcess
from gateway.targets.runtime_api.telemetry import Telemetry
from gateway.types import Json


class PlatformEvents:
    """Writes the platform's lines around what a function prints.

    Attributes:
        init_ms: How long the init phase took, until the first invocation has reported it.
    """

    def __init__(self, configuration: FunctionConfiguration, log: FunctionLog, telemetry: Telemetry) -> None:
        self._configuration = configuration
        self._log = log
        self._telemetry = telemetry
        self._peak_mb = 0
        self.init_ms: float | None = None

    @property
    def wanted(self) -> bool:
        """Whether anybody hears how this invocation ends, and what it printed."""
        return self._log.wanted or self._log.report is not None or self._telemetry.wanted

    def init_began(self) -> None:
        """The init phase has begun."""
        record: Json = {
            "initializationType": "on-demand",
            "phase": "init",
            "functionName": self._configuration.name,
            "functionVersion": self._configuration.version,
        }
        self._log.init_began()
        self._telemetry.emit("platform.initStart", record)

    def init_ended(self, duration_ms: float, status: str, error_type: str = "") -> None:
        """The init phase has ended: ``success``, ``error`` or ``timeout``."""
        self.init_ms = duration_ms
        if status != "success":
            self._log.init_failed(InitReport(duration_ms, status, error_type))
        phase: dict[str, Json] = {"initializationType": "on-demand", "phase": "init", "status": status}
        self._telemetry.emit("platform.initRuntimeDone", phase)
        self._telemetry.emit("platform.initReport", {**phase, "metrics": {"durationMs": round(duration_ms, 3)}})

    def output(self, chunk: bytes) -> None:
        """The runtime or the function printed something."""
        self._log.output(chunk)
        self._telemetry.output("function", chunk)

    def begin(self, invocation: Invocation, began: float, environment: str, process: ChildProcess | None) -> None:
        """An invocation begins.

        Args:
            invocation: The one that begins.
            began: `time.perf_counter` at its begin.
            environment: The environment's name.
            process: The runtime's, which may have printed something that is no part of this invocation.
        """
        self._log.begin(invocation, process.drain if process is not None else lambda: None)
        if invocation.report is not None:
            invocation.report.begin(began, environment, self._configuration.version, self.init_ms)
        if self._telemetry.wanted:
            record: Json = {"requestId": invocation.request_id, "version": self._configuration.version}
            self._telemetry.emit("platform.start", record)

    def measure(self, process: ChildProcess | None) -> None:
        """Take what has been printed, and the memory."""
        if process is not None:
            process.drain()
            self._peak_mb = max(self._peak_mb, process.peak_memory_mb)

    def end(
        self, invocation: Invocation, began: float, process: ChildProcess | None, status: str, error_type: str
    ) -> bytes:
        """An invocation has ended; returns the tail of its log where it was asked for.

        Args:
            invocation: The one that has ended.
            began: `time.perf_counter` at its begin.
            process: The runtime's, which may have printed something that is still to be read.
            status: "", ``error`` or ``timeout``.
            error_type: Of the failure.
        """
        init_ms, self.init_ms = self.init_ms, None
        ended = time.perf_counter()
        if self.wanted and status != "timeout":
            self.measure(process)
        if invocation.report is not None:
            invocation.report.end(ended, self._peak_mb)
        if not self.wanted:
            return b""
        request_id = invocation.request_id
        duration_ms = float(self._configuration.timeout_ms) if status == "timeout" else (ended - began) * 1000
        report = PlatformReport(duration_ms, self._configuration.memory_mb, self._peak_mb, init_ms, status, error_type)
        if self._telemetry.wanted:
            self._emit(request_id, report)
        return self._log.end(request_id, report)

    def _emit(self, request_id: str, report: PlatformReport) -> None:
        done: dict[str, Json] = {
            "requestId": request_id,
            "status": report.status or "success",
            "metrics": {"durationMs": round(report.duration_ms, 3)},
        }
        if report.error_type:
            done["errorType"] = report.error_type
        self._telemetry.emit("platform.runtimeDone", done)
        self._telemetry.emit("platform.report", report_record(request_id, report))
