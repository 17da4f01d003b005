"""Every error that this package raises on purpose.

    GatewayError
    ├── UsageError                a wrong option, file or module at start: one clear message, exit code 2
    ├── NamedError                what AWS has an exception name for
    │   └── lambda_api.ApiError   … because the Invoke API refuses the call
    └── Fault                     a request that ends without the function's own answer
        └── BadResult             … because the result is not one that the front door accepts

A `Fault` says what happened in `FaultKind`; each flavour has the table that turns a kind into its own status and page.
``str(error)`` is for the log; a client never sees it.
"""

from enum import Enum
from typing import Final


class GatewayError(Exception):
    """The root of the tree."""


class UsageError(GatewayError):
    """What the user gave at start cannot work; the message says what to do next."""


class NamedError(GatewayError):
    """What AWS has a name for.

    Attributes:
        code: The exception's name.
        message: Its text; None is sent as ``null``.
    """

    def __init__(self, code: str, message: str | None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class FaultKind(Enum):
    """Why a request ended without the function's answer."""

    NOT_UTF8 = "the request holds bytes that are not UTF-8 where text is needed"
    REQUEST_TOO_LARGE = "the request body is over the limit"
    TOO_MANY_ADDRESSES = "X-Forwarded-For names more addresses than the front door takes"
    METHOD_NOT_ALLOWED = "the front door never forwards this method"
    MALFORMED = "the request is not one that the front door can forward"
    WEBSOCKET = "a WebSocket upgrade cannot be forwarded to a function"
    REFUSED = "the listener refuses the request"
    FUNCTION_ERROR = "the function raised or crashed"
    TIMED_OUT = "the function timed out"
    THROTTLED = "no concurrency was left"
    ACCESS_DENIED = "the function may not be invoked"
    NOT_FOUND = "the function does not exist"
    RESULT_INVALID = "the function's result is not one that this front door accepts"
    RESULT_TOO_LARGE = "the function's result is over the limit"
    CONNECTION_ERROR = "the target could not be reached"
    CONNECTION_TIMEOUT = "the target did not answer in time"
    SERVICE_ERROR = "the Lambda service failed"


class Fault(GatewayError):
    """A request that ends without the function's own answer.

    Attributes:
        kind: What happened; the flavour's table gives the answer.
        detail: One line for the log: what was found and what was expected.
    """

    def __init__(self, kind: FaultKind, detail: str = "") -> None:
        super().__init__(f"{kind.value}: {detail}" if detail else kind.value)
        self.kind = kind
        self.detail = detail


_SHOWN: Final = 80


class BadResult(Fault):
    """The function returned JSON that its front door does not accept.

    ``pointer`` is an RFC 6901 JSON Pointer into the result, "" for the whole of it.
    """

    def __init__(self, pointer: str, expected: str, got: object) -> None:
        shown = got if isinstance(got, str) and got.startswith("<") else repr(got)
        shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
        super().__init__(FaultKind.RESULT_INVALID, f"{pointer or '(result)'}: expected {expected}, got {shown}")
        self.pointer = pointer
