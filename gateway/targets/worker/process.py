"""The process of one worker environment, the socket to it and the tokens of what it is given ahead."""

import asyncio
import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGTERM, Signals
from typing import cast

import gateway.bootstraps
from gateway.configuration import FunctionConfiguration
from gateway.defects import report
from gateway.invocation import Failed, Invocation
from gateway.limits.box import Box
from gateway.limits.means import NO_MEANS, Means
from gateway.targets.exec_wrapper import wrapped
from gateway.targets.interpreter import Interpreter
from gateway.targets.logs import FunctionLog
from gateway.targets.process import ChildProcess, Command
from gateway.targets.reaper import Reaper
from gateway.targets.variables import function_variables, new_log_stream, runtime_variables
from gateway.targets.worker.calls import End
from gateway.targets.worker.framing import INIT_ATTEMPT, FrameReader, invoke_frame
from gateway.targets.worker.tokens import TokenPipe

log = logging.getLogger("gateway")

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
        debugger: Arguments of the interpreter under which the worker runs.
        means: How environments are held to their limits.
    """

    reaper: Reaper
    log: Callable[[], FunctionLog]
    python: Interpreter
    host: Mapping[str, str]
    freeze: bool = False
    init_limit_s: float = INIT_LIMIT_S
    debugger: tuple[str, ...] = ()
    means: Means = NO_MEANS


class WorkerProcess(asyncio.BufferedProtocol):
    """One process with a handler in it; after a failed init phase another one may be launched in its place.

    Args:
        configuration: The function.
        options: What its environments share.
        scratch: The folder that stands for ``/tmp``.
        output: Takes what the process writes.
        gave: Told of each frame of the worker, and of the exit code when it has ended.

    Attributes:
        log_stream: The name of its log stream, also of one that takes its place.
    """

    def __init__(
        self,
        configuration: FunctionConfiguration,
        options: WorkerOptions,
        scratch: Path,
        output: Callable[[bytes], None],
        gave: Callable[[End], None],
    ) -> None:
        self.log_stream = new_log_stream(configuration.version)
        self._configuration = configuration
        self._options = options
        self._box = Box(configuration.memory_mb, scratch, options.means)
        self._output = output
        self._gave = gave
        self._loop = asyncio.get_running_loop()
        self._child: ChildProcess | None = None
        self._transport: asyncio.Transport | None = None
        self._tokens = TokenPipe()
        self._attempt = int.from_bytes(os.urandom(8)) >> 1
        self._due: deque[int] = deque()
        self._reader = FrameReader(self._due)
        self._hung_up = False
        self._told = False

    @property
    def alive(self) -> bool:
        """Whether it runs and listens."""
        return self._transport is not None and self._child is not None and not self._child.ended.done()

    def error_type(self, failure: Failed) -> str:
        """The type that REPORT has of a failure, another one where it was killed for its memory."""
        return "Runtime.OutOfMemory" if self._child and self._child.out_of_memory else failure.error_type

    @property
    def peak_memory_mb(self) -> int:
        """The most memory that it has held, 0 where nobody tells."""
        return self._child.peak_memory_mb if self._child else 0

    async def launch(self) -> None:
        """Start the process.

        Raises:
            OSError: The interpreter cannot be run.
        """
        self._child = None
        self._hung_up = self._told = False
        self._due = deque([INIT_ATTEMPT])
        self._reader = FrameReader(self._due)
        ours, theirs = socket.socketpair()
        try:
            descriptors = [theirs.fileno(), self._tokens.reading]
            python, debugger = self._options.python.program, self._options.debugger
            passed = map(str, range(3, 3 + len(descriptors)))
            argv = wrapped([python, *debugger, str(_RUNTIME / "worker.py"), *passed], self._configuration)
            memory_mb = self._configuration.memory_mb
            command = Command(argv, self._variables(), self._configuration.task_root, memory_mb, self._box)
            child = await ChildProcess.spawn(command, self._output, self._options.reaper, pass_fds=descriptors)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._child = child
        child.ended.add_done_callback(lambda _: self._child_ended(child))
        await self._loop.create_unix_connection(lambda: self, sock=ours)

    def share_cpu(self) -> None:
        """Hold it to its share of the CPU from now on, where that was asked for."""
        self._box.share_cpu()

    def send(self, invocation: Invocation) -> None:
        """Give it an invocation to begin at once."""
        if self._transport is None:
            return
        head, payload = self._frame(invocation, ahead=False)
        if len(payload) <= _JOIN_LIMIT:
            self._transport.write(head + payload)
        else:
            self._transport.writelines((head, payload))

    def send_ahead(self, invocations: Sequence[Invocation]) -> None:
        """Give it what waits for its turn, with one write."""
        if self._transport is None:
            return
        self._tokens.put(len(invocations))  # before the frames, which count only with a token
        frames: list[bytes] = []
        for invocation in invocations:
            frames += self._frame(invocation, ahead=True)
        self._transport.write(b"".join(frames))

    def take_back(self) -> bool:
        """Take back the last invocation given ahead; False when it has begun."""
        if not self._tokens.take():
            return False
        self._due.pop()
        return True

    def signal(self, number: Signals) -> None:
        """Send a signal to it and to what it has started."""
        if self._child:
            self._child.signal(number)

    def drain(self) -> None:
        """Hand over what it has written."""
        if self._child:
            self._child.drain()

    def kill(self) -> None:
        """End it at once; may be called twice."""
        if self._transport:
            self._transport.abort()
            self._transport = None
        if self._child:
            self._child.kill()

    def refuse(self, fault: str) -> None:
        """End it, since something else than its runtime has written to the socket: no answer is sure any more."""
        log.warning(
            "ended a process of the function %s, since something in it wrote to the gateway's socket: %s; "
            "look for code that writes to file descriptors that it has not opened",
            self._configuration.name,
            fault,
        )
        self._told = True
        self.kill()

    async def ended(self) -> None:
        """Wait for its end."""
        if self._child:
            await self._child.ended

    async def stop(self) -> None:
        """Close the socket, which ends the worker, and wait for it."""
        if self._child:
            self._child.signal(SIGCONT)
            self._child.signal(SIGTERM)
            if self._transport:
                self._transport.close()
            await asyncio.wait([self._child.ended], timeout=_STOP_LIMIT_S)
            self.kill()
            await self._child.ended
        await self._box.aclose()
        self._tokens.close()

    def _frame(self, invocation: Invocation, *, ahead: bool) -> tuple[bytes, bytes]:
        self._attempt = attempt = self._attempt + 1
        self._due.append(attempt)
        return invoke_frame(invocation, self._configuration.timeout_ms, self._configuration.arn, attempt, ahead=ahead)

    def _variables(self) -> dict[str, str]:
        base = function_variables(self._configuration, self._options.host, self._box.tmp, self.log_stream)
        return runtime_variables(self._configuration, base, self._options.python.version)

    def _child_ended(self, child: ChildProcess) -> None:
        if self._hung_up:
            self._tell_end(child)
        else:  # something that the handler started may hold the socket open
            self._loop.call_later(_EXIT_GRACE_S, self._tell_end, child)

    def _tell_end(self, child: ChildProcess) -> None:
        """Tell the exit code once, and not that of a process in whose place another one was launched."""
        if child is self._child and not self._told:
            self._told = True
            self._gave(child.ended.result())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ready."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not its subclasses

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - frames say their size
        """Where the loop reads to."""
        return self._reader.room()

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes arrived."""
        try:
            for frame in self._reader.fill(nbytes):
                self._gave(frame)
            if self._reader.fault and not self._told:
                self.refuse(self._reader.fault)
                self._gave(-SIGKILL)
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is: its end answers what it has in hand
            report("what a worker process sent", error)
            self.kill()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the exit code says more
        """The worker closed the socket, as a rule because it ended."""
        self._transport = None
        self._hung_up = True
        if self._child and self._child.ended.done():
            self._tell_end(self._child)
