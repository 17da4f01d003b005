"""Events that nobody waits for."""

import asyncio
import logging

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.invocation import Invocation, Outcome, Returned, Throttled
from gateway.lambda_api.background import Background
from tests.lambda_api.conftest import ScriptedTarget


class SlowTarget(ScriptedTarget):
    """A target that answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Wait, then answer."""
        await self.let.wait()
        return await super().invoke(invocation)


class CrashingTarget(ScriptedTarget):
    """A target with a mistake of its own."""

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Break the promise of every target."""
        raise RuntimeError(invocation.request_id)


def function_of(target: ScriptedTarget) -> Function:
    """A function that runs on ``target``."""
    return Function(FunctionConfiguration("f", "app.handler"), target)


@pytest.mark.anyio
async def test_closing_waits_for_accepted_events() -> None:
    """No accepted event is lost when the gateway stops."""
    background, target = Background(), SlowTarget()
    background.accept(function_of(target), Invocation(b"1", "a"))
    background.accept(function_of(target), Invocation(b"2", "b"))
    closing = asyncio.create_task(background.aclose())
    await asyncio.sleep(0)
    assert (len(background), closing.done()) == (2, False)

    target.let.set()
    await asyncio.wait_for(closing, 10)

    assert [invocation.payload for invocation in target.seen] == [b"1", b"2"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("target", "message", "level"),
    [
        (ScriptedTarget(Returned(b"1")), "event.done", logging.INFO),
        (ScriptedTarget(Throttled("reason")), "event.failed", logging.WARNING),
    ],
)
async def test_the_log_tells_how_an_event_ended(
    caplog: pytest.LogCaptureFixture, target: ScriptedTarget, message: str, level: int
) -> None:
    """Nobody waits for the result, so the log has it."""
    caplog.set_level(logging.INFO)
    background = Background()

    background.accept(function_of(target), Invocation(b"1", "the-id"))
    await background.aclose()

    (record,) = [record for record in caplog.records if record.name == "gateway.lambda_api.background"]
    assert (record.message, record.levelno, vars(record)["request_id"]) == (message, level, "the-id")


@pytest.mark.anyio
async def test_the_log_has_a_defect(caplog: pytest.LogCaptureFixture) -> None:
    """An event that nobody waits for leaves the traceback of a defect in the log."""
    background = Background()

    background.accept(function_of(CrashingTarget()), Invocation(b"1", "the-id"))
    await background.aclose()

    (record,) = caplog.records
    assert record.message.startswith("the event the-id of ")
    assert record.exc_info
