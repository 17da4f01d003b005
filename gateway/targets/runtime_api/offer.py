"""An invocation on its way to a runtime: the answer to ``next``.

The headers are those of the AWS guide "Using the Lambda runtime API for custom runtimes", and
``Lambda-Runtime-Invocation-Id``, which AWS's clients send back since July 2026.  One without a value is left out, and
the client context goes out as JSON, not base64.
"""

from typing import NamedTuple

from gateway.invocation import Invocation
from gateway.types import EpochMs


class Offer(NamedTuple):
    """One attempt at one invocation.

    Attributes:
        attempt: Unique, while the request id stays the same on a retry.
        deadline: When the function will be stopped.
    """

    invocation: Invocation
    function_arn: str
    attempt: str
    deadline: EpochMs


def render(offer: Offer) -> bytes:
    """The answer to ``next``, a whole HTTP response in one piece."""
    invocation, arn, attempt, deadline = offer
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        f"Lambda-Runtime-Aws-Request-Id: {invocation.request_id}\r\nLambda-Runtime-Deadline-Ms: {deadline}\r\n"
        f"Lambda-Runtime-Invoked-Function-Arn: {invocation.function_arn or arn}\r\n"
        f"Lambda-Runtime-Invocation-Id: {attempt}\r\nContent-Length: {len(invocation.payload)}\r\n"
    )
    if invocation.trace_id:
        head += f"Lambda-Runtime-Trace-Id: {invocation.trace_id}\r\n"
    lines = [head.encode("latin-1")]
    if invocation.client_context:
        lines.append(b"Lambda-Runtime-Client-Context: %s\r\n" % _one_line(invocation.client_context))
    if invocation.cognito_identity:
        lines.append(b"Lambda-Runtime-Cognito-Identity: %s\r\n" % _one_line(invocation.cognito_identity))
    return b"".join((*lines, b"\r\n", invocation.payload))


def _one_line(value: bytes) -> bytes:
    """JSON as a header value: a line break in it can only be white space."""
    return value.replace(b"\r", b" ").replace(b"\n", b" ")
