"""How one invocation runs, seen from above."""

from typing import Protocol

from gateway.invocation import Invocation, Outcome


class Target(Protocol):
    """One way to run a function.

    A target never raises for what a handler does: it returns an `Outcome`.  It fills in the invocation's `Report` where
    there is one, as far as it knows, and does nothing for it where there is none.
    """

    async def start(self) -> None:
        """Make ready.

        Raises:
            UsageError: The target can never work as configured (a missing module, a handler that is not callable).
        """
        ...

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation to its end, or to the begin of its stream."""
        ...

    def renew(self) -> None:
        """The code may have changed: load it anew; invocations in flight end with what they began with."""
        ...

    async def aclose(self) -> None:
        """Stop everything this target started; invocations in flight may finish first."""
        ...
