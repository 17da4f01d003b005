"""What names a function, what goes into it and what comes out of it.

Everything meets in these three values: a listener, the Invoke API or an event source holds a `FunctionReference` and
makes an `Invocation`; the Lambda service turns them into an `Outcome`, and tells in a `Report` how that went when it is
asked to.  A listener knows nothing of how a function runs, a target nothing of HTTP events.
"""

from asyncio import Future
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

LOG_BYTES: Final = 256 * 1024
"""Bytes of an invocation's log that its report keeps."""

_PIECE_BYTES: Final = 4096


@dataclass(slots=True, eq=False)
class Report:
    """What an executor tells of one invocation, filled in as it goes; made by who asks, for each invocation its own.

    Instants are of `time.perf_counter`, 0.0 until they happen.  All of it stands when the outcome is there, but for a
    stream's log and memory, which do when its ``ended`` is done.  A line that is written after the answer is still this
    invocation's until its environment begins the next one, so the log may grow a little longer.

    Attributes:
        details: Memory and log are asked for as well.  They cost a look at the process, and an invocation whose log is
            kept runs alone: nothing is given ahead behind it.
        queued_at: When the executor took the invocation.
        started_at: When an environment began with it, after waiting and after an init phase inside the invocation;
            0.0 when such a phase never ended.
        ended_at: When the environment had its result, or the head of its stream.
        init_s: Seconds of the environment's init phase, for its first invocation: what the platform reports as ``Init
            Duration``, or how long the phase took inside the invocation.  It may have begun before the invocation came,
            so it can be longer than the time from `queued_at` to `started_at`.  0.0 when warm, and where unknown.
        cold: The first invocation of its environment, or of a runtime that began anew inside it.
        environment: The environment's name, that of its log stream; "" where unknown.
        memory_mb: The most memory that the environment has held, 0 where unknown.
        log: Its log as it reached the gateway, in pieces that end anywhere: at most `LOG_BYTES`.
        log_dropped: Bytes of the log beyond those.
        version: The function's version that ran, "" where unknown.
    """

    details: bool = True
    queued_at: float = 0.0
    started_at: float = 0.0
    ended_at: float = 0.0
    init_s: float = 0.0
    cold: bool = False
    environment: str = ""
    memory_mb: int = 0
    log: list[bytes] = field(default_factory=list)
    log_dropped: int = 0
    version: str = ""
    _room: int = field(default=LOG_BYTES, init=False, repr=False)
    _init_at: float = field(default=0.0, init=False, repr=False)

    def begin(self, at: float, environment: str, version: str, init_ms: float | None) -> None:
        """An environment has it; ``init_ms`` is how long its init phase took, None when it is warm."""
        self.started_at = at
        self.environment = environment
        self.version = version
        if init_ms is not None:
            self.cold = True
            self.init_s = init_ms / 1000

    def wait_for_init(self, at: float) -> None:
        """An init phase begins inside the invocation."""
        self.cold = True
        self.started_at = 0.0
        self._init_at = at

    def init_ended(self, at: float) -> None:
        """The init phase inside the invocation has ended."""
        self.started_at = at
        self.init_s = at - self._init_at

    def end(self, at: float, memory_mb: int = 0) -> None:
        """The environment has its end; an instant that stands, such as that of a stream's head, stays."""
        if not self.ended_at:
            self.ended_at = at
            if self._init_at and not self.started_at:
                self.init_s = at - self._init_at
        self.memory_mb = memory_mb

    def add_log(self, chunk: bytes) -> None:
        """Keep a piece of the log; small ones are joined, so that their number is bounded as well."""
        kept = chunk[: self._room]
        self.log_dropped += len(chunk) - len(kept)
        self._room -= len(kept)
        if self.log and len(self.log[-1]) + len(kept) <= _PIECE_BYTES:
            self.log[-1] += kept
        elif kept:
            self.log.append(kept)


class FunctionReference(NamedTuple):
    """A function as its caller names it: looked up at each call, so that what it leads to can change between two.

    Attributes:
        name: The function's name, as in its ARN.
        qualifier: A version or an alias; None when the caller gave none, which means ``$LATEST``.
    """

    name: str
    qualifier: str | None = None


class Invocation(NamedTuple):
    """One call of one function.

    Attributes:
        payload: UTF-8 JSON, exactly the bytes that the function's runtime will parse.
        request_id: A lower-case UUID; ``context.aws_request_id`` in the handler.
        function_arn: The invoked ARN, with the qualifier that the caller gave; "" lets the target use its own.
        trace_id: The value of ``X-Amzn-Trace-Id``, "" when there is none.
        client_context: The decoded client context (JSON), b"" when there is none.
        cognito_identity: JSON with ``cognitoIdentityId`` and ``cognitoIdentityPoolId``, b"" when there is none.
        tail: The caller wants the last 4 KB of this invocation's log.
        streaming: The caller can take a `Streamed` outcome; otherwise a stream is collected first.
        report: What the executor fills in; None when nobody asks.
    """

    payload: bytes
    request_id: str
    function_arn: str = ""
    trace_id: str = ""
    client_context: bytes = b""
    cognito_identity: bytes = b""
    tail: bool = False
    streaming: bool = False
    report: Report | None = None


class Returned(NamedTuple):
    """The handler returned; ``payload`` is its result as the runtime encoded it."""

    payload: bytes
    log_tail: bytes = b""
    content_type: str = "application/json"


class Streamed(NamedTuple):
    """The handler began to answer in pieces.

    ``chunks`` ends normally when the stream is complete and raises `StreamBroken` when the function failed half-way.
    ``content_type`` is what the runtime declared; ``application/vnd.awslambda.http-integration-response`` announces
    a JSON prelude and eight NUL bytes in front of the body.  ``ended`` is done when the function is, whether or not
    anybody took the chunks: until then the environment is busy and the concurrency is used; None when nothing is held.
    """

    content_type: str
    chunks: AsyncIterator[bytes]
    ended: "Future[None] | None" = None


class Failed(NamedTuple):
    """The function raised, crashed or could not be initialised: ``X-Amz-Function-Error: Unhandled``.

    ``payload`` is the error object that the Invoke API answers with; ``error_type`` and ``message`` are for the log.
    """

    payload: bytes
    error_type: str
    message: str
    log_tail: bytes = b""


class TimedOut(NamedTuple):
    """The function's timeout passed and its environment was stopped.  ``payload`` as in `Failed`."""

    payload: bytes
    after_ms: int
    log_tail: bytes = b""


class Throttled(NamedTuple):
    """No concurrency was left; ``reason`` is the Invoke API's, such as
    ``ReservedFunctionConcurrentInvocationLimitExceeded``.
    """  # noqa: D205 - one sentence

    reason: str


class Unavailable(NamedTuple):
    """The Lambda service could not run the function at all.

    ``error`` is the Invoke API's exception name (``ResourceNotFoundException``, ``AccessDeniedException``,
    ``ServiceException`` …) or ``ConnectionError`` / ``ConnectionTimeout`` when the service was not reached.
    """

    error: str
    message: str


Outcome: TypeAlias = Returned | Streamed | Failed | TimedOut | Throttled | Unavailable


def reason_of(outcome: Failed | TimedOut | Throttled | Unavailable) -> str:
    """Why there is no result, in words for the log; what the function said is as it came."""
    match outcome:
        case Failed(error_type=error, message=message) | Unavailable(error=error, message=message):
            return f"{error}: {message}" if message else error
        case TimedOut(after_ms=after_ms):
            return f"no answer within {after_ms / 1000:g} s"
        case Throttled(reason=reason):
            return reason


class StreamBroken(Exception):
    """A streamed result ended before it was complete."""

    def __init__(self, error_type: str, payload: bytes = b"") -> None:
        super().__init__(error_type)
        self.error_type = error_type
        self.payload = payload
