"""What the pool asks of an execution environment, whatever runs inside."""

from asyncio import Future
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias

from gateway.invocation import Invocation, Outcome

OutcomeFuture: TypeAlias = Future[Outcome | None]
"""Done when an invocation has its outcome, or the begin of its stream; None when it did not begin."""


class Environment(Protocol):
    """One execution environment: one process, one invocation at a time.

    Attributes:
        problem: Why the handler cannot be loaded, in words for the user at start; None when it can, or may when
            its init phase runs again in the first invocation.
        takes_ahead: More invocations may be given while one runs; each begins when the one before it has ended.
        freed: Called when an invocation has ended, a stream to its last byte; once for all when the process has.
    """

    problem: str | None
    takes_ahead: bool
    freed: Callable[[], None]

    async def start(self) -> None:
        """Run the init phase.  Never raises for what the user's code does: the first invocation gets the failure."""
        ...

    def invoke(self, invocation: Invocation, answer: OutcomeFuture | None = None) -> OutcomeFuture:
        """Run one invocation, or let it wait for its turn; returns ``answer``, made here when the caller has none.

        The answer is None when the invocation was given ahead and did not begin, so that another one may run it.  The
        invocation's report is filled in from its begin on; one with details, or a tail, has nothing given ahead behind.
        """
        ...

    def retract(self) -> bool:
        """Take back the last invocation given ahead, if it has not begun; its answer is None then."""
        ...

    @property
    def reusable(self) -> bool:
        """Whether another invocation may follow: not after a timeout, a crash or a failed init phase."""
        ...

    async def stop(self, reason: str = "spindown") -> None:
        """Let the processes end in the time that Lambda gives them, then end them."""
        ...

    def kill(self) -> None:
        """End the processes at once; may be called twice."""
        ...


class EnvironmentFactory(Protocol):
    """Makes environments that are not started yet; ``scratch`` is the folder that stands for ``/tmp``."""

    def __call__(self, scratch: Path) -> Environment:
        """A new environment."""
        ...
