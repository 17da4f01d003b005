"""One function of the Lambda service: its configuration, its concurrency and its way to run."""

import asyncio

from gateway.configuration import FunctionConfiguration
from gateway.functions.concurrency import ACCOUNT_LIMIT, RESERVED_LIMIT, ConcurrencyPool
from gateway.functions.lineage import first_dispatch
from gateway.invocation import Invocation, Outcome, Streamed, Throttled
from gateway.targets.target import Target


class Function:
    """A function that can be invoked.

    Beyond its reserved concurrency, or the pool that it shares with others, an invocation is throttled at once; without
    either it waits for a free execution environment, since AWS would have scaled.

    Args:
        unreserved: The account's pool, for a function without a reservation; None for no limit.

    Attributes:
        lineage: The part of a trace header that begins a chain of calls with this function.
    """

    def __init__(
        self, configuration: FunctionConfiguration, target: Target, unreserved: ConcurrencyPool | None = None
    ) -> None:
        self.configuration = configuration
        self.target = target
        self.lineage = first_dispatch(configuration.arn)
        self.in_flight = 0
        reserved = configuration.reserved_concurrency
        if reserved is not None:
            self._pool = ConcurrencyPool(reserved, RESERVED_LIMIT)
        else:
            self._pool = unreserved or ConcurrencyPool(None, ACCOUNT_LIMIT)
        self._drained: asyncio.Event | None = None

    async def start(self) -> None:
        """Make the target ready; raises `UsageError` when it can never work."""
        await self.target.start()

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation under this function's concurrency."""
        if not self._pool.take():
            return Throttled(self._pool.reason)
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

    def _ended(self, _: object = None) -> None:
        self._pool.give_back()
        self.in_flight -= 1
        if self._drained and not self.in_flight:
            self._drained.set()
