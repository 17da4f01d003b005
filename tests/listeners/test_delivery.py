"""The writing side of a connection."""

import asyncio

import pytest

from gateway.listeners.delivery import Delivery
from gateway.listeners.listener import observed
from gateway.listeners.wire import Reading
from gateway.observe.record import Exchange
from gateway.translation.messages import Request, Response
from tests.listeners.doubles import EchoListener, RecordingTransport, chunks, whole
from tests.listeners.observers import Seen

pytestmark = pytest.mark.anyio

GET = Request("GET", b"/", b"", [], b"", ("127.0.0.1", 9), ("127.0.0.1", 80))


async def test_next_answer_waits_for_a_slow_reader() -> None:
    """After an answer that the client has not taken, writing waits until it has."""
    delivery = Delivery(RecordingTransport(), asyncio.get_running_loop(), EchoListener())
    delivery.pause()

    waiting = delivery.write(GET, whole(GET, b"x"), None)

    assert waiting is not None
    delivery.resume()
    await waiting


async def test_nothing_is_written_to_a_lost_connection() -> None:
    """An answer that comes too late is not written, its stream is closed, and observers learn that it broke."""
    transport, listener = RecordingTransport(), EchoListener()
    listener.observer = seen = Seen()
    delivery = Delivery(transport, asyncio.get_running_loop(), listener)
    delivery.lost()

    delivery.write(GET, whole(GET, b"x"), Reading(1, 0.0, 0.0, 0.0), observed(listener, GET))
    body = chunks(b"a")
    streaming = delivery.write(GET, Response(200, [], body), Reading(1, 0.0, 0.0, 0.0), observed(listener, GET))
    assert streaming is not None
    await streaming
    transfers = [(await seen.one()).transfer for _ in range(2)]

    assert transport.writes == []
    assert [(it.sent_bytes, it.broken) for it in transfers if it] == [(0, True), (0, True)]
    with pytest.raises(StopAsyncIteration):
        await anext(body)


class BrokenAtTheEnd(Seen):
    """An observer with a defect."""

    def ended(self, exchange: Exchange) -> None:
        """A defect."""
        raise RuntimeError(exchange.kind)


async def test_observer_cannot_break_a_connection(caplog: pytest.LogCaptureFixture) -> None:
    """What an observer raises goes to the log and to nobody else."""
    listener, transport = EchoListener(), RecordingTransport()
    listener.observer = BrokenAtTheEnd()
    delivery = Delivery(transport, asyncio.get_running_loop(), listener)

    delivery.write(GET, whole(GET, b"x"), Reading(1, 0.0, 0.0, 0.0), observed(listener, GET))
    await asyncio.sleep(0)

    assert len(transport.writes) == 1
    assert [record.name for record in caplog.records] == ["gateway"]
    assert "RuntimeError: request" in caplog.text
