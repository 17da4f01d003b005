"""The event loop that a handler finds."""

import asyncio
import threading

import pytest

from gateway.testing.loop import HandlerLoops


@pytest.fixture
def loops() -> HandlerLoops:
    """Loops of one client."""
    return HandlerLoops()


def test_a_thread_without_a_loop_gets_one(loops: HandlerLoops) -> None:
    """The same one at every call, and none in between."""
    found: list[object] = []

    def call() -> None:
        for _ in range(2):
            with loops.current():
                found.append(asyncio.get_event_loop())
        with pytest.raises(RuntimeError):
            asyncio.get_event_loop()

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    loops.close()

    assert len(found) == 2
    assert found[0] is found[1]


@pytest.mark.anyio
async def test_a_running_loop_stays(loops: HandlerLoops) -> None:
    """Where a loop runs, nothing is put in its place."""
    with loops.current():
        assert asyncio.get_event_loop() is asyncio.get_running_loop()


def test_a_loop_that_was_set_stays(loops: HandlerLoops) -> None:
    """Somebody else's loop is used, unless it is closed."""
    own = asyncio.new_event_loop()
    asyncio.set_event_loop(own)
    try:
        with loops.current():
            assert asyncio.get_event_loop() is own
        own.close()
        with loops.current():
            assert asyncio.get_event_loop() is not own
    finally:
        asyncio.set_event_loop(None)
        loops.close()
