"""What names a function, what goes into it and what comes out of it.

Everything meets in these three values: a listener, the Invoke API or an event source holds a `FunctionReference` and
makes an `Invocation`; the Lambda service turns them into an `Outcome`.  A listener knows nothing of how a function
runs, a target nothing of HTTP events.
"""

from asyncio import Future
from collections.abc import AsyncIterator
from typing import NamedTuple, TypeAlias


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
    """

    payload: bytes
    request_id: str
    function_arn: str = ""
    trace_id: str = ""
    client_context: bytes = b""
    cognito_identity: bytes = b""
    tail: bool = False
    streaming: bool = False


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


class StreamBroken(Exception):
    """A streamed result ended before it was complete."""

    def __init__(self, error_type: str, payload: bytes = b"") -> None:
        super().__init__(error_type)
        self.error_type = error_type
        self.payload = payload
