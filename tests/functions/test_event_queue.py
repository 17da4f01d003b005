"""Accepted events that wait: back-off, age limit and room, by an instant that each test gives."""

from gateway.functions.event_queue import AcceptedEvent, EventQueue
from gateway.invocation import FunctionReference, Invocation

F = FunctionReference("f")


def accepted(queue: EventQueue, payload: bytes = b"1", now: float = 0.0) -> AcceptedEvent:
    """An event that there was room for."""
    event = queue.accept(F, Invocation(payload, "id"), now)
    assert event is not None
    return event


def test_delays_double_from_a_second_to_five_minutes() -> None:
    """A function that stays throttled is asked less and less often."""
    queue = EventQueue()
    event, now, delays = accepted(queue), 0.0, []
    for _ in range(11):
        delay_s = queue.put_back(event, now)
        assert delay_s is not None
        delays.append(delay_s)
        now += delay_s
        (event,) = queue.due(now, 10)

    assert delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_an_event_is_given_up_at_its_age_limit() -> None:
    """No attempt begins later than six hours after the event came."""
    queue = EventQueue()
    event, now, last = accepted(queue, now=1000.0), 1000.0, 0.0
    while (delay_s := queue.put_back(event, now)) is not None:
        last = now = now + delay_s
        (event,) = queue.due(now, 10)

    assert 1000 + 21_600 - 300 < last <= 1000 + 21_600
    assert queue.next_at is None


def test_an_old_event_with_a_long_way_behind_it() -> None:
    """However often it came back, its delay is a number."""
    event = AcceptedEvent(F, Invocation(b"1", "id"), 0.0, 5000)

    assert EventQueue().put_back(event, 1.0) == 300


def test_only_what_is_due_is_tried() -> None:
    """Events are due in the order of their instants, and of their return where these are the same."""
    queue = EventQueue()
    first, second, third = accepted(queue, b"1"), accepted(queue, b"2"), accepted(queue, b"3")
    queue.put_back(third._replace(put_back=1), 0.0)
    queue.put_back(first, 0.5)
    queue.put_back(second, 0.5)
    assert queue.next_at == 1.5
    assert queue.due(1.4, 10) == []

    assert [event.invocation.payload for event in queue.due(1.5, 1)] == [b"1"]
    assert [event.invocation.payload for event in queue.due(1.5, 10)] == [b"2"]
    assert [event.invocation.payload for event in queue.due(2.0, 10)] == [b"3"]


def test_a_full_queue_takes_no_event() -> None:
    """There is room again when one has ended, whether it ran or waited."""
    queue = EventQueue(most_events=2)
    running, waiting = accepted(queue), accepted(queue)
    queue.put_back(waiting, 0.0)
    assert queue.accept(F, Invocation(b"1", "id"), 0.0) is None

    queue.ended(running)

    accepted(queue)


def test_payloads_are_bounded_together() -> None:
    """Few large events are as full as many small ones."""
    queue = EventQueue(most_bytes=10)
    large = accepted(queue, b"123456")
    assert queue.accept(F, Invocation(b"12345", "id"), 0.0) is None
    accepted(queue, b"1234")

    queue.ended(large)

    accepted(queue, b"12345")


def test_dropped_events_leave_room() -> None:
    """Nothing waits after the end, and who ends the queue learns what did."""
    queue = EventQueue(most_events=2)
    first, second = accepted(queue, b"1"), accepted(queue, b"2")
    queue.put_back(second._replace(put_back=3), 0.0)
    queue.put_back(first, 0.0)

    assert [event.invocation.payload for event in queue.drop()] == [b"1", b"2"]
    assert (queue.drop(), queue.next_at) == ([], None)
    accepted(queue)
    accepted(queue)
