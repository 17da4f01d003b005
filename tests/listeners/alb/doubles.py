"""A function whose outcomes the test chooses, and requests for it."""

from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.invocation import Invocation, Outcome
from gateway.translation.messages import Request

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/tests/6d0ecf831eec9f09"


class ScriptedTarget:
    """Gives one outcome and keeps the invocations."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.invocations: list[Invocation] = []

    async def start(self) -> None:
        """Nothing to do."""

    async def invoke(self, invocation: Invocation) -> Outcome:
        """The outcome."""
        self.invocations.append(invocation)
        return self.outcome

    def renew(self) -> None:
        """Nothing to load anew."""

    async def aclose(self) -> None:
        """Nothing to do."""


def function(target: ScriptedTarget) -> Function:
    """A function that runs on it."""
    return Function(FunctionConfiguration(name="app", handler="app.handler"), target)


def get(
    path: bytes = b"/a", headers: tuple[tuple[bytes, bytes], ...] = ((b"Host", b"h"),), body: bytes = b""
) -> Request:
    """A request as a rim gives it."""
    return Request("GET", path, b"", headers, body, ("127.0.0.1", 4711), ("127.0.0.1", 8000))
