"""One function: its concurrency, how it ends, and that everything else is its target's."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.functions.concurrency import unreserved_pool
from gateway.functions.function import Function
from gateway.invocation import Invocation, Outcome, Returned, Streamed, Throttled

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
        """Keep that it was called."""
        self.states.append("renewed")

    async def aclose(self) -> None:
        """Keep that it was called."""
        self.states.append("closed")


class Stream(Gate):
    """A target that begins to answer at once and ends when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def invoke(self, invocation: Invocation) -> Outcome:
        """A stream of the payload."""

        async def chunks() -> AsyncIterator[bytes]:
            yield invocation.payload

        return Streamed("text/plain", chunks(), self.ended)


class Broken(Gate):
    """A target that breaks its promise not to raise."""

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Raise."""
        raise RuntimeError(invocation.request_id)


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
    subject.renew()
    await subject.aclose()

    assert gate.states == ["started", "renewed", "closed"]


async def test_functions_share_what_is_not_reserved() -> None:
    """Functions of one pool take from it together; one with a reservation has its own."""
    pool = unreserved_pool(3, [1])
    gate = Gate()
    plain = FunctionConfiguration(name="app", handler="app.handler")
    reserved = FunctionConfiguration(name="own", handler="app.handler", reserved_concurrency=1)
    subjects = [Function(plain, gate, pool), Function(plain, gate, pool), Function(reserved, gate, pool)]
    calls = [asyncio.ensure_future(subject.invoke(Invocation(b"1", "id"))) for subject in (*subjects, *subjects)]
    await asyncio.sleep(0)
    gate.opened.set()

    assert await asyncio.gather(*calls) == [
        *[Returned(b"1")] * 3,
        *[Throttled("ConcurrentInvocationLimitExceeded")] * 2,
        THROTTLED,
    ]
    assert pool.in_use == 0


async def test_stream_holds_its_slot() -> None:
    """A stream has begun, but its environment is busy: the slot is free only when the stream has ended."""
    stream = Stream()
    subject = Function(FunctionConfiguration(name="app", handler="app.handler", reserved_concurrency=1), stream)
    outcome = await subject.invoke(Invocation(b"1", "id"))
    assert isinstance(outcome, Streamed)
    assert await subject.invoke(Invocation(b"2", "id")) == THROTTLED
    assert subject.in_flight == 1
    stream.ended.set_result(None)
    await asyncio.sleep(0)

    assert subject.in_flight == 0
    assert isinstance(await subject.invoke(Invocation(b"3", "id")), Streamed)


async def test_slot_is_free_after_a_defect() -> None:
    """Even a target that raises leaves its concurrency."""
    subject = Function(FunctionConfiguration(name="app", handler="app.handler", reserved_concurrency=1), Broken())
    for _ in range(2):
        with pytest.raises(RuntimeError, match="id"):
            await subject.invoke(Invocation(b"1", "id"))

    assert subject.in_flight == 0


async def test_drain_waits() -> None:
    """The target is stopped when the last invocation in flight has ended, and not before."""
    subject, gate = function(None)
    calls = [asyncio.ensure_future(subject.invoke(Invocation(b"1", "id"))) for _ in range(2)]
    await asyncio.sleep(0)
    draining = asyncio.ensure_future(subject.drain())
    calls[0].cancel()
    await asyncio.gather(calls[0], return_exceptions=True)
    await asyncio.sleep(0)
    assert gate.states == []
    gate.opened.set()
    await draining

    assert await calls[1] == Returned(b"1")
    assert gate.states == ["closed"]


async def test_drain_waits_for_streams() -> None:
    """A stream that goes on is in flight."""
    stream = Stream()
    subject = Function(FunctionConfiguration(name="app", handler="app.handler"), stream)
    await subject.invoke(Invocation(b"1", "id"))
    draining = asyncio.ensure_future(subject.drain())
    await asyncio.sleep(0)
    assert not draining.done()
    stream.ended.set_result(None)
    await draining

    assert stream.states == ["closed"]


async def test_drain_of_an_idle_function() -> None:
    """It is stopped at once."""
    subject, gate = function(None)
    await subject.drain()

    assert gate.states == ["closed"]
