"""An execution environment whose runtime speaks the Lambda Runtime API: its invocations, and what becomes of them.

An init error reaches the waiting caller as the runtime wrote it (recorded from AWS, November 2025).
"""

import asyncio
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from gateway.configuration import FunctionConfiguration
from gateway.invocation import Failed, Invocation, Returned, StreamBroken, Streamed, TimedOut
from gateway.targets.deadline import Deadline
from gateway.targets.environment import OutcomeFuture
from gateway.targets.failures import (
    exited,
    init_problem,
    not_started,
    platform_failure,
    reported,
    result_too_large,
    tell_of_a_late_init,
    timed_out,
)
from gateway.targets.runtime_api.extension_host import ExtensionHost
from gateway.targets.runtime_api.offer import Offer
from gateway.targets.runtime_api.platform_events import PlatformEvents
from gateway.targets.runtime_api.process import RuntimeApiOptions, RuntimeProcess
from gateway.targets.runtime_api.server import RuntimeApi
from gateway.targets.runtime_api.state import Effect
from gateway.targets.runtime_api.streaming import ResponseStream


class _Running:
    """The invocation that is under way; it began at an instant of `time.perf_counter`."""

    __slots__ = ("began", "ended", "invocation", "offer", "outcome")

    def __init__(self, invocation: Invocation, offer: Offer, outcome: OutcomeFuture) -> None:
        self.invocation = invocation
        self.offer = offer
        self.outcome = outcome
        self.ended: asyncio.Future[None] | None = None  # of a stream
        self.began = time.perf_counter()


class RuntimeApiEnvironment:
    """A runtime's process and its Runtime API; implements `gateway.targets.environment.Environment`.

    Implements `gateway.targets.runtime_api.server.Owner` and `gateway.targets.runtime_api.process.Owner` too: that is
    how it hears of the runtime.
    """

    def __init__(self, configuration: FunctionConfiguration, options: RuntimeApiOptions, scratch: Path) -> None:
        self.configuration = configuration
        self.problem: str | None = None
        self.takes_ahead = False
        self.freed: Callable[[], None] = lambda: None
        self._options = options
        log = options.log()
        self._loop = asyncio.get_running_loop()
        self._api = RuntimeApi(self, options.allowed_callers)
        self._extensions = ExtensionHost(
            configuration, options.opt, log.output, options.reaper, self._check_ready, self._extension_failed
        )
        self._api.routes.update(self._extensions.routes)
        self._events = PlatformEvents(configuration, log, self._extensions.telemetry)
        self._process = RuntimeProcess(configuration, options, scratch, self._api, self._extensions, self)
        self._init: asyncio.Future[None] = self._loop.create_future()
        self._failure: Callable[[str], Failed] | None = None
        self._late_init = False
        self._running: _Running | None = None
        self._deadline = Deadline(configuration.timeout_ms / 1000, self._time_out)
        prefix = str(uuid4())[:24]
        self._attempts = (f"{prefix}{number:012x}" for number in itertools.count(1))

    @property
    def reusable(self) -> bool:
        """Whether the process waits, or will, for another invocation."""
        return not self._process.retired and (self._process.alive or self._late_init)

    @property
    def pid(self) -> int:
        """The runtime's process id, 0 when it does not run."""
        return self._process.pid

    async def start(self) -> None:
        """Run the init phase."""
        began = time.perf_counter()
        await self._process.listen()
        self._events.init_began()
        launching = self._process.launch()
        await asyncio.wait([self._init], timeout=self._options.init_limit_s)
        duration_ms = (time.perf_counter() - began) * 1000
        if self._init.done():
            await asyncio.wait([launching])  # what it raised has been reported
            if self._failure is None:
                self._events.init_ended(duration_ms, "success")
            else:
                self._events.measure(self._process.child)  # what it printed comes first
                self._events.init_ended(duration_ms, "error", self._failure("").error_type)
            self._extensions.api.closed = True
            self._process.share_cpu()
            return
        self._late_init = True
        tell_of_a_late_init(self.configuration, self._options.init_limit_s)
        self._events.init_ended(duration_ms, "timeout")
        self._events.init_ms = None
        await self._process.give_up()
        self._process.share_cpu()

    def invoke(self, invocation: Invocation, answer: OutcomeFuture | None = None) -> OutcomeFuture:
        """Run one invocation to its end, or to the first piece of its stream."""
        deadline = time.time_ns() // 1_000_000 + self.configuration.timeout_ms
        offer = Offer(invocation, self.configuration.arn, next(self._attempts), deadline)
        answer = answer or self._loop.create_future()
        self._running = _Running(invocation, offer, answer)
        self._deadline.begin(self._running.began)
        self._events.begin(invocation, self._running.began, self._process.log_stream, self._process.child)
        if self._failure is not None:
            self._fail(self._failure)
        elif not self._process.alive:
            self._launch_inside(invocation)
        else:
            self._process.thaw()
            self._extensions.api.invoke(offer)
            self._api.give(offer)
        return answer

    def retract(self) -> bool:
        """Nothing is given ahead: a runtime fetches its invocations one by one."""
        return False

    async def stop(self, reason: str = "spindown") -> None:
        """End the processes in the time that Lambda gives them, and close the port."""
        await self._process.stop(reason)
        self._deadline.cancel()

    def kill(self) -> None:
        """End everything at once."""
        self._deadline.cancel()
        self._process.kill()

    def _launch_inside(self, invocation: Invocation) -> None:
        """Start a runtime whose init phase is part of the invocation."""
        self._late_init = False
        if invocation.report is not None:
            invocation.report.wait_for_init(time.perf_counter())
        self._process.launch(self._offer)

    def _offer(self) -> None:
        """A runtime was launched inside the invocation, which none has seen yet."""
        if self._running is not None:
            self._extensions.api.invoke(self._running.offer)
            self._api.give(self._running.offer)

    def _time_out(self) -> None:
        """The function's timeout has passed."""
        if self._running is None:
            return
        outcome = timed_out(self._running.invocation.request_id, self.configuration.timeout_ms)
        if self._events.wanted:
            self._events.measure(self._process.child)
        self._process.end("timeout")
        if self._api.time_out() is Effect.BREAK:
            self._api.break_stream(StreamBroken("Sandbox.Timedout", outcome.payload))
        self._settle(outcome, "timeout")

    def _settle(self, outcome: Returned | Failed | TimedOut | None, status: str = "", error_type: str = "") -> None:
        """The invocation is over; None when its caller already has the outcome.

        What it printed is logged before its END line, and in the tail.
        """
        running, self._running = self._running, None
        if running is None:
            return
        self._deadline.end()
        self._extensions.api.closed = True
        tail = self._events.end(running.invocation, running.began, self._process.child, status, error_type)
        if outcome is not None and not running.outcome.done():
            running.outcome.set_result(outcome._replace(log_tail=tail) if tail else outcome)
        if running.ended is not None:
            running.ended.set_result(None)
        self.freed()

    def _extension_failed(self, error_type: str, reason: str) -> None:
        """An extension that fails takes the environment with it."""
        if self._init.done():
            self._process.retired = True
            self._fail(lambda id_: platform_failure(id_, error_type, reason))
            self._process.end("failure")
        else:
            self._fail_init(lambda id_: platform_failure(id_, error_type, reason))

    def _fail(self, failure: Callable[[str], Failed]) -> None:
        if self._running is not None:
            outcome = failure(self._running.invocation.request_id)
            error_type = "Runtime.OutOfMemory" if self._process.out_of_memory else outcome.error_type
            self._settle(outcome, "error", error_type)

    def _fail_init(self, failure: Callable[[str], Failed]) -> None:
        """Give the failure to the invocation that waits, or keep it for the first one."""
        self._process.retired = True
        self._failure = failure
        self.problem = init_problem(failure(""))
        self._fail(failure)
        self._end_init()

    def _end_init(self) -> None:
        if not self._init.done():
            self._init.set_result(None)

    def _check_ready(self) -> None:
        """The init phase, or an invocation, has ended when the runtime and all extensions wait for the next event."""
        if self._api.polled and self._extensions.api.ready:
            self._end_init()
            if self._running is None:
                self._process.freeze()

    # What the runtime's process reports.

    def runtime_printed(self, chunk: bytes) -> None:
        """The runtime or the handler wrote to its log."""
        self._events.output(chunk)

    def runtime_not_started(self, error: OSError) -> None:
        """There is no process, and so an init error."""
        program, folder = self._options.command[0], self.configuration.task_root
        self._fail_init(lambda id_: not_started(id_, program, folder, error))

    def runtime_not_launched(self) -> None:
        """A defect kept it from being started, which has been reported."""
        self._fail_init(
            lambda id_: platform_failure(id_, "Runtime.Unknown", "the gateway could not launch the runtime")
        )

    def runtime_exited(self, code: int) -> None:
        """What it left undone begins again or fails, after how far it has come."""
        effect = self._api.exited()
        if effect is Effect.RESTART and self._running is not None and not self._process.retired:
            self._launch_inside(self._running.invocation)
        elif effect is Effect.FAIL_INIT:
            self._fail_init(lambda id_: exited(id_, code))
        else:
            self._process.retired = True
            if effect is Effect.ABANDON:
                self._fail(lambda id_: exited(id_, code))
            elif effect is Effect.BREAK and self._running is not None:
                failure = exited(self._running.invocation.request_id, code)
                self._api.break_stream(StreamBroken(failure.error_type, failure.payload))
                self._settle(None, "error", failure.error_type)

    # What the Runtime API reports.

    def ready(self) -> None:
        """The runtime asks for an invocation: what came before has ended well, an init phase included."""
        report = self._running.invocation.report if self._running is not None else None
        if report is not None and not report.started_at:
            report.init_ended(time.perf_counter())
        self._check_ready()

    def init_failed(self, error_type: str, payload: bytes) -> None:
        """The runtime reported an init error; its process is about to end."""
        failure = _reported(error_type, payload)
        self._fail_init(lambda _: failure)

    def returned(self, payload: bytes, content_type: str) -> None:
        """The invocation has its result."""
        self._settle(Returned(payload, content_type=content_type))

    def streaming(self, content_type: str, stream: ResponseStream) -> None:
        """The caller gets the stream; the timeout still runs."""
        if self._running is not None and not self._running.outcome.done():
            self._running.ended = self._loop.create_future()
            if self._running.invocation.report is not None:
                self._running.invocation.report.ended_at = time.perf_counter()
            self._running.outcome.set_result(Streamed(content_type, stream, self._running.ended))

    def stream_ended(self, broken: StreamBroken | None) -> None:
        """The caller sees the end in the stream itself."""
        self._settle(None, "error" if broken else "", broken.error_type if broken else "")

    def failed(self, error_type: str, payload: bytes) -> None:
        """The runtime reported that the invocation failed, or stopped half-way through its answer."""
        if payload:
            self._settle(_reported(error_type, payload), "error")
        else:
            self._fail(lambda id_: platform_failure(id_, error_type, error_type))

    def too_large(self) -> None:
        """The result is over the limit; the runtime goes on."""
        self._settle(result_too_large(), "error", "Function.ResponseSizeTooLarge")


def _reported(error_type: str, payload: bytes) -> Failed:
    """A failure in the runtime's own words; the header's type counts where the body has none."""
    failure = reported(payload)
    return failure if failure.error_type else failure._replace(error_type=error_type or "Runtime.Unknown")
