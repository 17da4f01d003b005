"""One function: its reserved concurrency, and that everything else is its target's."""

import asyncio

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.invocation import Invocation, Outcome, Returned, Throttled

pytestmark = pytest.mark.anyio

THROTTLED = Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")


class Gate:
    """A target whose invocations end when the test opens it."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.states: list[str] = []

    async def start(self) -> None:
        """Keep that it was called."""
        self.states.append("started")

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Give the payload back when the gate is open."""
        await self.opened.wait()
        return Returned(invocation.payload)

    def renew(self) -> None:
        """Nothing to load anew."""

    async def aclose(self) -> None:
        """Keep that it was called."""
        self.states.append("closed")


def function(reserved: int | None) -> tuple[Function, Gate]:
    """A function with a reservation, and its target."""
    gate = Gate()
    configuration = FunctionConfiguration(name="app", handler="app.handler", reserved_concurrency=reserved)
    return Function(configuration, gate), gate


@pytest.mark.parametrize(("reserved", "served"), [(None, 5), (3, 3), (0, 0)])
async def test_reserved_concurrency(reserved: int | None, served: int) -> None:
    """Beyond the reservation invocations are throttled at once, without one none is."""
    subject, gate = function(reserved)
    calls = [asyncio.ensure_future(subject.invoke(Invocation(b"1", "id"))) for _ in range(5)]
    await asyncio.sleep(0)

    assert sum(call.done() for call in calls) == 5 - served
    assert subject.in_flight == served
    gate.opened.set()
    outcomes = await asyncio.gather(*calls)
    assert outcomes == [Returned(b"1")] * served + [THROTTLED] * (5 - served)
    assert subject.in_flight == 0


async def test_place_is_free_after_a_cancelled_call() -> None:
    """A caller that gives up leaves its concurrency."""
    subject, gate = function(1)
    call = asyncio.ensure_future(subject.invoke(Invocation(b"1", "id")))
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    gate.opened.set()

    assert await subject.invoke(Invocation(b"2", "id")) == Returned(b"2")


async def test_starts_and_closes_its_target() -> None:
    """A function has nothing of its own to start."""
    subject, gate = function(None)
    await subject.start()
    await subject.aclose()

    assert gate.states == ["started", "closed"]
