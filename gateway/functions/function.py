"""One function of the Lambda service: its configuration, its concurrency and its way to run."""

import asyncio

from gateway.configuration import FunctionConfiguration
from gateway.invocation import Invocation, Outcome, Streamed, Throttled
from gateway.targets.target import Target

RESERVED_LIMIT = "ReservedFunctionConcurrentInvocationLimitExceeded"


class Function:
    """A function that can be invoked.

    Beyond its reserved concurrency an invocation is throttled at once (lambda.md 5.2); without a reservation it waits
    for a free execution environment, since AWS would have scaled.
    """

    def __init__(self, configuration: FunctionConfiguration, target: Target) -> None:
        self.configuration = configuration
        self.target = target
        self.in_flight = 0
        self._drained: asyncio.Event | None = None

    async def start(self) -> None:
        """Make the target ready; raises `UsageError` when it can never work."""
        await self.target.start()

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation under this function's concurrency."""
        reserved = self.configuration.reserved_concurrency
        if reserved is not None and self.in_flight >= reserved:
            return Throttled(RESERVED_LIMIT)
        self.in_flight += 1
        try:
            outcome = await self.target.invoke(invocation)
        except BaseException:
            self._ended()
            raise
        if isinstance(outcome, Streamed) and outcome.ended:
            outcome.ended.add_done_callback(self._ended)
        else:
            self._ended()
        return outcome

    def _ended(self, _: object = None) -> None:
        self.in_flight -= 1
        if self._drained and not self.in_flight:
            self._drained.set()

    def renew(self) -> None:
        """Load the code anew; invocations in flight end with what they began with."""
        self.target.renew()

    async def drain(self) -> None:
        """Stop the target when the invocations in flight have ended."""
        if self.in_flight:
            self._drained = asyncio.Event()
            await self._drained.wait()
        await self.target.aclose()

    async def aclose(self) -> None:
        """Stop the target."""
        await self.target.aclose()
