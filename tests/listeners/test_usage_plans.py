"""Token buckets, quotas and API keys, with a clock that the test moves."""

from datetime import UTC, datetime

import pytest

from gateway.config import apis
from gateway.listeners.usage_plans import QuotaCount, TokenBucket, UsagePlans
from gateway.translation.gateway_response import Cause, Refused


def at(text: str) -> float:
    """Seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_burst_and_rate() -> None:
    """A full bucket lets a burst through, then one for each token that came back, and holds no more than a burst."""
    clock = [0.0]
    bucket = TokenBucket(apis.Throttle(2, 3), lambda: clock[0])
    taken = []
    for clock[0], tries in [(0.0, 4), (0.4, 1), (0.5, 2), (100.0, 4)]:
        taken.append([bucket.take() for _ in range(tries)])

    assert taken == [[True, True, True, False], [False], [True, False], [True, True, True, False]]


def test_a_clock_that_goes_back() -> None:
    """It earns nothing."""
    clock = [10.0]
    bucket = TokenBucket(apis.Throttle(1, 1), lambda: clock[0])
    bucket.take()
    clock[0] = 0.0

    assert not bucket.take()


@pytest.mark.parametrize(
    ("period", "first", "same", "new"),
    [
        ("DAY", "2026-03-31T00:00", "2026-03-31T23:59", "2026-04-01T00:00"),
        ("WEEK", "2026-03-29T00:00", "2026-04-04T23:59", "2026-04-05T00:00"),
        ("MONTH", "2026-03-01T00:00", "2026-03-31T23:59", "2026-04-01T00:00"),
    ],
)
def test_quota_periods(period: str, first: str, same: str, new: str) -> None:
    """A quota begins anew with its period, in UTC; the week with Sunday."""
    clock = [at(first)]
    quota = QuotaCount(apis.Quota(1, period), lambda: clock[0])  # type: ignore[arg-type]
    taken = []
    for instant in (first, same, new):
        clock[0] = at(instant)
        taken.append(quota.take())

    assert taken == [True, False, True]


def plans(plan: apis.UsagePlan) -> UsagePlans:
    """Three keys, one of them disabled, one in no plan."""
    keys = {name: apis.ApiKey(f"{name}-value", enabled=name != "off") for name in ("one", "two", "off", "none")}
    return UsagePlans(keys, {"p": plan}, lambda: 0.0)


@pytest.mark.parametrize("value", ["", "other", "off-value", "none-value"])
def test_keys_that_are_not_taken(value: str) -> None:
    """Missing, unknown, disabled, in no plan."""
    with pytest.raises(Refused) as caught:
        plans(apis.UsagePlan(("one", "off"))).admit(value)

    assert caught.value.cause is Cause.API_KEY


def test_identity_of_a_key_that_was_sent() -> None:
    """One that is not known, or disabled, has no id."""
    found = plans(apis.UsagePlan(("one",)))

    assert found.identity("none-value") == {"apiKey": "none-value", "apiKeyId": "none"}
    assert found.identity("off-value") == {"apiKey": "off-value"}


def test_each_key_counts_by_itself() -> None:
    """One key's quota is not another's."""
    counted = plans(apis.UsagePlan(("one", "two"), quota=apis.Quota(1, "DAY")))
    assert counted.admit("one-value") == {"apiKey": "one-value", "apiKeyId": "one"}
    counted.admit("two-value")
    with pytest.raises(Refused) as caught:
        counted.admit("one-value")

    assert caught.value.cause is Cause.QUOTA


def test_a_key_may_be_throttled() -> None:
    """Over the plan's burst a request is refused."""
    counted = plans(apis.UsagePlan(("one",), throttle=apis.Throttle(0, 1)))
    counted.admit("one-value")
    with pytest.raises(Refused) as caught:
        counted.admit("one-value")

    assert caught.value.cause is Cause.THROTTLED
