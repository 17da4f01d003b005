"""Health of targets as a table of results."""

import pytest

from gateway.config.settings import HealthCheckSettings
from gateway.listeners.alb.health import (
    Answered,
    Broken,
    CheckResult,
    NoAnswer,
    TargetHealth,
    TargetHealthState,
    new_target,
    parse_matcher,
    routable,
)

SETTINGS = HealthCheckSettings(True, "/", 35, 30, 3, 2, "200-299")
GOOD = Answered(204)
BAD = Answered(500)


def after(*results: CheckResult) -> TargetHealth:
    """A target after these results, one second each."""
    health = new_target(SETTINGS, 0)
    for second, result in enumerate(results):
        health = health.after(result, second * 1000)
    return health


@pytest.mark.parametrize(
    ("results", "state", "reason"),
    [
        ([], "initial", "Elb.InitialHealthChecking"),
        ([GOOD], "healthy", ""),
        ([BAD], "initial", "Elb.InitialHealthChecking"),
        ([BAD, GOOD], "healthy", ""),
        ([BAD, BAD], "unhealthy", "Target.ResponseCodeMismatch"),
        ([GOOD, BAD], "healthy", ""),
        ([GOOD, BAD, GOOD, BAD], "healthy", ""),
        ([GOOD, BAD, BAD], "unhealthy", "Target.ResponseCodeMismatch"),
        ([NoAnswer(), NoAnswer()], "unhealthy", "Target.Timeout"),
        ([Broken(), Broken()], "unhealthy", "Target.FailedHealthChecks"),
        ([BAD, BAD, NoAnswer()], "unhealthy", "Target.Timeout"),
        ([BAD, BAD, GOOD, GOOD], "unhealthy", "Target.ResponseCodeMismatch"),
        ([BAD, BAD, GOOD, GOOD, BAD, GOOD, GOOD], "unhealthy", "Target.ResponseCodeMismatch"),
        ([BAD, BAD, GOOD, GOOD, GOOD], "healthy", ""),
    ],
)
def test_states(results: list[CheckResult], state: str, reason: str) -> None:
    """One good answer makes a new target healthy; later the thresholds count, in a row."""
    health = after(*results)

    assert (health.state.value, health.reason) == (state, reason)


@pytest.mark.parametrize(
    ("result", "description"),
    [
        (BAD, "Health checks failed with these codes: [500]"),
        (NoAnswer(), "Request timed out"),
        (Broken(), "Health checks failed"),
    ],
)
def test_descriptions(result: CheckResult, description: str) -> None:
    """The sentence says what the check found."""
    assert after(result, result).description == description


def test_checks_are_off_by_default() -> None:
    """Without checks a target is unavailable, and none is ever due."""
    health = new_target(SETTINGS._replace(enabled=False), 0)

    assert (health.state, health.reason) == (TargetHealthState.UNAVAILABLE, "Target.HealthCheckDisabled")
    assert not health.due(10**15)


def test_when_checks_are_due() -> None:
    """The first check is due at once, the next one interval after the result."""
    health = new_target(SETTINGS, 1000)
    assert health.due(1000)
    assert not health.due(999)

    checked = health.after(GOOD, 5000)

    assert not checked.due(5000 + 34_999)
    assert checked.due(5000 + 35_000)


def test_fail_open() -> None:
    """Requests go to fit targets only, and to all of them when none is fit."""
    healthy, sick, fresh = after(GOOD), after(BAD, BAD), after()

    assert routable({"a": sick, "b": healthy, "c": fresh}) == ["b"]
    assert routable({"a": sick, "c": fresh}) == ["a", "c"]
    assert routable({"a": sick, "d": new_target(SETTINGS._replace(enabled=False), 0)}) == ["d"]


@pytest.mark.parametrize(
    ("matcher", "codes"),
    [("200", {200}), ("200,202", {200, 202}), ("200-203", {200, 201, 202, 203}), ("200,300-301", {200, 300, 301})],
)
def test_matcher(matcher: str, codes: set[int]) -> None:
    """Codes, lists and ranges."""
    assert parse_matcher(matcher) == codes
