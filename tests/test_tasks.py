"""Tasks that nobody holds are kept, waited for and cancelled."""

import asyncio
import gc

import pytest

from gateway.tasks import Tasks

pytestmark = pytest.mark.anyio


async def test_a_task_is_kept_until_it_ends() -> None:
    """The loop forgets a task whose future nobody else holds; here it runs to its end, and is counted until then."""
    tasks = Tasks("sweeping")
    ended = asyncio.Event()

    async def work() -> None:
        await asyncio.get_running_loop().create_future()

    async def watched() -> None:
        try:
            await work()
        finally:
            ended.set()

    tasks.start(watched())
    await asyncio.sleep(0)
    gc.collect()
    during = len(tasks), ended.is_set()
    await tasks.aclose()

    assert during == (1, False)
    assert (len(tasks), ended.is_set()) == (0, True)


async def test_a_task_can_be_awaited() -> None:
    """What is started gives its result like any task."""

    async def work() -> int:
        return 7

    assert await Tasks().start(work()) == 7


async def test_waiting_includes_what_running_ones_start() -> None:
    """Nothing is left when the waiting is over."""
    tasks = Tasks("sweeping")
    done: list[int] = []

    async def work(more: int) -> None:
        await asyncio.sleep(0)
        if more:
            tasks.start(work(more - 1))
        done.append(more)

    tasks.start(work(2))
    await tasks.wait()

    assert (sorted(done), len(tasks)) == ([0, 1, 2], 0)


async def test_closing_cancels_what_ending_ones_start() -> None:
    """A task that begins another one when it is cancelled does not keep its owner open."""
    tasks = Tasks("sweeping")

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            tasks.start(asyncio.Event().wait())

    tasks.start(work())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await tasks.aclose()

    assert len(tasks) == 0


async def test_cancelling_does_not_wait() -> None:
    """All are told at once; who wants to waits for their end."""
    tasks = Tasks()
    both = [tasks.start(asyncio.Event().wait()) for _ in range(2)]
    tasks.cancel()
    during = len(tasks)
    await tasks.wait()

    assert (during, [task.cancelled() for task in both]) == (2, [True, True])


@pytest.mark.parametrize(("what", "expected"), [("sweeping", ["sweeping"]), ("", [])])
async def test_a_defect_is_reported_where_nobody_awaits(
    what: str, expected: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Work with a name has its defects in the log; of work without one, whoever awaits it hears."""

    async def fail() -> None:
        raise ValueError("a defect")

    tasks = Tasks(what)
    failed = tasks.start(fail())
    await tasks.wait()

    assert isinstance(failed.exception(), ValueError)
    assert [record.getMessage().split(" met ")[0] for record in caplog.records] == expected
