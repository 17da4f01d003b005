"""Health of a target: a state machine fed with the results of health checks.

Facts, from the AWS ELB user guide (health checks for target groups) and the ELBv2 API model (``TargetHealth``)

- Checks of functions are off by default; the target is then ``unavailable`` with ``Target.HealthCheckDisabled``.
- A new target is ``initial``; its first good answer makes it healthy.  Later changes need the thresholds in a row.
- When no target is healthy, requests go to all of them (fail open).

The machine starts no check and reads no clock: it says when the next check is due and takes its result.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple, TypeAlias, TypeVar

from gateway.config.settings import HealthCheckSettings
from gateway.types import EpochMs

Name = TypeVar("Name")


class TargetHealthState(Enum):
    """The states of a target, as the API calls them."""

    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNAVAILABLE = "unavailable"


class Answered(NamedTuple):
    """A check was answered with this status code."""

    status: int


class NoAnswer(NamedTuple):
    """A check was not answered in time."""


class Broken(NamedTuple):
    """A check could not be made: no connection, or the function failed."""


CheckResult: TypeAlias = Answered | NoAnswer | Broken


class TargetHealth(NamedTuple):
    """What is known of a target.

    Attributes:
        reason: The API's code, such as ``Target.ResponseCodeMismatch``; "" when healthy.
        description: The API's sentence for the reason.
        streak: Results in a row that speak against the present state.
        next_check_ms: When to check again; None when checks are off.
    """

    settings: HealthCheckSettings
    state: TargetHealthState
    reason: str
    description: str
    next_check_ms: EpochMs | None
    streak: int = 0
    matcher: frozenset[int] = frozenset()

    def due(self, now_ms: EpochMs) -> bool:
        """A check should start now."""
        return self.next_check_ms is not None and now_ms >= self.next_check_ms

    def after(self, result: CheckResult, now_ms: EpochMs) -> "TargetHealth":
        """What is known after a check whose result came at ``now_ms``."""
        good = isinstance(result, Answered) and result.status in self.matcher
        checked = self._replace(next_check_ms=now_ms + self.settings.interval * 1000)
        # A result that agrees with the state ends the streak; a new target has no state to agree with.
        if good == (self.state is TargetHealthState.HEALTHY) and self.state is not TargetHealthState.INITIAL:
            return checked._replace(streak=0) if good else _unhealthy(checked, result)
        streak = self.streak + 1
        if streak < self._needed(good=good):
            return checked._replace(streak=streak)
        if good:
            return checked._replace(streak=0, state=TargetHealthState.HEALTHY, reason="", description="")
        return _unhealthy(checked, result)

    def _needed(self, *, good: bool) -> int:
        """Results in a row that change the state; a new target needs one good answer only."""
        if good:
            return 1 if self.state is TargetHealthState.INITIAL else self.settings.healthy_threshold
        return self.settings.unhealthy_threshold


def new_target(settings: HealthCheckSettings, now_ms: EpochMs) -> TargetHealth:
    """A target that was just registered; its first check is due at once."""
    if not settings.enabled:
        return TargetHealth(settings, TargetHealthState.UNAVAILABLE, "Target.HealthCheckDisabled", _DISABLED, None)
    matcher = parse_matcher(settings.matcher)
    return TargetHealth(
        settings, TargetHealthState.INITIAL, "Elb.InitialHealthChecking", _INITIAL, now_ms, matcher=matcher
    )


def routable(targets: Mapping[Name, TargetHealth]) -> list[Name]:
    """The targets that get requests, in their order: those that are not unhealthy, or all when every one is.

    A target whose checks are off counts as fit, and so does one that is still being checked for the first time when
    no other is healthy.
    """
    fit = [
        name
        for name, health in targets.items()
        if health.state in (TargetHealthState.HEALTHY, TargetHealthState.UNAVAILABLE)
    ]
    return fit or list(targets)


def parse_matcher(matcher: str) -> frozenset[int]:
    """The status codes of ``200,202`` or ``200-299``."""
    codes: set[int] = set()
    for part in matcher.split(","):
        low, _, high = part.partition("-")
        codes.update(range(int(low), int(high or low) + 1))
    return frozenset(codes)


def _unhealthy(health: TargetHealth, result: CheckResult) -> TargetHealth:
    reason, description = _failure(result)
    return health._replace(state=TargetHealthState.UNHEALTHY, reason=reason, description=description, streak=0)


def _failure(result: CheckResult) -> tuple[str, str]:
    match result:
        case Answered(status):
            return "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]"
        case NoAnswer():
            return "Target.Timeout", "Request timed out"
        case Broken():
            return "Target.FailedHealthChecks", "Health checks failed"


_DISABLED: Final = "Health checks are disabled for this target"
_INITIAL: Final = "Initial health checks in progress"
