"""What the edges ask of a listener."""

from gateway.listeners.listener import observed
from gateway.translation.messages import Request
from tests.listeners.doubles import EchoListener
from tests.listeners.observers import Seen

REQUEST = Request("GET", b"/path", b"", [], b"", ("192.0.2.1", 1), ("127.0.0.1", 2))


def test_without_an_observer_there_is_no_record() -> None:
    """Nobody wants to know."""
    assert observed(EchoListener(), REQUEST) is None


def test_the_observer_is_told_of_the_begin() -> None:
    """The exchange has the request, ids of its own and the observer who is told of its end."""
    listener = EchoListener()
    listener.observer = seen = Seen()
    first, second = observed(listener, REQUEST), observed(listener, None)

    assert first
    assert second
    assert seen.begun == [first, second]
    assert first.kind == second.kind == "request"
    assert (first.request, second.request) == (REQUEST, None)
    assert first.observer is second.observer is seen
    assert first.arrival.request_id != second.arrival.request_id
    assert seen.exchanges.empty()
