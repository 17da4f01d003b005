"""The life of one runtime as its Runtime API sees it: which call is allowed when, and what it leads to.

Pure: no clock, no sockets.  Every method is an event; what it returns says what to do.

Facts, from the sources of aws-lambda-runtime-interface-emulator (``core/states.go``, ``rapi/handler/*``, and
``rapi/rendering/render_error.go`` of its managed-instances part):

- The states are Started, Ready, Running, InvocationResponse, InvocationErrorResponse, ResponseSent and InitError; a
  call out of order is answered 403 with both names in its message, and leaves the state as it was.
- ``next`` while Running hands out the same invocation again.
- An id that is not the current one is answered 400, one whose invocation has timed out 410.
- ``Lambda-Runtime-Invocation-Id`` names one attempt; the request id is the same on every retry.  A client that was
  given it sends it back, so an answer with the wrong one belongs to an attempt that is over.
"""

from enum import Enum
from typing import Final, NamedTuple

RESPONSE_LIMIT: Final = 6_291_556
"""Bytes of a response that is not streamed: 6 MiB and 100 (recorded from AWS, 2025)."""

STREAM_LIMIT: Final = 200 * 1024 * 1024
"""Bytes of a streamed response (AWS Lambda quotas, since July 2025)."""


class Phase(Enum):
    """Where a runtime stands; the values are AWS's names for it."""

    STARTED = "Started"
    INIT_ERROR = "InitError"
    READY = "Ready"
    RUNNING = "Running"
    RESPONDING = "InvocationResponse"
    RESPONSE_SENT = "ResponseSent"
    TIMED_OUT = "TimedOut"
    EXITED = "Exited"


class Effect(Enum):
    """What an event leads to."""

    DELIVER = "answer next with the invocation"
    HOLD = "keep next, or the invocation, waiting for the other"
    ACCEPT = "answer 202"
    ABANDON = "the invocation is over without an answer"
    BREAK = "the stream of the answer ends where it is"
    FAIL_INIT = "the runtime ended before its first next"
    RESTART = "the invocation was never handed out: a new process may take it"
    NOTHING = "nobody is waiting"


class ErrorResponse(NamedTuple):
    """An error answer of the Runtime API."""

    status: int
    error_type: str
    message: str


INVALID_REQUEST_ID: Final = ErrorResponse(400, "InvalidRequestID", "Invalid request ID")
INVALID_RESPONSE_MODE: Final = ErrorResponse(400, "InvalidFunctionResponseMode", "Invalid function response mode")
TRUNCATED: Final = ErrorResponse(400, "TruncatedHTTPRequest", "HTTP request detected as truncated")
LATE: Final = ErrorResponse(410, "InvokeTimeout", "Invoke timeout")
TOO_LARGE: Final = ErrorResponse(
    413, "RequestEntityTooLarge", f"Exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
)

_ERROR_RESPONSE: Final = "InvocationErrorResponse"


class RuntimeState:
    """The state of one runtime process."""

    __slots__ = ("_attempt", "_request_id", "_waiting", "phase")

    def __init__(self) -> None:
        self.phase = Phase.STARTED
        self._request_id = ""
        self._attempt = ""
        self._waiting = False

    def give(self, request_id: str, attempt: str) -> Effect:
        """An invocation has come: DELIVER when the runtime is polling, HOLD until it does."""
        self._request_id = request_id
        self._attempt = attempt
        if self.phase is Phase.READY:
            self.phase = Phase.RUNNING
            return Effect.DELIVER
        self._waiting = True
        return Effect.HOLD

    def poll(self) -> Effect | ErrorResponse:
        """The runtime called ``next``."""
        if self.phase is Phase.RUNNING:
            return Effect.DELIVER
        if self.phase not in _MAY_POLL:
            return self._disallowed(Phase.READY.value)
        if self._waiting:
            self._waiting = False
            self.phase = Phase.RUNNING
            return Effect.DELIVER
        if self.phase is not Phase.READY:
            self.phase = Phase.READY
            self._request_id = self._attempt = ""
        return Effect.HOLD

    def respond(self, request_id: str, attempt: str) -> Effect | ErrorResponse:
        """A whole response was posted."""
        return self._answer(request_id, attempt, Phase.RESPONSE_SENT, Phase.RESPONDING.value)

    def begin_stream(self, request_id: str, attempt: str) -> Effect | ErrorResponse:
        """The head of a streamed response was posted."""
        return self._answer(request_id, attempt, Phase.RESPONDING, Phase.RESPONDING.value)

    def fail(self, request_id: str, attempt: str) -> Effect | ErrorResponse:
        """An invocation error was posted."""
        return self._answer(request_id, attempt, Phase.RESPONSE_SENT, _ERROR_RESPONSE)

    def end_stream(self) -> Effect | ErrorResponse:
        """A streamed response is complete, or was cut off; LATE when the invocation timed out before."""
        if self.phase is not Phase.RESPONDING:
            return LATE
        self.phase = Phase.RESPONSE_SENT
        return Effect.ACCEPT

    def fail_init(self) -> Effect | ErrorResponse:
        """An init error was posted."""
        if self.phase is not Phase.STARTED:
            return self._disallowed(Phase.INIT_ERROR.value)
        self.phase = Phase.INIT_ERROR
        return Effect.ACCEPT

    def time_out(self) -> Effect:
        """The function's timeout, or the limit of the init phase, has passed."""
        was, self.phase = self.phase, Phase.TIMED_OUT
        if was is Phase.RESPONDING:
            return Effect.BREAK
        return Effect.ABANDON if was is Phase.RUNNING or self._waiting else Effect.NOTHING

    def exit(self) -> Effect:
        """The runtime's process has ended."""
        was, self.phase = self.phase, Phase.EXITED
        if was is Phase.RUNNING:
            return Effect.ABANDON
        if was is Phase.RESPONDING:
            return Effect.BREAK
        if was is Phase.STARTED:
            return Effect.FAIL_INIT
        return Effect.RESTART if was is Phase.RESPONSE_SENT and self._waiting else Effect.NOTHING

    def _answer(self, request_id: str, attempt: str, then: Phase, name: str) -> Effect | ErrorResponse:
        if request_id != self._request_id:
            return INVALID_REQUEST_ID
        if self.phase is Phase.TIMED_OUT or (attempt and attempt != self._attempt):
            return LATE
        if self.phase is not Phase.RUNNING:
            return self._disallowed(name)
        self.phase = then
        return Effect.ACCEPT

    def _disallowed(self, name: str) -> ErrorResponse:
        message = f"State transition from {self.phase.value} to {name} failed for runtime."
        return ErrorResponse(403, "InvalidStateTransition", f"{message} Error: State transition is not allowed")


_MAY_POLL: Final = (Phase.STARTED, Phase.READY, Phase.RESPONSE_SENT)
