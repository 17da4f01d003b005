"""One Python execution environment: what its worker process is given, in which order, and what becomes of it."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

from gateway.configuration import FunctionConfiguration
from gateway.defects import report
from gateway.invocation import Failed, Invocation, Outcome, Report, Returned, TimedOut
from gateway.targets.deadline import Deadline
from gateway.targets.environment import OutcomeFuture
from gateway.targets.failures import exited, init_problem, not_started, tell_of_a_late_init, timed_out
from gateway.targets.logs import InitReport, PlatformReport
from gateway.targets.worker.calls import End, Ending, Loaded, NotLoaded, WorkerCall, init_of, outcome_of
from gateway.targets.worker.framing import Frame
from gateway.targets.worker.process import WorkerOptions, WorkerProcess


class WorkerEnvironment:
    """A worker process with the handler loaded once; implements `gateway.targets.environment.Environment`.

    The init phase may take 10 s; after that the process is ended and the phase is done once more inside the first
    invocation, under the function's timeout.  A timeout, a crash and a failed init phase end the process for good.
    """

    def __init__(self, configuration: FunctionConfiguration, options: WorkerOptions, scratch: Path) -> None:
        self.configuration = configuration
        self.problem: str | None = None
        self.takes_ahead = not options.freeze
        self.freed: Callable[[], None] = lambda: None
        self._options = options
        self._log = options.log()
        self._loop = asyncio.get_running_loop()
        self._process = WorkerProcess(configuration, options, scratch, self._log.output, self._give)
        self._init: asyncio.Future[End] | None = None
        self._calls: deque[WorkerCall] = deque()
        self._unsent: list[WorkerCall] = []
        self._timeout_s = configuration.timeout_ms / 1000
        self._deadline = Deadline(self._timeout_s, self._time_out)
        self._failure: Callable[[str], Failed] | None = None
        self._init_ms: float | None = None
        self._late_init = False
        self._stale = False
        self._passing: WorkerCall | None = None
        self._launching: asyncio.Task[None] | None = None
        self._peak_mb = 0

    @property
    def reusable(self) -> bool:
        """Whether the process waits for another invocation, or one for its process."""
        return (self._process.alive or self._late_init) and self._failure is None

    async def start(self) -> None:
        """Run the init phase."""
        began = time.perf_counter()
        self._log.init_began()
        answer = await self._initialise(self._options.init_limit_s)
        duration_ms = (time.perf_counter() - began) * 1000
        if answer is Ending.TIMED_OUT:
            self._late_init = True
            self.takes_ahead = False
            tell_of_a_late_init(self.configuration, self._options.init_limit_s)
        else:
            self._init_ms = duration_ms
            self._take_init(answer)
        self._report_init(duration_ms, "init")
        self._process.share_cpu()

    def invoke(self, invocation: Invocation, answer: OutcomeFuture | None = None) -> OutcomeFuture:
        """Run one invocation, or let it wait for its turn; its answer is None when its turn did not come."""
        call = WorkerCall(invocation, answer or self._loop.create_future())
        self._calls.append(call)
        if len(self._calls) > 1:
            if not self._unsent:
                self._loop.call_soon(self._send_ahead)
            self._unsent.append(call)
            return call.answer
        if self._stale:
            self._passing = call
        self._begin(call)
        if self._late_init:
            self._launching = self._loop.create_task(self._begin_late(call))
        else:
            self._send(call)
        return call.answer

    def retract(self) -> bool:
        """Take back the last invocation that waits for its turn, if it has not begun."""
        if len(self._calls) < 2:
            return False
        if self._unsent:
            self._unsent.pop()
        elif self._process.take_back():
            # Its frame is still on its way to the worker, and with the token of another one it would begin.
            self._stale = True
            self.takes_ahead = False
        else:
            return False
        self._calls.pop().end(None)
        return True

    async def stop(self, reason: str = "spindown") -> None:  # noqa: ARG002 - told only to extensions
        """Let the process end, and wait for it."""
        await self._process.stop()

    def kill(self) -> None:
        """End the process at once."""
        self._deadline.cancel()
        self._process.kill()

    async def _initialise(self, limit_s: float) -> End:
        """Start the process: the frame or exit code that ended the init phase, TIMED_OUT when it took too long."""
        self._init = self._loop.create_future()
        try:
            await self._process.launch()
        except OSError as error:
            program, folder, fault = self._options.python.program, self.configuration.task_root, error
            self.problem = f"cannot run {program}: {error.strerror}"
            self._failure = lambda request_id: not_started(request_id, program, folder, fault)
            return 127
        await asyncio.wait([self._init], timeout=limit_s)
        init, self._init = self._init, None
        if init.done():
            return init.result()
        self.kill()
        await self._process.ended()
        return Ending.TIMED_OUT

    async def _begin_late(self, call: WorkerCall) -> None:
        try:
            await self._initialise_late(call)
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is
            report("an init phase inside an invocation", error)
            self.kill()
            if self._calls and self._calls[0] is call:
                self._end_first(127)

    async def _initialise_late(self, call: WorkerCall) -> None:
        self._late_init = False
        init = await self._initialise(self._timeout_s)
        if not self._calls or self._calls[0] is not call:
            return  # its time was over before
        if init is Ending.TIMED_OUT:
            self._end_first(Ending.TIMED_OUT)
        else:
            if call.invocation.report is not None:
                call.invocation.report.init_ended(time.perf_counter())
            self._take_init(init)
            self._report_init((time.perf_counter() - call.began) * 1000, "invoke")
            self.takes_ahead = not self._options.freeze
            self._send(call)

    def _report_init(self, duration_ms: float, phase: str) -> None:
        """Write of an init phase that has not ended well, after what it has printed."""
        self._process.drain()
        if self._failure is not None:
            self._log.init_failed(InitReport(duration_ms, "error", self._process.error_type(self._failure("")), phase))
        elif self._late_init:
            self._log.init_failed(InitReport(duration_ms, "timeout"))

    def _take_init(self, answer: End) -> None:
        if isinstance(answer, Frame):
            try:
                self._take_report(init_of(answer))
            except ValueError:
                self._process.refuse("the frame that ends the init phase cannot be read")
                self._take_init(-SIGKILL)
        elif isinstance(answer, int):
            self._failure = self._failure or (lambda request_id: exited(request_id, answer))
            reason = exited("", answer).message
            self.problem = self.problem or f"the process ended while it loaded the handler: {reason}"

    def _take_report(self, report: Loaded | NotLoaded) -> None:
        if isinstance(report, NotLoaded):
            failure = report.failure
            self._failure = lambda _: failure
            self.problem = init_problem(failure)
            self.problem += f" ({report.place})" if report.place else ""
        elif not report.callable:
            self.problem = f"{self.configuration.handler} is not callable: it is of type {report.type} ({report.file})"

    def _begin(self, call: WorkerCall) -> None:
        """An invocation's turn has come: its time runs."""
        call.began = time.perf_counter()
        self._deadline.begin(call.began)
        invocation, log = call.invocation, self._log
        if log.platform_lines or invocation.tail or invocation.report is not log.report:
            log.begin(invocation, self._process.drain)
            if invocation.report is not None:
                self._begin_report(invocation.report, call.began)
        if self._options.freeze:
            self._process.signal(SIGCONT)

    def _begin_report(self, report: Report, began: float) -> None:
        report.begin(began, self._process.log_stream, self.configuration.version, self._init_ms)
        if self._late_init:
            report.wait_for_init(began)

    def _time_out(self) -> None:
        """The running invocation has had its time."""
        if self._log.wanted or self._log.report is not None:
            self._measure()
        self.kill()
        self._end_first(Ending.TIMED_OUT)

    def _send(self, call: WorkerCall) -> None:
        """Give the worker the invocation whose turn it is."""
        if self.reusable:
            self._process.send(call.invocation)
        else:
            self._end_first(127)

    def _send_ahead(self) -> None:
        """Give the worker what waits for its turn, all that came in one turn of the loop."""
        calls, self._unsent = self._unsent, []
        if calls:
            self._process.send_ahead([call.invocation for call in calls])

    def _end_first(self, end: End) -> None:
        """The running invocation has its end; the next one's turn comes, or all go back when the process is gone."""
        calls = self._calls
        if not calls:
            return
        call = calls.popleft()
        try:
            outcome = self._finish(call, end)
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is; nobody knows what the process does now
            report(f"invocation {call.invocation.request_id}", error)
            self.kill()
            outcome = exited(call.invocation.request_id, 1)
        call.end(outcome)
        if call is self._passing:
            self._passing = None
            self._stale = False
            self.takes_ahead = not self._options.freeze
        if not isinstance(end, Frame):
            self._give_back(end)
        elif calls:
            self._begin(calls[0])
        self.freed()

    def _give_back(self, end: End) -> None:
        """The process is gone: what has not begun may run elsewhere."""
        calls = self._calls
        while self._unsent or (calls and self._process.take_back()):
            if self._unsent:
                self._unsent.pop()
            calls.pop().end(None)
        while calls:  # its answer was on its way, but it had begun
            call = calls.popleft()
            self._begin(call)
            call.end(self._finish(call, end))

    def _finish(self, call: WorkerCall, answer: End) -> Outcome:
        self._deadline.end()
        invocation, log = call.invocation, self._log
        if invocation.report is None and isinstance(answer, Frame) and not log.wanted and not self._options.freeze:
            self._init_ms = None
            return outcome_of(answer)
        ended = time.perf_counter()
        outcome, status, error_type = self._conclude(answer, invocation.request_id)
        if log.wanted or log.report is not None:  # what it printed comes before END
            self._process.drain()
            self._measure()
        if invocation.report is not None:
            invocation.report.end(ended, self._peak_mb)
        duration_ms = self._timeout_s * 1000 if status == "timeout" else (ended - call.began) * 1000
        report = PlatformReport(
            duration_ms, self.configuration.memory_mb, self._peak_mb, self._init_ms, status, error_type
        )
        self._init_ms = None
        tail = log.end(invocation.request_id, report)
        if self._options.freeze and self.reusable:
            self._process.signal(SIGSTOP)
        return outcome._replace(log_tail=tail) if tail else outcome

    def _conclude(self, answer: End, request_id: str) -> tuple[Failed | Returned | TimedOut, str, str]:
        """The outcome, and the status and the error type that the platform reports."""
        status, error_type = "error", ""
        outcome: Failed | Returned | TimedOut
        if isinstance(answer, Frame):
            outcome = outcome_of(answer)
            status = "" if isinstance(outcome, Returned) else status
        elif self._failure:
            outcome = self._failure(request_id)
            error_type = self._process.error_type(outcome)
        elif isinstance(answer, int):
            outcome = exited(request_id, answer)
            error_type = self._process.error_type(outcome)
            self.kill()
        else:
            outcome = timed_out(request_id, self.configuration.timeout_ms)
            status = "timeout"
        return outcome, status, error_type

    def _measure(self) -> None:
        self._peak_mb = max(self._peak_mb, self._process.peak_memory_mb)

    def _give(self, answer: End) -> None:
        if self._init is None:
            self._end_first(answer)
        elif not self._init.done():
            self._init.set_result(answer)
