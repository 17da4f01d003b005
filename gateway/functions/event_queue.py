"""Accepted events that wait for their next attempt, and how long each may wait.

Facts, from the AWS Lambda developer guide ("Asynchronous invocation") and recordings of the real service (LocalStack's
snapshot tests, November 2025)

- An event that is throttled, or that meets an error of the service, goes back to the queue.  It is tried again after a
  second, then after twice as long each time, at most after five minutes, until its age limit, six hours by default.
- An event whose next attempt would come after its age limit fails at once (recorded for the attempts after an error of
  the function; the same is inferred here).

Pure: no clock, no loop.  Every method is an event and is given the instant, in seconds of a clock that only goes
forward.
"""

import heapq
from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.invocation import FunctionReference, Invocation

FIRST_DELAY_S: Final = 1.0
LONGEST_DELAY_S: Final = 300.0
AGE_LIMIT_S: Final = 21_600.0
MOST_EVENTS: Final = 50_000
MOST_BYTES: Final = 256 * 1024 * 1024
"""Of the payloads of all accepted events; these two limits are this project's own."""


class AcceptedEvent(NamedTuple):
    """An event whose caller has been told that it will run.

    Attributes:
        accepted_at: When that was.
        put_back: How often it has come back to the queue.
    """

    reference: FunctionReference
    invocation: Invocation
    accepted_at: float
    put_back: int = 0


class EventQueue:
    """All accepted events that have not ended, and among them those that wait.

    Args:
        most_events: How many there may be.
        most_bytes: How long their payloads may be together.
    """

    def __init__(self, most_events: int = MOST_EVENTS, most_bytes: int = MOST_BYTES) -> None:
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._events = 0
        self._bytes = 0
        self._waiting: list[tuple[float, int, AcceptedEvent]] = []  # a heap; the number keeps the order of arrival
        self._number = 0

    @property
    def next_at(self) -> float | None:
        """When an event is to be tried again; None when none waits."""
        return self._waiting[0][0] if self._waiting else None

    def accept(self, reference: FunctionReference, invocation: Invocation, now: float) -> AcceptedEvent | None:
        """Take an event, which is to be tried at once; None when there is no room for it."""
        size = self._bytes + len(invocation.payload)
        if self._events >= self._most_events or size > self._most_bytes:
            return None
        self._events += 1
        self._bytes = size
        return AcceptedEvent(reference, invocation, now)

    def put_back(self, event: AcceptedEvent, now: float) -> float | None:
        """Keep an event that could not run; gives the seconds to its next attempt, None when it is too old for one."""
        delay_s = min(FIRST_DELAY_S * 2.0 ** min(event.put_back, 32), LONGEST_DELAY_S)
        if now + delay_s - event.accepted_at > AGE_LIMIT_S:
            return None
        self._number += 1
        again = event._replace(put_back=event.put_back + 1)
        heapq.heappush(self._waiting, (now + delay_s, self._number, again))
        return delay_s

    def due(self, now: float, most: int) -> list[AcceptedEvent]:
        """The events whose time has come, the longest due first; they wait no longer."""
        events: list[AcceptedEvent] = []
        while self._waiting and self._waiting[0][0] <= now and len(events) < most:
            events.append(heapq.heappop(self._waiting)[2])
        return events

    def ended(self, event: AcceptedEvent) -> None:
        """An event has run, or has failed for good: there is room for others."""
        self._events -= 1
        self._bytes -= len(event.invocation.payload)

    def drop(self) -> Sequence[AcceptedEvent]:
        """Let go of the events that wait, in the order of their attempts."""
        events = [event for _, _, event in sorted(self._waiting)]
        self._waiting.clear()
        for event in events:
            self.ended(event)
        return events
