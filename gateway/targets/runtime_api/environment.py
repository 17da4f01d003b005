"""An execution environment whose runtime speaks the Lambda Runtime API.

Facts, recorded from AWS in November 2025 unless said otherwise:

- The init phase has 10 seconds.  A runtime that needs longer is stopped and begins again inside the first invocation,
  under the function's own timeout; so the module's code runs twice (AWS guide, "Lambda runtime environment").
- An init error reaches the waiting caller as the runtime wrote it.
- An executable that cannot be started is ``Runtime.InvalidEntrypoint`` with Go's wording (public logs).
"""

import asyncio
import itertools
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGCONT, SIGSTOP, SIGTERM
from typing import Final
from uuid import uuid4

from gateway.configuration import FunctionConfiguration
from gateway.invocation import Failed, Invocation, Outcome, Returned, StreamBroken, Streamed, TimedOut
from gateway.targets.failures import exited, platform_failure, reported, result_too_large, timed_out
from gateway.targets.logs import FunctionLog, Report
from gateway.targets.process import ChildProcess, Command, peak_memory_kib
from gateway.targets.reaper import Reaper
from gateway.targets.runtime_api.server import Offer, RuntimeApi
from gateway.targets.runtime_api.state import Effect
from gateway.targets.runtime_api.streaming import ResponseStream

INIT_LIMIT_S: Final = 10.0
_EXIT_GRACE_S: Final = 0.02

Variables = Callable[[Path], Mapping[str, str]]
"""All variables of an environment but ``AWS_LAMBDA_RUNTIME_API``; the folder stands for ``/tmp``."""


@dataclass(frozen=True, slots=True)
class RuntimeApiOptions:
    """What all environments of one function share.

    Attributes:
        command: The runtime's program and arguments, as `command_for` finds them.
        variables: Makes the environment variables.
        reaper: Ends the processes when the gateway dies.
        log: Makes the log of one environment.
        freeze: Stop the process between invocations, as Lambda does.
        init_limit_s: How long the init phase may take before it is done again inside the first invocation.
    """

    command: Sequence[str]
    variables: Variables
    reaper: Reaper
    log: Callable[[], FunctionLog]
    freeze: bool = False
    init_limit_s: float = INIT_LIMIT_S


@dataclass(frozen=True, slots=True)
class _Running:
    """The invocation that is under way."""

    invocation: Invocation
    offer: Offer
    timer: asyncio.TimerHandle
    outcome: asyncio.Future[Outcome]
    began: float = field(default_factory=time.perf_counter)


class RuntimeApiEnvironment:
    """A runtime's process and its Runtime API; implements `gateway.targets.environment.Environment`.

    Implements `gateway.targets.runtime_api.server.Owner` too: that is how it hears of the runtime.
    """

    def __init__(self, configuration: FunctionConfiguration, options: RuntimeApiOptions, scratch: Path) -> None:
        self.configuration = configuration
        self.problem: str | None = None
        self._options = options
        self._scratch = scratch
        self._log = options.log()
        self._loop = asyncio.get_running_loop()
        self._api = RuntimeApi(self)
        self._address = ""
        self._process: ChildProcess | None = None
        self._init: asyncio.Future[None] = self._loop.create_future()
        self._init_ms: float | None = None
        self._failure: Callable[[str], Failed] | None = None
        self._running: _Running | None = None
        self._restart: asyncio.Task[None] | None = None
        self._spent = False
        self._peak_mb = 0
        prefix = str(uuid4())[:24]
        self._attempts = (f"{prefix}{number:012x}" for number in itertools.count(1))

    @property
    def reusable(self) -> bool:
        """Whether the process waits, or will, for another invocation."""
        return not self._spent and self._process is not None and not self._process.ended.done()

    async def start(self) -> None:
        """Run the init phase."""
        began = time.perf_counter()
        self._address = await self._api.listen()
        await self._launch()
        await asyncio.wait([self._init], timeout=self._options.init_limit_s)
        if self._init.done():
            self._init_ms = (time.perf_counter() - began) * 1000
            return
        self.problem = f"the init phase took longer than {self._options.init_limit_s:g} s"
        self._api.time_out()
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await process.ended

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation to its end, or to the first piece of its stream; cancelling it ends the environment."""
        timeout_ms = self.configuration.timeout_ms
        deadline = time.time_ns() // 1_000_000 + timeout_ms
        offer = Offer(invocation, self.configuration.arn, next(self._attempts), deadline)
        timer = self._loop.call_later(timeout_ms / 1000, self._time_out)
        running = self._running = _Running(invocation, offer, timer, self._loop.create_future())
        self._log.begin(invocation.request_id, tail=invocation.tail)
        if self._failure is not None:
            self._fail(self._failure)
        elif self._process is None or self._process.ended.done():
            await self._relaunch()
        else:
            self._signal_frozen(SIGCONT)
            self._api.give(offer)
        try:
            return await running.outcome
        except asyncio.CancelledError:
            self.kill()
            raise

    async def stop(self, reason: str = "spindown") -> None:  # noqa: ARG002 - told only to extensions
        """End the process and close the port.

        Without extensions Lambda gives a runtime no time at all (AWS guide, "Lambda runtime environment").
        """
        process = self._process
        if process is not None:
            self._signal_frozen(SIGCONT)
            process.signal(SIGTERM)
        self.kill()
        if process is not None:
            await process.ended

    def kill(self) -> None:
        """End everything at once."""
        self._spent = True
        if self._running is not None:
            self._running.timer.cancel()
        if self._process is not None:
            self._process.kill()
        self._api.close()

    async def _launch(self) -> None:
        """Start a process; its init phase begins."""
        self._api.expect_process()
        variables = {**self._options.variables(self._scratch), "AWS_LAMBDA_RUNTIME_API": self._address}
        command = Command(self._options.command, variables, self.configuration.task_root)
        try:
            process = await ChildProcess.spawn(command, self._log.output, self._options.reaper)
        except OSError as error:
            self._not_started(error)
            return
        self._process = process
        process.ended.add_done_callback(lambda ended: self._process_ended(process, ended.result()))

    async def _relaunch(self) -> None:
        """Begin again, inside the invocation that no process has seen yet."""
        await self._launch()
        if self._running is not None:
            self._api.give(self._running.offer)

    def _not_started(self, error: OSError) -> None:
        """Nothing runs; said as AWS says it, with the paths of this machine."""
        reason = os.strerror(error.errno or 0).lower()
        folder, program = self.configuration.task_root, self._options.command[0]
        if folder.is_dir():
            self._fail_init(
                lambda id_: platform_failure(id_, "Runtime.InvalidEntrypoint", f"fork/exec {program}: {reason}")
            )
        else:
            self._fail_init(lambda id_: platform_failure(id_, "Runtime.InvalidWorkingDir", f"chdir {folder}: {reason}"))

    def _process_ended(self, process: ChildProcess, code: int) -> None:
        """A last answer may still be on its way through the socket."""
        if self._api.connected and process is self._process:
            self._loop.call_later(_EXIT_GRACE_S, self._take_exit, process, code)
        else:
            self._take_exit(process, code)

    def _take_exit(self, process: ChildProcess, code: int) -> None:
        if process is not self._process:
            return  # it was given up, and another one has taken its place
        effect = self._api.exited()
        if effect is Effect.RESTART and not self._spent:
            self._process = None
            self._restart = self._loop.create_task(self._relaunch())
        elif effect is Effect.FAIL_INIT:
            self._fail_init(lambda id_: exited(id_, code))
        else:
            self._spent = True
            if effect is Effect.ABANDON:
                self._fail(lambda id_: exited(id_, code))
            elif effect is Effect.BREAK and self._running is not None:
                failure = exited(self._running.invocation.request_id, code)
                self._api.break_stream(StreamBroken(failure.error_type, failure.payload))
                self._settle(None, "error", failure.error_type)

    def _time_out(self) -> None:
        """The function's timeout has passed."""
        if self._running is None:
            return
        outcome = timed_out(self._running.invocation.request_id, self.configuration.timeout_ms)
        self._measure()
        if self._process is not None:
            self._process.kill()
        if self._api.time_out() is Effect.BREAK:
            self._api.break_stream(StreamBroken("Sandbox.Timedout", outcome.payload))
        self._settle(outcome, "timeout")
        self.kill()

    def _settle(self, outcome: Returned | Failed | TimedOut | None, status: str = "", error_type: str = "") -> None:
        """The invocation is over; None when its caller already has the outcome.

        What it printed is logged before its END line, and in the tail.
        """
        running, self._running = self._running, None
        if running is None:
            return
        running.timer.cancel()
        tail = b""
        if self._log.wanted:
            tail = self._end_log(running, status, error_type)
        self._init_ms = None
        if outcome is not None and not running.outcome.done():
            running.outcome.set_result(outcome._replace(log_tail=tail) if tail else outcome)

    def _end_log(self, running: _Running, status: str, error_type: str) -> bytes:
        duration_ms = (time.perf_counter() - running.began) * 1000
        if status == "timeout":
            duration_ms = float(self.configuration.timeout_ms)
        elif self._process is not None:
            self._process.drain()
            self._measure()
        memory_mb = self.configuration.memory_mb
        report = Report(duration_ms, memory_mb, self._peak_mb, self._init_ms, status, error_type)
        return self._log.end(running.invocation.request_id, report)

    def _measure(self) -> None:
        if self._process is not None and not self._process.ended.done():
            self._process.drain()
            self._peak_mb = max(self._peak_mb, -(-peak_memory_kib(self._process.pid) // 1024))

    def _fail(self, failure: Callable[[str], Failed]) -> None:
        if self._running is not None:
            outcome = failure(self._running.invocation.request_id)
            self._settle(outcome, "error", outcome.error_type)

    def _fail_init(self, failure: Callable[[str], Failed]) -> None:
        """Give the failure to the invocation that waits, or keep it for the first one."""
        self._spent = True
        self._failure = failure
        found = failure("")
        self.problem = found.message if "." in found.error_type else f"{found.error_type}: {found.message}".rstrip(": ")
        self._fail(failure)
        self._end_init()

    def _end_init(self) -> None:
        if not self._init.done():
            self._init.set_result(None)

    def _signal_frozen(self, number: int) -> None:
        if self._options.freeze and self._process is not None:
            self._process.signal(SIGCONT if number == SIGCONT else SIGSTOP)

    # What the Runtime API reports.

    def ready(self) -> None:
        """The runtime asks for an invocation: what came before has ended well."""
        self._end_init()
        if self._running is None:
            self._signal_frozen(SIGSTOP)

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
            self._running.outcome.set_result(Streamed(content_type, stream))

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
