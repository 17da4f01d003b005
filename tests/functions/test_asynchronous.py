"""Accepted events: what becomes of each, with a clock that the test moves."""

import asyncio
import logging
from collections.abc import Callable, Sequence

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.functions.asynchronous import SYSTEM_ERRORS, AsynchronousInvocations
from gateway.functions.event_queue import EventQueue
from gateway.invocation import (
    Failed,
    FunctionReference,
    Invocation,
    Outcome,
    Returned,
    Throttled,
    TimedOut,
    Unavailable,
)
from gateway.lambda_api.errors import MODELLED

pytestmark = pytest.mark.anyio

F = FunctionReference("f")
NO_ROOM = Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")


class Clock:
    """A timer that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._calls: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        """The instant that the test has set."""
        return self.now

    def call_at(self, when: float, callback: Callable[[], None], /) -> None:
        """Call it when the test gets there."""
        self._calls.append((when, callback))

    def go_on(self, seconds: float) -> None:
        """Move the clock, and call what is due."""
        self.now += seconds
        due = [callback for when, callback in self._calls if when <= self.now]
        self._calls = [call for call in self._calls if call[0] > self.now]
        for callback in due:
            callback()


class Code:
    """A function that has one outcome after another; its last one stays."""

    def __init__(self, *outcomes: Outcome, reserved: int | None = None) -> None:
        self.configuration = FunctionConfiguration("f", "app.handler", reserved_concurrency=reserved)
        self.clock = Clock()
        self.tried_at: list[float] = []
        self._outcomes = list(outcomes)
        self.let = asyncio.Event()
        self.let.set()

    def events(self, queue: EventQueue | None = None) -> AsynchronousInvocations:
        """What runs events of this function."""
        return AsynchronousInvocations(self.invoke, lambda _: self.configuration, queue, self.clock)

    async def invoke(self, reference: FunctionReference, invocation: Invocation) -> Outcome:
        """The next outcome."""
        del reference, invocation
        self.tried_at.append(self.clock.now - 1000)
        await self.let.wait()
        return self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], Sequence[tuple[int, str]]]:
    """Gives level and text of what has been logged."""
    caplog.set_level(logging.INFO)
    return lambda: [(record.levelno, record.message) for record in caplog.records]


@pytest.mark.parametrize(
    ("outcome", "line", "level"),
    [
        (Returned(b"1"), "the event the-id of f is done", logging.INFO),
        (Failed(b"", "KeyError", "'id'\nx"), "the event the-id of f failed: KeyError: 'id'\\nx", logging.WARNING),
        (Failed(b"", "Runtime.ExitError", ""), "the event the-id of f failed: Runtime.ExitError", logging.WARNING),
        (TimedOut(b"", 3000), "the event the-id of f failed: no answer within 3 s", logging.WARNING),
        (Unavailable("Forbidden", "no"), "the event the-id of f failed: Forbidden: no", logging.WARNING),
    ],
)
async def test_the_log_tells_how_an_event_ended(
    lines: Callable[[], Sequence[tuple[int, str]]], outcome: Outcome, line: str, level: int
) -> None:
    """Nobody waits for the result, so the log has it: which function, which event, and why, in one line."""
    events = Code(outcome).events()

    assert events.accept(F, Invocation(b"1", "the-id"))
    await events.settle()

    assert lines() == [(level, line)]


@pytest.mark.parametrize("refusal", [NO_ROOM, Unavailable("ServiceException", "it fails")])
async def test_an_event_that_could_not_run_is_tried_again(
    lines: Callable[[], Sequence[tuple[int, str]]], refusal: Outcome
) -> None:
    """After one, two and four seconds, until there is room for it; the log tells of the first time only."""
    code = Code(refusal, refusal, refusal, Returned(b"1"))
    events = code.events()
    events.accept(F, Invocation(b"1", "the-id"))
    for _ in range(80):
        await events.settle()
        code.clock.go_on(0.125)
    await events.settle()

    assert code.tried_at == [0, 1, 3, 7]
    assert [line.partition(":")[0] for _, line in lines()] == [
        "the event the-id of f waits, for the first time for 1 s",
        "the event the-id of f is done",
    ]


async def test_an_event_is_given_up_after_six_hours(lines: Callable[[], Sequence[tuple[int, str]]]) -> None:
    """A function that stays throttled loses it then, with a line that says so."""
    code = Code(NO_ROOM)
    events = code.events()
    events.accept(F, Invocation(b"1", "the-id"))
    for _ in range(7 * 60):
        await events.settle()
        code.clock.go_on(60)

    assert 21_600 - 360 < code.tried_at[-1] <= 21_600
    assert lines()[-1] == (
        logging.WARNING,
        f"the event the-id of f failed: {NO_ROOM.reason}; EventAgeExceeded: it was tried {len(code.tried_at)} times",
    )


async def test_an_event_of_a_function_that_is_switched_off(lines: Callable[[], Sequence[tuple[int, str]]]) -> None:
    """With a reserved concurrency of 0 it waits for nothing; one that waits meets the same when that is set."""
    code = Code(NO_ROOM)
    events = code.events()
    events.accept(F, Invocation(b"1", "the-id"))
    await events.settle()
    code.configuration = Code(NO_ROOM, reserved=0).configuration
    code.clock.go_on(1)
    await events.settle()

    assert "ZeroReservedConcurrency" in lines()[-1][1]
    code.clock.go_on(100_000)
    await events.settle()
    assert code.tried_at == [0, 1]


async def test_events_that_are_due_together_begin_in_turns() -> None:
    """However many there are, the event loop has time for others between."""
    code = Code(*[NO_ROOM] * 250, Returned(b"1"))
    events = code.events()
    for _ in range(250):
        events.accept(F, Invocation(b"1", "the-id"))
    await events.settle()

    begun = []
    for _ in range(3):
        code.clock.go_on(1)
        await events.settle()
        begun.append(len(code.tried_at))

    assert begun == [350, 450, 500]


async def test_there_is_room_again_when_an_event_has_ended() -> None:
    """What has no room is not accepted, so that nothing is promised that is lost."""
    code = Code(Failed(b"", "E", ""))
    events = code.events(EventQueue(most_events=1))
    assert events.accept(F, Invocation(b"1", "a"))
    assert not events.accept(F, Invocation(b"1", "b"))
    await events.settle()

    assert events.accept(F, Invocation(b"1", "c"))
    await events.settle()

    assert len(code.tried_at) == 2


async def test_the_end_says_which_events_are_lost(lines: Callable[[], Sequence[tuple[int, str]]]) -> None:
    """Those that wait are kept in memory only, and what is refused from then on has no next attempt."""
    code = Code(NO_ROOM)
    events = code.events()
    for number in range(12):
        events.accept(F, Invocation(b"1", f"id-{number}"))
    await events.settle()
    events.close()
    events.accept(F, Invocation(b"1", "late"))
    await events.settle()

    (_, dropped), (_, late) = lines()[12:]
    assert dropped.startswith("12 accepted events are lost, since they waited for their next attempt in memory only: ")
    assert dropped.endswith(": id-0 of f, " + ", ".join(f"id-{number} of f" for number in range(1, 10)) + ", ...")
    assert late.endswith("; it is not tried again, since the gateway stops")
    code.clock.go_on(10)
    assert len(code.tried_at) == 13


async def test_abandoned_events_say_so(lines: Callable[[], Sequence[tuple[int, str]]]) -> None:
    """Who drops everything leaves a line for each event that ran."""
    code = Code(Returned(b"1"))
    code.let.clear()
    events = code.events()
    events.accept(F, Invocation(b"1", "the-id"))
    await asyncio.sleep(0)

    events.abandon()
    await asyncio.wait_for(events.settle(), 10)

    assert lines() == [(logging.WARNING, "the event the-id of f failed: the gateway stopped before it ended")]


async def test_the_log_has_a_defect(caplog: pytest.LogCaptureFixture) -> None:
    """An event that nobody waits for leaves the traceback of a defect in the log."""
    events = Code().events()

    events.accept(F, Invocation(b"1", "the-id"))
    await events.settle()

    (record,) = caplog.records
    assert record.message.startswith("the event the-id of f ")
    assert record.exc_info


def test_errors_of_the_service() -> None:
    """They are those to which the Invoke API gives a status of 500 and more."""
    answered = {name for name, (status, _) in MODELLED.items() if status >= 500}

    assert SYSTEM_ERRORS - answered == {"ConnectionError", "ConnectionTimeout"}
    assert answered <= SYSTEM_ERRORS
