"""How environments start and end, whoever uses them in between."""

import asyncio
from pathlib import Path

import pytest

from gateway.targets.environment import Environment
from gateway.targets.fleet import Fleet
from tests.targets.hosting import eventually
from tests.targets.test_pool import ScriptedEnvironment

pytestmark = pytest.mark.anyio


class Yard:
    """A fleet, and what it has told."""

    def __init__(self) -> None:
        self.made: list[ScriptedEnvironment] = []
        self.ready: list[Environment] = []
        self.lost: list[tuple[Environment | None, str]] = []
        self.impossible: Exception | None = None
        self.fleet = Fleet(self.make, self.ready.append, lambda environment, why: self.lost.append((environment, why)))

    def make(self, scratch: Path) -> ScriptedEnvironment:
        """The factory."""
        if self.impossible:
            raise self.impossible
        self.made.append(ScriptedEnvironment(scratch))
        return self.made[-1]


async def test_ready_after_its_init_phase() -> None:
    """Somebody hears of an environment when its init phase has ended, not before."""
    yard = Yard()
    environment = yard.fleet.launch()
    await asyncio.sleep(0)
    before = list(yard.ready), list(yard.fleet.starting)
    yard.made[0].started.set()
    await eventually(lambda: bool(yard.ready))

    assert before == ([], [environment])
    assert (yard.ready, yard.fleet.starting) == ([environment], {})
    await yard.fleet.aclose()


async def test_defect_at_an_end(caplog: pytest.LogCaptureFixture) -> None:
    """An environment that cannot be stopped keeps neither the others nor their folders."""

    class Unstoppable(ScriptedEnvironment):
        async def stop(self, reason: str = "spindown") -> None:
            """A defect."""
            raise RuntimeError(reason)

    yard = Yard()
    for _ in range(2):
        yard.fleet.launch()
    yard.made[0].__class__ = Unstoppable
    await yard.fleet.aclose()

    assert yard.made[1].stopped_for == "spindown"
    assert [environment.scratch.exists() for environment in yard.made] == [False, False]
    assert [record.getMessage().partition(" met ")[0] for record in caplog.records] == [
        "the end of an execution environment"
    ]


async def test_folder_goes_on_after_a_failure_only() -> None:
    """The next environment gets the folder of one that failed; the folder of one that was stopped is removed."""
    yard = Yard()
    for failed in (True, False):
        environment = yard.fleet.launch()
        yard.made[-1].started.set()
        await eventually(lambda: yard.ready == yard.made)
        yard.fleet.retire(environment, failed=failed)
    yard.fleet.launch()
    first, second, third = yard.made

    assert second.scratch == first.scratch
    assert third.scratch != first.scratch
    await eventually(lambda: not first.scratch.exists())
    assert (first.stopped_for, second.stopped_for) == ("failure", "spindown")
    await yard.fleet.aclose()
    assert not third.scratch.exists()


async def test_start_that_raises(caplog: pytest.LogCaptureFixture) -> None:
    """Who is told has the reason in words, the log has the traceback, and the processes are ended."""
    yard = Yard()
    environment = yard.fleet.launch()
    yard.made[0].defect = RuntimeError("no more threads")
    yard.made[0].started.set()
    await eventually(lambda: bool(yard.lost))

    why = "an execution environment could not be started: RuntimeError: no more threads"
    assert yard.lost == [(environment, why)]
    assert "Traceback" in caplog.text
    assert (yard.made[0].killed, yard.ready) == (True, [])
    await yard.fleet.aclose()


async def test_environment_that_cannot_be_made() -> None:
    """`launch` raises it, and `try_to_launch` tells it."""
    yard = Yard()
    yard.impossible = OSError("too many open files")
    with pytest.raises(OSError, match="too many"):
        yard.fleet.launch()

    assert yard.fleet.try_to_launch() is None
    assert yard.lost == [(None, "an execution environment could not be started: OSError: too many open files")]
    await yard.fleet.aclose()


async def test_close_does_not_wait_for_init_phases() -> None:
    """What is starting is stopped."""
    yard = Yard()
    yard.fleet.launch()
    await asyncio.sleep(0)
    await yard.fleet.aclose()

    assert yard.made[0].stopped_for == "spindown"
    assert not yard.made[0].scratch.exists()
