"""An execution environment whose runtime speaks the Lambda Runtime API.

Facts, recorded from AWS in November 2025 unless said otherwise:

- The init phase has 10 seconds.  A runtime that needs longer is stopped and begins again inside the first invocation,
  under the function's own timeout; so the module's code runs twice (AWS guide, "Lambda runtime environment").
- An init error reaches the waiting caller as the runtime wrote it.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import SIGCONT, SIGSTOP, SIGTERM, Signals
from typing import Final
from uuid import uuid4

from gateway.configuration import FunctionConfiguration
from gateway.invocation import Failed, Invocation, Returned, StreamBroken, Streamed, TimedOut
from gateway.limits.box import Box
from gateway.limits.means import NO_MEANS, Means
from gateway.targets.deadline import Deadline
from gateway.targets.environment import Answer
from gateway.targets.failures import exited, not_started, platform_failure, reported, result_too_large, timed_out
from gateway.targets.logs import FunctionLog
from gateway.targets.process import ChildProcess, Command
from gateway.targets.reaper import Reaper
from gateway.targets.runtime_api.extension_host import ExtensionHost
from gateway.targets.runtime_api.offer import Offer
from gateway.targets.runtime_api.recorder import Recorder
from gateway.targets.runtime_api.server import RuntimeApi
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
        opt: The folder that stands for ``/opt``: executables in its ``extensions`` are started.
        freeze: Stop the process between invocations, as Lambda does.
        init_limit_s: How long the init phase may take before it is done again inside the first invocation.
        means: How environments are held to their limits.
    """

    command: Sequence[str]
    variables: Variables
    reaper: Reaper
    log: Callable[[], FunctionLog]
    opt: Path | None = None
    freeze: bool = False
    init_limit_s: float = INIT_LIMIT_S
    means: Means = NO_MEANS


class _Running:
    """The invocation that is under way; it began at an instant of `time.perf_counter`."""

    __slots__ = ("began", "ended", "invocation", "offer", "outcome")

    def __init__(self, invocation: Invocation, offer: Offer, outcome: Answer) -> None:
        self.invocation = invocation
        self.offer = offer
        self.outcome = outcome
        self.ended: asyncio.Future[None] | None = None  # of a stream
        self.began = time.perf_counter()


class RuntimeApiEnvironment:
    """A runtime's process and its Runtime API; implements `gateway.targets.environment.Environment`.

    Implements `gateway.targets.runtime_api.server.Owner` too: that is how it hears of the runtime.
    """

    def __init__(self, configuration: FunctionConfiguration, options: RuntimeApiOptions, scratch: Path) -> None:
        self.configuration = configuration
        self.problem: str | None = None
        self.takes_ahead = False
        self.freed: Callable[[], None] = lambda: None
        self._options = options
        self._box = Box(configuration.memory_mb, scratch, options.means)
        log = options.log()
        self._loop = asyncio.get_running_loop()
        self._api = RuntimeApi(self)
        self._extensions = ExtensionHost(
            configuration, options.opt, log.output, options.reaper, self._check_ready, self._extension_failed
        )
        self._api.routes.update(self._extensions.routes)
        self._recorder = Recorder(configuration, log, self._extensions.telemetry)
        self._address = ""
        self._process: ChildProcess | None = None
        self._init: asyncio.Future[None] = self._loop.create_future()
        self._failure: Callable[[str], Failed] | None = None
        self._running: _Running | None = None
        self._deadline = Deadline(configuration.timeout_ms / 1000, self._time_out)
        self._launching: asyncio.Task[None] | None = None
        self._spent = False
        self._given_up = False
        self._end = ""
        prefix = str(uuid4())[:24]
        self._attempts = (f"{prefix}{number:012x}" for number in itertools.count(1))

    @property
    def reusable(self) -> bool:
        """Whether the process waits, or will, for another invocation."""
        return not self._spent and self._process is not None and not self._process.ended.done()

    def _is_abandoned(self) -> bool:
        """Whether a process that is being started is not wanted any more."""
        return self._spent or self._given_up

    @property
    def pid(self) -> int:
        """The runtime's process id, 0 when it does not run."""
        return self._process.pid if self._process is not None and not self._process.ended.done() else 0

    async def start(self) -> None:
        """Run the init phase."""
        began = time.perf_counter()
        self._address = await self._api.listen()
        self._recorder.init_began()
        self._launching = self._loop.create_task(self._launch())
        await asyncio.wait([self._init], timeout=self._options.init_limit_s)
        duration_ms = (time.perf_counter() - began) * 1000
        if self._init.done():
            await self._launching
            self._recorder.init_ended(duration_ms, "success" if self._failure is None else "error")
            self._extensions.api.closed = True
            self._box.share_cpu()
            return
        self.problem = f"the init phase took longer than {self._options.init_limit_s:g} s"
        self._recorder.init_ended(duration_ms, "timeout")
        self._recorder.init_ms = None
        await self._give_up()
        self._box.share_cpu()

    def invoke(self, invocation: Invocation, answer: Answer | None = None) -> Answer:
        """Run one invocation to its end, or to the first piece of its stream."""
        deadline = time.time_ns() // 1_000_000 + self.configuration.timeout_ms
        offer = Offer(invocation, self.configuration.arn, next(self._attempts), deadline)
        answer = answer or self._loop.create_future()
        self._running = _Running(invocation, offer, answer)
        self._deadline.begin(self._running.began)
        self._recorder.begin(invocation)
        if self._failure is not None:
            self._fail(self._failure)
        elif self._process is None or self._process.ended.done():
            self._launching = self._loop.create_task(self._relaunch())
        else:
            self._signal_frozen(SIGCONT)
            self._extensions.api.invoke(offer)
            self._api.give(offer)
        return answer

    def retract(self) -> bool:
        """Nothing is given ahead: a runtime fetches its invocations one by one."""
        return False

    async def stop(self, reason: str = "spindown") -> None:
        """End the processes in the time that Lambda gives them, and close the port.

        Without extensions a runtime gets no time at all (AWS guide, "Lambda runtime environment").
        """
        self._spent = True
        if self._launching is not None and not self._launching.done():
            self._extensions.kill()
            await asyncio.wait([self._launching])
        process = self._process
        self._signal_frozen(SIGCONT)
        if process is not None and self._extensions.api.shutdown_ms:
            process.signal(SIGTERM)
        await self._extensions.shutdown(self._end or reason, process, time.time_ns() // 1_000_000)
        self.kill()
        if process is not None:
            await process.ended
        await self._box.aclose()

    def kill(self) -> None:
        """End everything at once."""
        self._spent = True
        self._deadline.cancel()
        if self._process is not None:
            self._process.kill()
        self._extensions.kill()
        self._api.close()

    async def _launch(self) -> None:
        """Start the extensions and then the runtime; its init phase begins."""
        self._api.expect_process()
        variables = {**self._options.variables(self._box.tmp), "AWS_LAMBDA_RUNTIME_API": self._address}
        folder = self.configuration.task_root
        await self._extensions.start(variables, folder, self._box)
        if self._is_abandoned():
            return
        command = Command(self._options.command, variables, folder, self.configuration.memory_mb, self._box)
        try:
            process = await ChildProcess.spawn(command, self._recorder.output, self._options.reaper)
        except OSError as error:
            self._fail_init(partial(not_started, program=command.argv[0], folder=folder, error=error))
            return
        self._process = process
        if self._is_abandoned():
            process.kill()  # it came too late; starting a process cannot be cancelled, only undone
        process.ended.add_done_callback(lambda ended: self._process_ended(process, ended.result()))

    async def _give_up(self) -> None:
        """End an init phase that takes too long, so that another one can begin."""
        self._api.time_out()
        self._given_up = True
        self._extensions.kill()
        if self._launching is not None:
            await asyncio.wait([self._launching])
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await process.ended
        await self._extensions.reset()
        self._given_up = False

    async def _relaunch(self) -> None:
        """Begin again, inside the invocation that no process has seen yet."""
        await self._launch()
        if self._running is not None and not self._spent:
            self._extensions.api.invoke(self._running.offer)
            self._api.give(self._running.offer)

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
            self._launching = self._loop.create_task(self._relaunch())
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
        if self._recorder.wanted:
            self._recorder.measure(self._process)
        if self._process is not None:
            self._process.kill()
        if self._api.time_out() is Effect.BREAK:
            self._api.break_stream(StreamBroken("Sandbox.Timedout", outcome.payload))
        self._spent = True
        self._settle(outcome, "timeout")
        self._end_with("timeout")

    def _settle(self, outcome: Returned | Failed | TimedOut | None, status: str = "", error_type: str = "") -> None:
        """The invocation is over; None when its caller already has the outcome.

        What it printed is logged before its END line, and in the tail.
        """
        running, self._running = self._running, None
        if running is None:
            return
        self._deadline.end()
        self._extensions.api.closed = True
        request_id = running.invocation.request_id
        tail = self._recorder.end(request_id, running.began, self._process, status, error_type)
        if outcome is not None and not running.outcome.done():
            running.outcome.set_result(outcome._replace(log_tail=tail) if tail else outcome)
        if running.ended is not None:
            running.ended.set_result(None)
        self.freed()

    def _end_with(self, reason: str) -> None:
        """Nothing more runs here: extensions live until they are told why, everything else ends now."""
        self._spent = True
        self._end = reason
        if not self._extensions.api.shutdown_ms:
            self.kill()

    def _extension_failed(self, error_type: str, reason: str) -> None:
        """An extension that fails takes the environment with it."""
        if self._init.done():
            self._spent = True
            self._fail(lambda id_: platform_failure(id_, error_type, reason))
            self._end_with("failure")
            if self._process is not None:
                self._process.kill()
        else:
            self._fail_init(lambda id_: platform_failure(id_, error_type, reason))

    def _fail(self, failure: Callable[[str], Failed]) -> None:
        if self._running is not None:
            outcome = failure(self._running.invocation.request_id)
            out_of_memory = self._process is not None and self._process.out_of_memory
            self._settle(outcome, "error", "Runtime.OutOfMemory" if out_of_memory else outcome.error_type)

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

    def _check_ready(self) -> None:
        """The init phase, or an invocation, has ended when the runtime and all extensions wait for the next event."""
        if self._api.polled and self._extensions.api.ready:
            self._end_init()
            if self._running is None:
                self._signal_frozen(SIGSTOP)

    def _signal_frozen(self, number: Signals) -> None:
        if self._options.freeze and self._process is not None:
            self._process.signal(number)

    # What the Runtime API reports.

    def ready(self) -> None:
        """The runtime asks for an invocation: what came before has ended well."""
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
