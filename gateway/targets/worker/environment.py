"""One Python execution environment: a worker process and the socket to it."""

import asyncio
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGCONT, SIGSTOP, SIGTERM
from typing import cast
from uuid import uuid4

import orjson

import gateway.bootstraps
from gateway.configuration import FunctionConfiguration
from gateway.invocation import Failed, Invocation, Outcome, Returned, TimedOut
from gateway.limits.box import Box
from gateway.limits.means import NO_MEANS, Means
from gateway.targets.environment import Answer
from gateway.targets.failures import exited, reported, timed_out
from gateway.targets.logs import FunctionLog, Report
from gateway.targets.process import ChildProcess, Command
from gateway.targets.reaper import Reaper
from gateway.targets.variables import function_variables
from gateway.targets.worker.calls import Call, End, Ending, outcome_of
from gateway.targets.worker.framing import Frame, FrameReader, invoke_frame
from gateway.targets.worker.interpreter import Interpreter
from gateway.targets.worker.tokens import TokenPipe

INIT_LIMIT_S = 10.0
_STOP_LIMIT_S = 2.0
_EXIT_GRACE_S = 0.05
_JOIN_LIMIT = 64 * 1024
_RUNTIME = Path(gateway.bootstraps.__file__).parent / "python"


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What all environments of one function share.

    Attributes:
        reaper: Ends the processes when the gateway dies.
        log: Makes the log of one environment.
        python: The handler's interpreter.
        host: The gateway's own environment variables.
        freeze: Stop the process between invocations, as Lambda does.
        init_limit_s: How long the init phase may take before it is done again inside the first invocation.
        opt: The folder that stands for ``/opt``; its ``python`` folders are on the handler's path.
        debugger: Arguments of the interpreter under which the worker runs.
        means: How environments are held to their limits.
    """

    reaper: Reaper
    log: Callable[[], FunctionLog]
    python: Interpreter
    host: Mapping[str, str]
    freeze: bool = False
    init_limit_s: float = INIT_LIMIT_S
    opt: Path | None = None
    debugger: tuple[str, ...] = ()
    means: Means = NO_MEANS


class WorkerEnvironment(asyncio.BufferedProtocol):
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
        self._box = Box(configuration.memory_mb, scratch, options.means)
        self._log = options.log()
        self._loop = asyncio.get_running_loop()
        self._process: ChildProcess | None = None
        self._transport: asyncio.Transport | None = None
        self._tokens: TokenPipe | None = None
        self._reader = FrameReader()
        self._init: asyncio.Future[End] | None = None
        self._calls: deque[Call] = deque()
        self._unsent: list[Call] = []
        self._clock: asyncio.TimerHandle | None = None
        self._timeout_s = configuration.timeout_ms / 1000
        self._hung_up = False
        self._failure: Failed | None = None
        self._init_ms: float | None = None
        self._late_init = False
        self._stale = False
        self._passing: Call | None = None
        self._launching: asyncio.Task[None] | None = None
        self._peak_mb = 0

    @property
    def reusable(self) -> bool:
        """Whether the process waits for another invocation."""
        process = self._process
        alive = process is not None and not process.ended.done() and self._transport is not None
        return alive and self._failure is None

    async def start(self) -> None:
        """Run the init phase."""
        began = time.perf_counter()
        answer = await self._initialise(self._options.init_limit_s)
        if answer is Ending.TIMED_OUT:
            self._late_init = True
            self.problem = f"the init phase took longer than {self._options.init_limit_s:g} s"
        else:
            self._init_ms = (time.perf_counter() - began) * 1000
            self._take_init(answer)
        self._box.share_cpu()

    def invoke(self, invocation: Invocation, answer: Answer | None = None) -> Answer:
        """Run one invocation, or let it wait for its turn; its answer is None when its turn did not come."""
        call = Call(invocation, answer or self._loop.create_future())
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
            self._launching = self._loop.create_task(self._initialise_late(call))
        else:
            self._send(call)
        return call.answer

    def retract(self) -> bool:
        """Take back the last invocation that waits for its turn, if it has not begun."""
        if len(self._calls) < 2:
            return False
        if self._unsent:
            self._unsent.pop()
        elif self._tokens and self._tokens.take():
            # Its frame is still on its way to the worker, and with the token of another one it would begin.
            self._stale = True
            self.takes_ahead = False
        else:
            return False
        self._calls.pop().end(None)
        return True

    async def stop(self, reason: str = "spindown") -> None:  # noqa: ARG002 - told only to extensions
        """Close the socket, which ends the worker, and wait for it."""
        if self._process:
            self._process.signal(SIGCONT)
            self._process.signal(SIGTERM)
            if self._transport:
                self._transport.close()
            await asyncio.wait([self._process.ended], timeout=_STOP_LIMIT_S)
            self.kill()
            await self._process.ended
        await self._box.aclose()
        if self._tokens:
            self._tokens.close()
            self._tokens = None

    def kill(self) -> None:
        """End the process at once."""
        if self._clock:
            self._clock.cancel()
            self._clock = None
        if self._transport:
            self._transport.abort()
            self._transport = None
        if self._process:
            self._process.kill()

    async def _initialise(self, limit_s: float) -> End:
        """Start the process: the frame or exit code that ended the init phase, TIMED_OUT when it took too long."""
        self._init = self._loop.create_future()
        self._hung_up = False
        try:
            await self._launch()
        except OSError as error:
            self.problem = f"cannot run {self._options.python.program}: {error.strerror}"
            return 127
        await asyncio.wait([self._init], timeout=limit_s)
        init, self._init = self._init, None
        if init.done():
            return init.result()
        process = self._process
        self.kill()
        if process:
            await process.ended
        return Ending.TIMED_OUT

    async def _initialise_late(self, call: Call) -> None:
        self._late_init = False
        init = await self._initialise(self._timeout_s)
        if not self._calls or self._calls[0] is not call:
            return  # its time was over before
        if init is Ending.TIMED_OUT:
            self._end_first(Ending.TIMED_OUT)
        else:
            self._take_init(init)
            self._send(call)

    async def _launch(self) -> None:
        ours, theirs = socket.socketpair()
        tokens = self._tokens = self._tokens or TokenPipe()
        try:
            descriptors = [theirs.fileno(), tokens.reading]
            argv = [
                self._options.python.program,
                *self._options.debugger,
                str(_RUNTIME / "worker.py"),
                *map(str, descriptors),
            ]
            memory_mb = self.configuration.memory_mb
            command = Command(argv, self._variables(), self.configuration.task_root, memory_mb, self._box)
            self._process = await ChildProcess.spawn(
                command, self._log.output, self._options.reaper, pass_fds=descriptors
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        self._process.ended.add_done_callback(self._process_ended)
        await self._loop.create_unix_connection(lambda: self, sock=ours)

    def _variables(self) -> dict[str, str]:
        options, version = self._options, self._options.python.version
        variables = function_variables(self.configuration, options.host, self._box.tmp, _log_stream())
        variables |= {"AWS_EXECUTION_ENV": f"AWS_Lambda_python{version}", "LAMBDA_RUNTIME_DIR": str(_RUNTIME)}
        if options.opt:
            packages = options.opt / "python"
            path = f"{packages}{os.pathsep}{packages / 'lib' / f'python{version}' / 'site-packages'}"
            variables.setdefault("PYTHONPATH", path)
            variables["PATH"] = f"{variables.get('PATH', os.defpath)}{os.pathsep}{options.opt / 'bin'}"
        return variables

    def _take_init(self, answer: End) -> None:
        if isinstance(answer, int):
            self._failure = exited("", answer)
            self.problem = self.problem or f"the process ended while it loaded the handler: {self._failure.message}"
        elif isinstance(answer, Frame) and answer.kind == b"X":
            split = 4 + int.from_bytes(answer.body[:4], "big")
            self._failure = reported(answer.body[split:])
            where = answer.body[4:split].decode()
            self.problem = self._failure.message if "." in self._failure.error_type else _described(self._failure)
            self.problem += f" ({where})" if where else ""
        elif isinstance(answer, Frame):
            facts = orjson.loads(answer.body)
            if not facts["callable"]:
                name = self.configuration.handler
                self.problem = f"{name} is not callable: it is of type {facts['type']} ({facts['file']})"

    def _begin(self, call: Call) -> None:
        """An invocation's turn has come: its time runs."""
        call.began = time.perf_counter()
        if self._clock is None:
            self._clock = self._loop.call_later(self._timeout_s, self._look_at_the_clock)
        if self._log.platform_lines or call.invocation.tail:
            self._log.begin(call.invocation.request_id, tail=call.invocation.tail)
        if self._options.freeze and self._process:
            self._process.signal(SIGCONT)

    def _look_at_the_clock(self) -> None:
        """One timer serves all invocations, since setting one for each would cost more than most of them."""
        self._clock = None
        if not self._calls:
            return
        left = self._calls[0].began + self._timeout_s - time.perf_counter()
        if left > 0:
            self._clock = self._loop.call_later(left, self._look_at_the_clock)
        else:
            if self._log.wanted:
                self._measure()
            self.kill()
            self._end_first(Ending.TIMED_OUT)

    def _send(self, call: Call) -> None:
        """Give the worker the invocation whose turn it is."""
        if self._failure or not self._transport:
            self._end_first(127)
            return
        head, payload = self._frame(call, ahead=False)
        if len(payload) <= _JOIN_LIMIT:
            self._transport.write(head + payload)
        else:
            self._transport.writelines((head, payload))

    def _send_ahead(self) -> None:
        """Give the worker what waits for its turn, all that came in one turn of the loop with one write."""
        calls, self._unsent = self._unsent, []
        if not calls or not self._transport or not self._tokens:
            return
        self._tokens.put(len(calls))  # before the frames, which count only with a token
        frames: list[bytes] = []
        for call in calls:
            frames += self._frame(call, ahead=True)
        self._transport.write(b"".join(frames))

    def _frame(self, call: Call, *, ahead: bool) -> tuple[bytes, bytes]:
        return invoke_frame(call.invocation, self.configuration.timeout_ms, self.configuration.arn, ahead=ahead)

    def _end_first(self, end: End) -> None:
        """The running invocation has its end; the next one's turn comes, or all go back when the process is gone."""
        calls = self._calls
        if not calls:
            return
        call = calls.popleft()
        call.end(self._finish(call, end))
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
        while self._unsent or (calls and self._tokens and self._tokens.take()):
            if self._unsent:
                self._unsent.pop()
            calls.pop().end(None)
        while calls:  # its answer was on its way, but it had begun
            call = calls.popleft()
            self._begin(call)
            call.end(self._finish(call, end))

    def _finish(self, call: Call, answer: End) -> Outcome:
        if isinstance(answer, Frame) and not self._log.wanted and not self._options.freeze:
            self._init_ms = None
            return outcome_of(answer)
        request_id = call.invocation.request_id
        duration_ms = (time.perf_counter() - call.began) * 1000
        status, error_type = "error", ""
        outcome: Failed | Returned | TimedOut
        if isinstance(answer, Frame):
            outcome = outcome_of(answer)
            status = "" if isinstance(outcome, Returned) else status
        elif self._failure:
            outcome, error_type = self._failure, self._failure.error_type
        elif isinstance(answer, int):
            outcome = exited(request_id, answer)
            out_of_memory = self._process and self._process.out_of_memory
            error_type = "Runtime.OutOfMemory" if out_of_memory else outcome.error_type
            self.kill()
        else:
            outcome = timed_out(request_id, self.configuration.timeout_ms)
            status, duration_ms = "timeout", self._timeout_s * 1000
        if self._log.wanted and self._process:  # what it printed comes before END
            self._process.drain()
            self._measure()
        report = Report(duration_ms, self.configuration.memory_mb, self._peak_mb, self._init_ms, status, error_type)
        self._init_ms = None
        tail = self._log.end(request_id, report)
        if self._options.freeze and self.reusable and self._process:
            self._process.signal(SIGSTOP)
        return outcome._replace(log_tail=tail) if tail else outcome

    def _measure(self) -> None:
        if self._process:
            self._peak_mb = max(self._peak_mb, self._process.peak_memory_mb)

    def _give(self, answer: End) -> None:
        if self._init is None:
            self._end_first(answer)
        elif not self._init.done():
            self._init.set_result(answer)

    def _process_ended(self, ended: asyncio.Future[int]) -> None:
        if self._hung_up:
            self._give(ended.result())
        else:  # something that the handler started may hold the socket open
            self._loop.call_later(_EXIT_GRACE_S, self._give, ended.result())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ready."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not its subclasses

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - frames say their size
        """Where the loop reads to."""
        return self._reader.room()

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes arrived."""
        for frame in self._reader.fill(nbytes):
            self._give(frame)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the exit code says more
        """The worker closed the socket, as a rule because it ended."""
        self._transport = None
        self._hung_up = True
        if self._process and self._process.ended.done():
            self._give(self._process.ended.result())


def _described(failure: Failed) -> str:
    return f"{failure.error_type}: {failure.message}" if failure.message else failure.error_type


def _log_stream() -> str:
    return f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid4().hex}"
