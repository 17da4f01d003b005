"""The handler in this process, on threads of its own: for debuggers and fast tests.

Nothing can end a thread, so after the timeout the caller gets `TimedOut` while the handler runs on; with a debugger
attached there is no timeout.  The handler's module and the variables of the process are shared by all threads: use
worker processes for what Lambda promises about isolation.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import os
import queue
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from gateway.configuration import FunctionConfiguration
from gateway.defects import report
from gateway.errors import UsageError
from gateway.invocation import Failed, Invocation, Outcome, Report, Returned
from gateway.targets.debugging import debugger_attached
from gateway.targets.failures import NOT_READY, exited, timed_out
from gateway.targets.local_handler import LocalHandler, init_failure
from gateway.targets.printed import Printed
from gateway.targets.runtime_version import THIS_VERSION, tell_of_another_version
from gateway.targets.shared_variables import set_variables, unset_variables
from gateway.targets.variables import new_log_stream, variables_in_process

if TYPE_CHECKING:
    from gateway.bootstraps.python.lambda_runtime import Handler
    from gateway.targets.executor import Resources

_Answer: TypeAlias = Returned | Failed | None
"""None when the time is over."""

_WEIGHT = 0.2
_PATIENCE_S = 0.01
"""How long an invocation may wait before another thread is started: a handler of a millisecond needs only one."""
_STUCK_S = 0.001
"""How long no invocation may begin, while some wait, before a thread that rests helps."""


class _Job:
    """One invocation on its way through a thread.

    Attributes:
        asked: When it came, by `time.monotonic`.
        began: When a thread took it, by `time.monotonic`; its timeout counts from then.
        abandoned: Nobody waits for its answer any more: it need not begin.
        printed: Keeps what it prints, where somebody asks.
        replaced: The thread that has it ends with it, since another one was started in its place.
    """

    __slots__ = ("abandoned", "answer", "asked", "began", "invocation", "printed", "replaced")

    def __init__(self, invocation: Invocation, answer: asyncio.Future[_Answer]) -> None:
        self.invocation = invocation
        self.answer = answer
        self.abandoned = self.replaced = False
        self.asked = time.monotonic()
        self.began: float | None = None
        self.printed: Printed | None = None

    def close(self) -> None:
        """Keep nothing more of what it prints; may be called twice."""
        if self.printed is not None:
            self.printed.close()

    def give(self, outcome: _Answer) -> None:
        if not self.answer.done():
            self.answer.set_result(outcome)


class InProcess:
    """A target whose handler runs in this process.

    The event loop and the threads share one interpreter lock, and each hand-over of it costs more than a short
    handler.  So invocations that arrive in one turn of the loop go over together, and so do the results: one thread
    takes all that wait, and others join in only when one has waited too long or when invocations are known to be long.

    Args:
        configuration: The function; its task root goes to the front of ``sys.path``.
        variables: The function's variables, set in this process from `start` until `aclose`.
        handler: The handler itself when the caller has it, instead of the configuration's setting.
        latest: The function with its code as it is now, for `renew`; None when its task root stays the same.
    """

    def __init__(
        self,
        configuration: FunctionConfiguration,
        variables: dict[str, str],
        handler: Handler | None = None,
        latest: Callable[[], FunctionConfiguration] | None = None,
    ) -> None:
        self._configuration = configuration
        self._latest = latest or (lambda: configuration)
        self._variables = variables
        self._handler = LocalHandler(configuration, handler)
        self._waiting: collections.deque[_Job] = collections.deque()
        self._in_flight: set[_Job] = set()
        self._answered: collections.deque[tuple[_Job, _Answer]] = collections.deque()
        self._telling = False
        self._wakes: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._resting = 0  # threads that wait for a wake; changed under the lock
        self._lock = threading.Lock()
        self._threads = 0
        self._duration_s = 0.0
        self._taken_at = 0.0  # when the last invocation began
        self._handing_over = False
        self._reinforcing = False
        self._watch: asyncio.TimerHandle | None = None
        self._closed = False
        self._timeout_s = configuration.timeout_ms / 1000
        self._init_ms: float | None = None  # until the first invocation has begun
        self._process = os.getpid()
        self._loop = asyncio.get_running_loop()

    async def start(self) -> None:
        """Load the handler and start a thread.

        Raises:
            UsageError: The handler cannot be loaded.
        """
        set_variables(self, self._variables)
        began = time.perf_counter()
        if not self._handler.loaded:
            try:
                await asyncio.to_thread(self._handler.load)
            except UsageError as error:
                for job in tuple(self._in_flight):
                    job.give(init_failure(error, job.invocation.request_id))
                raise
        self._init_ms = (time.perf_counter() - began) * 1000
        self._start_thread()

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation as soon as a thread is free."""
        if self._closed:
            return NOT_READY
        if invocation.report is not None:
            invocation.report.queued_at = time.perf_counter()
        job = _Job(invocation, self._loop.create_future())
        self._in_flight.add(job)
        self._waiting.append(job)
        if not self._handing_over:
            self._handing_over = True
            self._loop.call_soon(self._hand_over)
        if self._watch is None:
            self._watch = self._loop.call_later(self._timeout_s, self._expire)
        try:
            outcome = await job.answer
        except asyncio.CancelledError:
            self._abandon(job)
            raise
        finally:
            self._in_flight.discard(job)
        if outcome is not None:
            return outcome
        if invocation.report is not None:
            invocation.report.end(time.perf_counter())
        return timed_out(invocation.request_id, self._configuration.timeout_ms)

    def _hand_over(self) -> None:
        """Wake a thread for all that have come, or one for each when they are known to be long."""
        self._handing_over = False
        waiting = len(self._waiting)
        wanted = waiting if self._duration_s >= _PATIENCE_S else int(self._resting == self._threads)
        if waiting > min(wanted, self._resting) and not self._reinforcing and not self._closed:
            self._reinforcing = True
            self._loop.call_later(_STUCK_S, self._reinforce)
        # Last, since the thread needs the lock that this one gives back when it has nothing more to do.
        self._wake(wanted)

    def _wake(self, wanted: int) -> int:
        """Wake so many of the threads that rest, or as many as there are."""
        with self._lock:
            woken = min(wanted, self._resting)
            self._resting -= woken
        for _ in range(woken):
            self._wakes.put(True)
        return woken

    def _reinforce(self) -> None:
        """Let another thread help while invocations wait and none begins: one that blocks must not hold up others."""
        self._reinforcing = bool(self._waiting) and not self._closed
        if not self._reinforcing:
            return
        now = time.monotonic()
        stuck = now - self._taken_at >= _STUCK_S
        if stuck and not self._wake(1) and self._threads < self._configuration.capacity and self._is_late(now):
            self._start_thread()
        self._loop.call_later(_STUCK_S, self._reinforce)

    def _is_late(self, now: float) -> bool:
        """Whether the invocation that has waited longest has waited too long."""
        with contextlib.suppress(IndexError):  # a thread has just taken it
            return now - self._waiting[0].asked >= _PATIENCE_S
        return False

    def _expire(self) -> None:
        """End the waits whose time is over, and look again when the next one's may be: one timer serves them all."""
        now, earliest = time.monotonic(), self._timeout_s
        for job in () if debugger_attached() else tuple(self._in_flight):
            left = self._timeout_s if job.began is None else job.began + self._timeout_s - now
            if left > 0:
                earliest = min(earliest, left)
            elif not job.answer.done():
                job.give(None)
                self._abandon(job)
        self._watch = self._loop.call_later(earliest, self._expire) if self._in_flight and not self._closed else None

    def _abandon(self, job: _Job) -> None:
        """Nobody waits any more: an invocation that has begun cannot be ended, so its thread is replaced."""
        job.abandoned = True
        job.close()
        if job.began is not None:
            job.replaced = True
            self._threads -= 1
            self._start_thread()

    def renew(self) -> None:
        """Import the modules of the task root again when the next invocation begins; a given handler stays."""
        new = self._latest()
        if new.task_root != self._configuration.task_root:
            set_variables(self, {"LAMBDA_TASK_ROOT": str(new.task_root), "PWD": str(new.task_root)})
        self._configuration = new
        self._handler.forget(new)

    async def aclose(self) -> None:
        """Let the threads end after what they are doing and give the process its variables back."""
        self._closed = True
        if self._watch is not None:
            self._watch.cancel()
        self._hand_over()
        for _ in range(self._threads):
            self._wakes.put(False)
        self._threads = 0
        self._handler.leave()
        unset_variables(self)

    def _start_thread(self) -> None:
        threading.Thread(target=self._work, name="lambda", daemon=True).start()
        self._threads += 1

    def _work(self) -> None:
        loop = asyncio.new_event_loop()  # on Lambda a handler runs where asyncio.get_event_loop() finds one
        asyncio.set_event_loop(loop)
        with contextlib.closing(loop):
            while job := self._next():
                if job.abandoned:
                    continue
                job.began = began = self._taken_at = time.monotonic()
                told = job.invocation.report
                if told is not None:
                    self._begin_report(job, told)
                self._init_ms = None
                try:
                    outcome = self._handler.run(job.invocation)
                except Exception as error:  # noqa: BLE001 - a defect, whatever it is; the thread goes on
                    report(f"invocation {job.invocation.request_id}", error)
                    outcome = exited(job.invocation.request_id, 1)
                if os.getpid() != self._process:
                    os._exit(0)  # the handler forked: what waits in this copy of the process is not the child's to do
                if told is not None:
                    told.end(time.perf_counter())
                    job.close()
                if job.replaced:
                    return
                self._duration_s += (time.monotonic() - began - self._duration_s) * _WEIGHT
                self._answered.append((job, outcome))
                if self._waiting and not self._telling:
                    self._tell()

    def _next(self) -> _Job | None:
        """The invocation that has waited longest, as soon as there is one; None when the thread must end."""
        while True:
            try:
                return self._waiting.popleft()
            except IndexError:
                pass
            # Under the lock: what comes after this look finds a thread that rests, and wakes it.
            with self._lock:
                if self._waiting:
                    continue
                self._resting += 1
            # At the last moment, as in `_hand_over`.
            if self._answered and not self._telling:
                self._tell()
            if not self._wakes.get():
                return None

    def _tell(self) -> None:
        """Let the event loop take all outcomes that there are when it comes."""
        self._telling = True
        with contextlib.suppress(RuntimeError):  # the loop is gone, and with it whoever waited
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._telling = False  # before the look: what a thread leaves from now on is told again
        while self._answered:
            job, outcome = self._answered.popleft()
            job.give(outcome)

    def _begin_report(self, job: _Job, told: Report) -> None:
        name = self._variables.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
        told.begin(time.perf_counter(), name, self._configuration.version, self._init_ms)
        if told.details:
            job.printed = Printed(told)


def make(configuration: FunctionConfiguration, resources: Resources) -> InProcess:
    """What runs a Python handler in this process.

    Raises:
        UsageError: The function has another runtime.
    """
    if configuration.runtime != "python":
        asked = "--in-process" if resources.options.in_process else "the executor in-process"
        raise UsageError(f"{asked} runs Python handlers; {configuration.name} is {configuration.runtime}")
    tell_of_another_version(configuration, THIS_VERSION)
    scratch, stream = Path(tempfile.gettempdir()), new_log_stream(configuration.version)
    variables = variables_in_process(configuration, resources.options.variables, scratch, stream)
    return InProcess(configuration, variables, latest=resources.code)
