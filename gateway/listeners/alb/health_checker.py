"""Runs the health checks of a target group and keeps what they tell."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

from gateway.config.settings import HealthCheckSettings
from gateway.defects import report
from gateway.errors import Fault, FaultKind
from gateway.functions.service import LambdaService
from gateway.invocation import FunctionReference, Invocation, Returned
from gateway.listeners.alb.health import (
    Answered,
    Broken,
    CheckResult,
    NoAnswer,
    TargetHealth,
    TargetHealthState,
    new_target,
    routable,
)
from gateway.listeners.alb.target_groups import TargetGroup
from gateway.listeners.arrivals import arrive
from gateway.listeners.outcomes import trace_header
from gateway.observe.record import Exchange, Observer, begin, end
from gateway.translation.alb_result import result_object, status_of
from gateway.translation.flavours.alb import Alb
from gateway.translation.messages import Arrival, Request, Response
from gateway.types import EpochMs, Json

log = logging.getLogger("gateway")

Probe = Callable[[Exchange | None], Awaitable[CheckResult]]
"""One check of one target; the exchange is filled in when somebody looks on."""

_HEALTHY_STATES: Final = (TargetHealthState.HEALTHY, TargetHealthState.UNAVAILABLE)


class HealthCheckClock(Protocol):
    """Time, for tests to hold in their hands."""

    def now_ms(self) -> EpochMs:
        """Now."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class WallClock:
    """The real time."""

    def now_ms(self) -> EpochMs:
        """Now."""
        return int(time.time() * 1000)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class HealthChecker:
    """Checks each target on its own, as often as the settings say.

    Args:
        observer: Told of each check; None tells nobody.

    Attributes:
        states: What is known of each target.
        fit: The targets that get requests: the healthy ones, or all when fewer than ``minimum_healthy`` are (fail
            open).
    """

    def __init__(
        self,
        group: str,
        settings: HealthCheckSettings,
        probes: Mapping[str, Probe],
        clock: HealthCheckClock,
        minimum_healthy: int = 1,
        observer: Observer | None = None,
    ) -> None:
        self._group = group
        self._settings = settings
        self._probes = probes
        self._clock = clock
        self._minimum_healthy = minimum_healthy
        self._observer = observer
        self._tasks: list[asyncio.Task[None]] = []
        now_ms = clock.now_ms()
        self.states: dict[str, TargetHealth] = {name: new_target(settings, now_ms) for name in probes}
        self.fit: tuple[str, ...] = tuple(probes)

    def start(self) -> None:
        """Begin to check; nothing happens when checks are off."""
        if self._settings.enabled:
            self._tasks = [asyncio.create_task(self._watch(name)) for name in self._probes]

    async def _watch(self, name: str) -> None:
        while (due_ms := self.states[name].next_check_ms) is not None:
            left_ms = due_ms - self._clock.now_ms()
            if left_ms > 0:
                await self._clock.sleep(left_ms / 1000)
            try:
                result = await self._check(name)
            except Exception as error:  # noqa: BLE001 - a defect, whatever it is; the next check may do
                report(f"a health check of {name}", error)
                result = Broken()
            self._note(name, result)

    async def _check(self, name: str) -> CheckResult:
        exchange = None if self._observer is None else begin(self._observer, arrive(), kind="health check")
        if exchange is not None:
            exchange.target = name
        checking = asyncio.ensure_future(self._probes[name](exchange))
        timer = asyncio.ensure_future(self._clock.sleep(self._settings.timeout))
        result: CheckResult = NoAnswer()
        try:
            await asyncio.wait((checking, timer), return_when=asyncio.FIRST_COMPLETED)
            if checking.done():
                result = checking.result()
            return result
        finally:
            checking.cancel()
            timer.cancel()
            if exchange is not None and not isinstance(result, Answered):
                exchange.fault = Fault(FaultKind.SERVICE_ERROR, f"the health check got {type(result).__name__}")
            end(exchange)

    def _note(self, name: str, result: CheckResult) -> None:
        before = self.states[name]
        after = self.states[name] = before.after(result, self._clock.now_ms())
        if after.state is not before.state:
            reason = f" ({after.description})" if after.description else ""
            log.warning("target group %s: %s is %s%s", self._group, name, after.state.value, reason)
        healthy = sum(health.state in _HEALTHY_STATES for health in self.states.values())
        self.fit = tuple(routable(self.states) if healthy >= self._minimum_healthy else self.states)

    def described(self) -> list[Json]:
        """The states as ``DescribeTargetHealth`` gives them (ELBv2 API): ``TargetHealthDescriptions``."""
        return [{"Target": {"Id": name}, "TargetHealth": _described(health)} for name, health in self.states.items()]

    async def aclose(self) -> None:
        """Stop checking."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []


def _described(health: TargetHealth) -> dict[str, Json]:
    described: dict[str, Json] = {"State": health.state.value}
    if health.reason:
        described |= {"Reason": health.reason, "Description": health.description}
    return described


def function_probe(alb: Alb, service: LambdaService, function: FunctionReference, path: str) -> Probe:
    """Checks of a function: the invocation that a load balancer makes."""
    event = alb.health_check_event(path)

    async def check(exchange: Exchange | None) -> CheckResult:
        report = None if exchange is None else exchange.invoking(function, event)
        arrival = arrive() if exchange is None else exchange.arrival
        trace_id = trace_header(arrival, service.lineage(function))
        outcome = await service.invoke(function, Invocation(event, arrival.request_id, "", trace_id, report=report))
        if exchange is not None:
            exchange.answered(outcome)
        if not isinstance(outcome, Returned):
            return Broken()
        try:
            return Answered(status_of(result_object(outcome.payload)))
        except Fault:
            return Broken()

    return check


class CheckedTargetGroup:
    """A target group and its checks, started and stopped together; implements `TargetGroup`."""

    def __init__(self, group: TargetGroup, checker: HealthChecker) -> None:
        self.name = group.name
        self.arn = group.arn
        self.accepts_streams = group.accepts_streams
        self.checker = checker
        self._group = group

    async def start(self) -> None:
        """Start the group, then the checks."""
        await self._group.start()
        self.checker.start()

    async def forward(self, request: Request, arrival: Arrival, exchange: Exchange | None) -> Response:
        """Leave it to the group: a function gets its requests however its checks end (fail open)."""
        return await self._group.forward(request, arrival, exchange)

    async def aclose(self) -> None:
        """Stop the checks, then the group."""
        await self.checker.aclose()
        await self._group.aclose()
