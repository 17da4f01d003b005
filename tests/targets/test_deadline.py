"""The time of invocations, one after another, with real timers."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from gateway.targets.deadline import Deadline
from tests.targets.hosting import DEADLINE_S

pytestmark = pytest.mark.anyio
LIMIT_S = 0.05


@dataclass
class Subject:
    """A deadline, and when it told that it has passed."""

    limit_s: float = LIMIT_S
    told: list[float] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.deadline = Deadline(self.limit_s, self._note)

    def _note(self) -> None:
        self.told.append(time.perf_counter())
        self.news.set()

    async def passed(self) -> float:
        """When it passed; raises TimeoutError when it does not."""
        self.news.clear()
        await asyncio.wait_for(self.news.wait(), DEADLINE_S)
        return self.told[-1]


async def longer_than_the_limit() -> None:
    """Wait until every timer that was set before has fired."""
    other = Subject(2 * LIMIT_S)
    other.deadline.begin(time.perf_counter())
    await other.passed()


async def test_passes() -> None:
    """It tells once of an invocation that takes too long."""
    subject = Subject()
    began = time.perf_counter()
    subject.deadline.begin(began)
    passed = await subject.passed()
    await longer_than_the_limit()

    assert passed >= began + LIMIT_S
    assert subject.told == [passed]


async def test_each_invocation_has_all_of_its_time() -> None:
    """The timer of an earlier invocation does not end a later one, which ends at a time of its own."""
    subject = Subject()
    first = time.perf_counter()
    second = first + 0.8 * LIMIT_S
    subject.deadline.begin(first)
    subject.deadline.end()
    subject.deadline.begin(second)
    passed = await subject.passed()

    assert passed >= second + LIMIT_S
    assert subject.told == [passed]


async def test_begins_while_another_one_is_under_way() -> None:
    """The last one that began counts, whether or not the end of the one before was told."""
    subject = Subject()
    first = time.perf_counter()
    subject.deadline.begin(first)
    subject.deadline.begin(first + 0.8 * LIMIT_S)

    assert await subject.passed() >= first + 1.8 * LIMIT_S


async def test_ended_in_time() -> None:
    """Nothing is told then, and the next invocation has its deadline again."""
    subject = Subject()
    subject.deadline.begin(time.perf_counter())
    subject.deadline.end()
    await longer_than_the_limit()
    assert subject.told == []

    began = time.perf_counter()
    subject.deadline.begin(began)
    assert await subject.passed() >= began + LIMIT_S


async def test_cancelled() -> None:
    """Nothing is told, also of what began before another invocation begins."""
    subject = Subject()
    subject.deadline.cancel()
    subject.deadline.begin(time.perf_counter())
    subject.deadline.cancel()
    subject.deadline.cancel()
    await longer_than_the_limit()
    assert subject.told == []

    began = time.perf_counter()
    subject.deadline.begin(began)
    assert await subject.passed() >= began + LIMIT_S


async def test_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Invocations that end in time share it."""
    loop = asyncio.get_running_loop()
    real, limits = loop.call_later, []

    def call_later(delay: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        limits.append(delay)
        return real(delay, call)

    monkeypatch.setattr(loop, "call_later", call_later)
    subject = Subject()
    for _ in range(3):
        subject.deadline.begin(time.perf_counter())
        subject.deadline.end()
    subject.deadline.cancel()

    assert limits == [LIMIT_S]
