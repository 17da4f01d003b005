"""Invocations whose callers do not wait: each runs until it has ended, or has been given up with a line in the log.

Facts, from the AWS Lambda developer guide ("Asynchronous invocation") and recordings of the real service (LocalStack's
snapshot tests, November 2025)

- Throttles (429) and errors of the service (5xx) return an event to the queue; see `gateway.functions.event_queue`.
- Of a function whose reserved concurrency is 0 an event is accepted and fails at once: ``ZeroReservedConcurrency``.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from gateway.configuration import FunctionConfiguration
from gateway.defects import report, shown
from gateway.functions.event_queue import AcceptedEvent, EventQueue
from gateway.invocation import (
    FunctionReference,
    Invocation,
    Outcome,
    Returned,
    Streamed,
    Throttled,
    Unavailable,
    reason_of,
)
from gateway.tasks import Tasks

log = logging.getLogger("gateway")

_ANSWERED_5XX: Final = (
    "ConnectionError ConnectionTimeout ServiceException EC2AccessDeniedException EC2ThrottledException "
    "EC2UnexpectedException ENILimitReachedException ENINotReadyException InvalidRuntimeException "
    "InvalidSecurityGroupIDException InvalidSubnetIDException InvalidZipFileException KMSAccessDeniedException "
    "KMSDisabledException KMSInvalidStateException KMSNotFoundException ResourceNotReadyException "
    "SubnetIPAddressLimitReachedException"
)
SYSTEM_ERRORS: Final = frozenset(_ANSWERED_5XX.split())
"""Errors of `Unavailable` that the Invoke API answers with 5xx, and no answer at all."""
_AT_ONCE: Final = 100
"""Attempts that begin in one turn of the event loop."""
_NAMED: Final = 10


class Timer(Protocol):
    """What an event loop has of a clock."""

    def time(self) -> float:
        """Seconds that only go forward."""
        ...

    def call_at(self, when: float, callback: Callable[[], None], /) -> object:
        """Call it at an instant."""
        ...


class AsynchronousInvocations:
    """Runs accepted events.

    Args:
        invoke: Runs one; does not raise but for a defect.
        configuration: What a reference leads to now, None when there is no such function.
        queue: Where events wait.
        timer: Says when; None for the running event loop.
    """

    def __init__(
        self,
        invoke: Callable[[FunctionReference, Invocation], Awaitable[Outcome]],
        configuration: Callable[[FunctionReference], FunctionConfiguration | None],
        queue: EventQueue | None = None,
        timer: Timer | None = None,
    ) -> None:
        self._invoke = invoke
        self._configuration = configuration
        self._queue = queue or EventQueue()
        self._given_timer = timer
        self._attempts = Tasks("an accepted event")
        self._wakes_at: float | None = None
        self._closing = False

    @property
    def _timer(self) -> Timer:
        return self._given_timer or asyncio.get_running_loop()

    def accept(self, reference: FunctionReference, invocation: Invocation) -> bool:
        """Begin an invocation; False when there is no room for it, and nothing will come of it."""
        event = self._queue.accept(reference, invocation, self._timer.time())
        if event is None:
            return False
        self._attempts.start(self._attempt(event))
        return True

    async def settle(self) -> None:
        """Wait for every event that runs, those that running ones send included; what waits goes on waiting."""
        await self._attempts.wait()

    def close(self) -> None:
        """Try nothing again: events that wait are dropped, and said in the log."""
        self._closing = True
        if dropped := self._queue.drop():
            named = ", ".join(f"{event.invocation.request_id} of {event.reference.name}" for event in dropped[:_NAMED])
            log.warning(
                "%d accepted events are lost, since they waited for their next attempt in memory only: %s",
                len(dropped),
                named if len(dropped) <= _NAMED else f"{named}, ...",
            )

    def abandon(self) -> None:
        """Drop everything now."""
        self.close()
        self._attempts.cancel()

    async def _attempt(self, event: AcceptedEvent) -> None:
        waits = False
        try:
            outcome = await self._invoke(event.reference, event.invocation)
            waits = self._settled(event, outcome)
        except asyncio.CancelledError:
            _failed(event, "the gateway stopped before it ended")
            raise
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is
            report(f"the event {event.invocation.request_id} of {event.reference.name}", error)
        finally:
            if not waits:
                self._queue.ended(event)

    def _settled(self, event: AcceptedEvent, outcome: Outcome) -> bool:
        """Say what became of an event; whether it waits for another attempt."""
        if isinstance(outcome, Returned | Streamed):
            log.info("the event %s of %s is done", event.invocation.request_id, event.reference.name)
            return False
        reason = reason_of(outcome)
        if isinstance(outcome, Throttled) or (isinstance(outcome, Unavailable) and outcome.error in SYSTEM_ERRORS):
            why_not = self._put_back(event, reason)
            if not why_not:
                return True
            reason = f"{reason}; {why_not}"
        _failed(event, reason)
        return False

    def _put_back(self, event: AcceptedEvent, reason: str) -> str:
        """Let an event wait for its next attempt; says why there is none, "" when there is."""
        if self._closing:
            return "it is not tried again, since the gateway stops"
        configuration = self._configuration(event.reference)
        if configuration is not None and configuration.reserved_concurrency == 0:
            return "ZeroReservedConcurrency: its reserved concurrency is 0, so it is not tried again"
        delay_s = self._queue.put_back(event, self._timer.time())
        if delay_s is None:
            return f"EventAgeExceeded: it was tried {event.put_back + 1} times"
        text = "the event %s of %s waits, for the first time for %g s: %s"
        if not event.put_back:
            log.info(text, event.invocation.request_id, event.reference.name, delay_s, shown(reason))
        self._wake_in_time()
        return ""

    def _wake_in_time(self) -> None:
        due = self._queue.next_at
        if due is not None and (self._wakes_at is None or due < self._wakes_at):
            self._wakes_at = due
            self._timer.call_at(due, self._wake)

    def _wake(self) -> None:
        self._wakes_at = None
        for event in self._queue.due(self._timer.time(), _AT_ONCE):
            self._attempts.start(self._attempt(event))
        self._wake_in_time()


def _failed(event: AcceptedEvent, reason: str) -> None:
    log.warning("the event %s of %s failed: %s", event.invocation.request_id, event.reference.name, shown(reason))
