"""An execution environment whose runtime speaks the Lambda Runtime API.

Facts, recorded from AWS in November 2025 unless said otherwise:

- The init phase has 10 seconds.  A runtime that needs longer is stopped and begins again inside the first invocation,
  under the function's own timeout; so the module's code runs twice (AWS guide, "Lambda runtime environment").
- An init error reaches the waiting caller as the runtime wrote it; the next invocation starts anew.
- ``Task timed out after 3.00 seconds``, ``Runtime exited …``, ``Response payload size exceeded …`` and their error
  types are AWS's own; the key order of each object is too.
"""

import asyncio
import itertools
import signal
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import orjson

from gateway.configuration import FunctionConfiguration
from gateway.invocation import (
    Failed,
    Invocation,
    Outcome,
    Returned,
    StreamBroken,
    Streamed,
    TimedOut,
)
from gateway.targets.runtime_api.process import Logs, Process, exit_text, start_error_text
from gateway.targets.runtime_api.server import Offer, RuntimeApi
from gateway.targets.runtime_api.state import RESPONSE_LIMIT, Effect
from gateway.targets.runtime_api.streaming import ResponseStream

INIT_LIMIT_MS: Final = 10_000
"""How long the init phase may last before it is begun again inside the first invocation."""

_TOO_LARGE_TYPE: Final = "Function.ResponseSizeTooLarge"
_TOO_LARGE_MESSAGE: Final = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
_TOO_LARGE_PAYLOAD: Final = orjson.dumps({"errorMessage": _TOO_LARGE_MESSAGE, "errorType": _TOO_LARGE_TYPE})


class _Failure(NamedTuple):
    """What went wrong; the platform writes the payload where the runtime did not."""

    error_type: str
    text: str
    payload: bytes = b""

    def outcome(self, request_id: str) -> Failed:
        """The outcome of the invocation that meets this failure."""
        if self.payload:
            return Failed(self.payload, self.error_type, self.text)
        message = f"RequestId: {request_id} Error: {self.text or self.error_type}"
        return Failed(_platform_payload(self.error_type, message), self.error_type, message)


def _platform_payload(error_type: str, message: str) -> bytes:
    """An error object as the platform writes it."""
    return orjson.dumps({"errorType": error_type, "errorMessage": message})


def timed_out(request_id: str, timeout_ms: int) -> TimedOut:
    """The outcome of an invocation that ran into its function's timeout."""
    message = f"RequestId: {request_id} Error: Task timed out after {timeout_ms / 1000:.2f} seconds"
    return TimedOut(_platform_payload("Sandbox.Timedout", message), timeout_ms)


def _reported(error_type: str, payload: bytes) -> _Failure:
    """A failure in the runtime's own words; the header's type is often missing, the body's is the one users know."""
    message = ""
    try:
        body = orjson.loads(payload)
    except orjson.JSONDecodeError:
        body = None
    if isinstance(body, dict):
        error_type = error_type or str(body.get("errorType", ""))
        message = str(body.get("errorMessage", ""))
    return _Failure(error_type or "Runtime.Unknown", message, payload)


class RuntimeApiEnvironment:
    """One sandbox: a process, its Runtime API, one invocation at a time.

    Args:
        configuration: The function.
        command: What to run, with its arguments; the working directory is the task root.
        environment: The process's variables, complete but for ``AWS_LAMBDA_RUNTIME_API``.
        logs: Takes what the function prints.
        init_limit_ms: How long the init phase may last.
    """

    def __init__(
        self,
        configuration: FunctionConfiguration,
        command: Sequence[str],
        environment: Mapping[str, str],
        logs: Logs,
        init_limit_ms: int = INIT_LIMIT_MS,
    ) -> None:
        self._configuration = configuration
        self._command = tuple(command)
        self._variables = dict(environment)
        self._logs = logs
        self._init_limit_ms = init_limit_ms
        self._api = RuntimeApi(self)
        self._process: Process | None = None
        self._init: asyncio.Future[None] | None = None
        self._failure: _Failure | None = None
        self._outcome: asyncio.Future[Outcome] | None = None
        self._invocation: Invocation | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._spent = False
        self._offer: Offer | None = None
        self._restart: asyncio.Task[None] | None = None
        self._attempt = (f"{str(uuid.uuid4())[:24]}{n:012x}" for n in itertools.count(1))

    @property
    def reusable(self) -> bool:
        """False after a timeout, a crash, a failed init or a stop."""
        return not self._spent

    @property
    def pid(self) -> int:
        """The runtime's process id, 0 when it does not run."""
        return self._process.pid if self._process is not None and self._process.alive else 0

    async def start(self) -> None:
        """Begin the init phase and wait for its end; a failure is kept for the first invocation."""
        self._variables["AWS_LAMBDA_RUNTIME_API"] = await self._api.listen()
        self._init = asyncio.get_running_loop().create_future()
        await self._launch()
        try:
            async with asyncio.timeout(self._init_limit_ms / 1000):
                await self._init
        except TimeoutError:
            self._api.time_out()
            await self._end_process()
        except asyncio.CancelledError:
            self.kill()
            raise

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation to its end, or to the begin of its stream; cancelling it stops the environment."""
        if self._failure is not None:
            return self._failure.outcome(invocation.request_id)
        timeout_ms = self._configuration.timeout_ms
        loop = asyncio.get_running_loop()
        self._invocation = invocation
        outcome = self._outcome = loop.create_future()
        self._timer = loop.call_later(timeout_ms / 1000, self._time_out)
        deadline = time.time_ns() // 1_000_000 + timeout_ms
        self._offer = Offer(invocation, self._configuration.arn, next(self._attempt), deadline)
        try:
            if self._process is None:
                await self._launch()
            self._api.give(self._offer)
            return await outcome
        except asyncio.CancelledError:
            self.kill()
            raise

    async def stop(self, reason: str = "spindown") -> None:  # noqa: ARG002
        """End the process and close the port.

        Without extensions AWS gives the runtime no time at all: SIGKILL at once (AWS guide, "Lambda runtime
        environment", shutdown phase).
        """
        process = self._process
        self.kill()
        if process is not None:
            await process.wait()

    def kill(self) -> None:
        """End everything at once."""
        self._spent = True
        if self._timer is not None:
            self._timer.cancel()
        if self._process is not None:
            self._process.kill()
        self._api.close()

    async def _launch(self) -> None:
        """Start the runtime's process; its init phase begins."""
        self._api.expect_process()
        try:
            self._process = await Process.start(
                self._command, self._variables, self._configuration.task_root, self._logs, self._exited
            )
        except OSError as error:
            self._fail_init(_Failure("Runtime.InvalidEntrypoint", start_error_text(self._command, error)))

    async def _relaunch(self) -> None:
        """Begin again with an invocation that the last process never got to see."""
        await self._launch()
        if self._offer is not None and self._invocation is not None:
            self._api.give(self._offer)

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await process.wait()

    def _time_out(self) -> None:
        """The function's timeout has passed."""
        invocation = self._invocation
        if invocation is None:
            return
        outcome = timed_out(invocation.request_id, self._configuration.timeout_ms)
        if self._process is not None:
            self._process.drain()
        if self._api.time_out() is Effect.BREAK:
            self._api.break_stream(StreamBroken("Sandbox.Timedout", outcome.payload))
        self._settle(outcome)
        self.kill()

    def _exited(self, process: Process, return_code: int) -> None:
        """A process has ended, ours or one that was given up before."""
        if process is not self._process:
            return
        self._process = None
        effect = self._api.exited()
        if effect is Effect.RESTART and not self._spent:
            self._restart = asyncio.get_running_loop().create_task(self._relaunch())
            return
        self._spent = True
        failure = _Failure("Runtime.ExitError", f"Runtime {exit_text(return_code)}")
        if effect is Effect.FAIL_INIT:
            self._fail_init(failure)
        elif effect is Effect.ABANDON:
            self._fail(failure)
        elif effect is Effect.BREAK and self._invocation is not None:
            payload = failure.outcome(self._invocation.request_id).payload
            self._api.break_stream(StreamBroken(failure.error_type, payload))
            self._settle(None)

    def _settle(self, outcome: Outcome | None) -> None:
        """The invocation is over; None when its caller already has the outcome."""
        self._invocation = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if outcome is not None:
            self._pass_on(outcome)

    def _pass_on(self, outcome: Outcome) -> None:
        waiting, self._outcome = self._outcome, None
        if waiting is not None and not waiting.done():
            if self._process is not None:
                self._process.drain()
            waiting.set_result(outcome)

    def _fail(self, failure: _Failure) -> None:
        if self._invocation is not None:
            self._settle(failure.outcome(self._invocation.request_id))

    def _fail_init(self, failure: _Failure) -> None:
        """Give the failure to the invocation that waits, or keep it for the first one."""
        self._spent = True
        if self._invocation is not None:
            self._fail(failure)
        else:
            self._failure = failure
        self._end_init()

    def _end_init(self) -> None:
        if self._init is not None and not self._init.done():
            self._init.set_result(None)

    # What the Runtime API reports.

    def ready(self) -> None:
        """The runtime asks for an invocation: its init phase has ended well."""
        self._end_init()

    def init_failed(self, error_type: str, payload: bytes) -> None:
        """The runtime reported an init error; its process is about to end."""
        self._fail_init(_reported(error_type, payload))

    def returned(self, payload: bytes, content_type: str) -> None:
        """The invocation has its result."""
        self._settle(Returned(payload, content_type=content_type))

    def streaming(self, content_type: str, stream: ResponseStream) -> None:
        """The caller gets the stream; the timeout still runs."""
        self._pass_on(Streamed(content_type, stream))

    def stream_ended(self, broken: StreamBroken | None) -> None:  # noqa: ARG002
        """The caller has seen, or will see, the end in the stream itself."""
        self._settle(None)

    def failed(self, error_type: str, payload: bytes) -> None:
        """The runtime reported that the invocation failed."""
        self._fail(_reported(error_type, payload))

    def too_large(self) -> None:
        """The result is over the limit; the runtime goes on."""
        self._settle(Failed(_TOO_LARGE_PAYLOAD, _TOO_LARGE_TYPE, _TOO_LARGE_MESSAGE))
