"""Running health checks, with a clock that only a test moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
import pytest

from gateway.config.settings import HealthCheckSettings
from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.invocation import Failed, FunctionReference, Invocation, Outcome, Returned, Throttled
from gateway.listeners.alb.health import Answered, Broken, CheckResult
from gateway.listeners.alb.health_checker import (
    CheckedTargetGroup,
    HealthChecker,
    Probe,
    WallClock,
    function_probe,
)
from gateway.listeners.alb.target_groups import LambdaTargetGroup
from gateway.listeners.arrivals import arrive
from gateway.observe.record import Exchange, Observer
from gateway.translation.flavours.alb import Alb
from gateway.translation.messages import Arrival, Request
from gateway.types import EpochMs
from tests.listeners.observers import Seen
from tests.services import called

pytestmark = pytest.mark.anyio
CHECKS = HealthCheckSettings(
    enabled=True, path="/up", interval=10, timeout=4, healthy_threshold=2, unhealthy_threshold=2, matcher="200-204"
)
OFF = HealthCheckSettings(
    enabled=False, path="/", interval=10, timeout=4, healthy_threshold=2, unhealthy_threshold=2, matcher="200"
)


class HandClock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self._now_ms: EpochMs = 1_000_000
        self._sleepers: list[tuple[EpochMs, asyncio.Future[None]]] = []

    def now_ms(self) -> EpochMs:
        """Now."""
        return self._now_ms

    async def sleep(self, seconds: float) -> None:
        """Wait for the clock to be moved."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now_ms + round(seconds * 1000), woken))
        await woken

    async def pass_by(self, seconds: float) -> None:
        """Move the clock and let everybody who woke up do his work."""
        self._now_ms += round(seconds * 1000)
        for due_ms, woken in self._sleepers:
            if due_ms <= self._now_ms and not woken.done():
                woken.set_result(None)
        await settle()


async def settle() -> None:
    """Let what can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


WELL = Answered(200)


@dataclass
class Checked:
    """A target that answers checks as a test says; None does not answer."""

    result: CheckResult | None = WELL
    checks: int = 0
    given_up: int = 0
    never: asyncio.Event = field(default_factory=asyncio.Event)
    exchanges: list[Exchange | None] = field(default_factory=list)

    async def probe(self, exchange: Exchange | None) -> CheckResult:
        """One check."""
        self.exchanges.append(exchange)
        self.checks += 1
        if self.result is None:
            try:
                await self.never.wait()
            finally:
                self.given_up += 1
        return self.result or Broken()


@asynccontextmanager
async def checking(
    clock: HandClock,
    settings: HealthCheckSettings = CHECKS,
    minimum_healthy: int = 1,
    observer: Observer | None = None,
    **targets: Checked,
) -> AsyncIterator[HealthChecker]:
    """A checker that runs; its first checks have been made."""
    probes: dict[str, Probe] = {name: target.probe for name, target in targets.items()}
    checker = HealthChecker("group", settings, probes, clock, minimum_healthy, observer)
    checker.start()
    await settle()
    try:
        yield checker
    finally:
        await checker.aclose()


def states(checker: HealthChecker) -> dict[str, str]:
    """The state of each target."""
    return {name: health.state.value for name, health in checker.states.items()}


async def test_checks_come_as_often_as_the_interval_says() -> None:
    """The first at once."""
    clock, target = HandClock(), Checked()
    async with checking(clock, a=target) as checker:
        assert (target.checks, states(checker)) == (1, {"a": "healthy"})
        await clock.pass_by(9.9)
        assert target.checks == 1
        await clock.pass_by(0.1)
        assert target.checks == 2


async def test_an_unhealthy_target_gets_nothing_until_it_is_well_again() -> None:
    """After the thresholds, each way."""
    clock, well, ill = HandClock(), Checked(), Checked()
    async with checking(clock, well=well, ill=ill) as checker:
        assert list(checker.fit) == ["well", "ill"]
        ill.result = Answered(500)
        await clock.pass_by(10)
        assert list(checker.fit) == ["well", "ill"]
        await clock.pass_by(10)
        assert list(checker.fit) == ["well"]
        assert checker.described()[1] == {
            "Target": {"Id": "ill"},
            "TargetHealth": {
                "State": "unhealthy",
                "Reason": "Target.ResponseCodeMismatch",
                "Description": "Health checks failed with these codes: [500]",
            },
        }
        ill.result = Answered(204)
        await clock.pass_by(10)
        await clock.pass_by(10)
        assert list(checker.fit) == ["well", "ill"]
        assert checker.described()[1] == {"Target": {"Id": "ill"}, "TargetHealth": {"State": "healthy"}}


async def test_when_all_are_unhealthy_all_get_requests() -> None:
    """Fail open."""
    clock = HandClock()
    async with checking(clock, a=Checked(Broken()), b=Checked(Answered(404))) as checker:
        await clock.pass_by(10)
        assert states(checker) == {"a": "unhealthy", "b": "unhealthy"}
        assert checker.fit == ("a", "b")


async def test_the_minimum_of_healthy_targets_decides_when_to_fail_open() -> None:
    """The target group's attribute."""
    clock = HandClock()
    async with checking(clock, minimum_healthy=2, a=Checked(), b=Checked(Broken())) as checker:
        await clock.pass_by(10)
        assert states(checker) == {"a": "healthy", "b": "unhealthy"}
        assert checker.fit == ("a", "b")


async def test_a_check_without_answer_is_given_up() -> None:
    """After the timeout it counts as failed and is not left behind."""
    clock, target = HandClock(), Checked(None)
    async with checking(clock, a=target) as checker:
        for _ in range(2):
            await clock.pass_by(4)
            await clock.pass_by(10)
        health = checker.states["a"]
        assert (health.state.value, health.reason) == ("unhealthy", "Target.Timeout")
        assert target.given_up == 2
    assert target.given_up == target.checks == 3


async def test_a_defect_of_a_check(caplog: pytest.LogCaptureFixture) -> None:
    """It counts as a bad answer, with a traceback in the log, and the checks go on."""

    class Defective(Checked):
        async def probe(self, exchange: Exchange | None) -> CheckResult:  # noqa: ARG002 - only that it came
            """A defect, the first time."""
            self.checks += 1
            if self.checks == 1:
                raise LookupError
            return WELL

    clock, target = HandClock(), Defective()
    async with checking(clock, a=target) as checker:
        assert states(checker) == {"a": "initial"}
        for _ in range(10):
            await clock.pass_by(10)
        assert states(checker) == {"a": "healthy"}

    assert sum(bool(record.exc_info) for record in caplog.records) == 1
    assert "a health check of a met a defect" in caplog.text


async def test_observers_are_told_of_each_check() -> None:
    """Of its begin and its end, also when nobody answers; without observers there is no record."""
    clock, seen, ill, alone = HandClock(), Seen(), Checked(None), Checked()
    async with checking(clock, observer=seen, a=ill), checking(clock, b=alone):
        (begun,) = seen.begun
        assert (begun.kind, begun.request, seen.exchanges.empty()) == ("health check", None, True)
        await clock.pass_by(4)
        assert await seen.one() is begun

    assert ill.exchanges[0] is begun
    assert set(alone.exchanges) == {None}


async def test_observers_are_told_of_a_defect_of_a_check() -> None:
    """What began has an end."""

    class Defective(Checked):
        async def probe(self, exchange: Exchange | None) -> CheckResult:
            """A defect."""
            raise LookupError(exchange)

    seen = Seen()
    async with checking(HandClock(), observer=seen, a=Defective()):
        assert [await seen.one()] == seen.begun


async def test_without_checks_nobody_is_asked() -> None:
    """The state says so."""
    clock, target = HandClock(), Checked()
    async with checking(clock, OFF, a=target) as checker:
        await clock.pass_by(1000)
        assert target.checks == 0
        assert states(checker) == {"a": "unavailable"}
        assert checker.fit == ("a",)


@dataclass
class Scripted:
    """A function's target that gives one outcome."""

    outcome: Outcome
    seen: list[Invocation] = field(default_factory=list)

    async def start(self) -> None:
        """Nothing to make ready."""

    async def invoke(self, invocation: Invocation) -> Outcome:
        """The prepared outcome."""
        self.seen.append(invocation)
        return self.outcome

    def renew(self) -> None:
        """Nothing to load anew."""

    async def aclose(self) -> None:
        """Nothing to stop."""


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Returned(b'{"statusCode":200}'), Answered(200)),
        (Returned(b'{"statusCode":503,"body":"x"}'), Answered(503)),
        (Returned(b'{"statusCode":"200"}'), Broken()),
        (Returned(b"null"), Broken()),
        (Failed(b"{}", "E", "m"), Broken()),
        (Throttled("x"), Broken()),
    ],
)
async def test_functions_are_invoked(outcome: Outcome, expected: CheckResult) -> None:
    """With the event of a health check; its status code is the result."""
    target = Scripted(outcome)
    function = Function(FunctionConfiguration("f", "a.b"), target)
    assert await function_probe(Alb(), *called(function), "/up")(None) == expected
    event = orjson.loads(target.seen[0].payload)
    assert (event["path"], event["headers"]) == ("/up", {"user-agent": "ELB-HealthChecker/2.0"})
    assert target.seen[0].trace_id.startswith("Root=1-")


async def test_record_of_the_check_of_a_function() -> None:
    """What was invoked with which event, and what came of it; its id is the invocation's."""
    target = Scripted(Returned(b'{"statusCode":200}'))
    exchange = Exchange(arrive(), kind="health check")
    probe = function_probe(Alb(), *called(Function(FunctionConfiguration("f", "a.b"), target)), "/up")
    assert await probe(exchange) == Answered(200)

    (invocation,) = target.seen
    assert (exchange.function, exchange.event) == (FunctionReference("f"), invocation.payload)
    assert (exchange.outcome, exchange.arrival.request_id) == (target.outcome, invocation.request_id)
    assert exchange.report is invocation.report
    assert exchange.answered_at >= exchange.invoked_at > 0


async def test_a_function_gets_requests_whatever_its_checks_say() -> None:
    """The group and its checks start and stop together."""
    target = Scripted(Returned(b'{"statusCode":500}'))
    function = Function(FunctionConfiguration("f", "a.b"), target)
    alb = Alb()
    checker = HealthChecker("g", CHECKS, {"f": function_probe(alb, *called(function), "/up")}, WallClock())
    group = CheckedTargetGroup(LambdaTargetGroup("g", alb, *called(function)), checker)
    await group.start()
    await settle()
    request = Request("GET", b"/", b"", [], b"", ("192.0.2.1", 1), ("127.0.0.1", 80))
    arrival = Arrival("6f7f0961-1234-4abc-8def-0123456789ab", 0, "1-00000000-0123456789abcdef01234567")
    response = await group.forward(request, arrival, None)
    await group.aclose()

    assert response.status == 500
    assert (group.name, group.arn, group.accepts_streams) == ("g", alb.target_group_arn, False)
    assert len(target.seen) == 2
