"""Throttling, API keys and usage plans.

Facts (API Gateway developer guide, api-gateway-request-throttling and api-gateway-create-usage-plans):

- Throttling is a token bucket: ``rate_limit`` tokens come back per second, up to ``burst_limit``.
- A usage plan throttles and counts each of its keys by itself.
- Quotas begin anew with the day, the week (Sunday is its first day here) or the month, in UTC.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from gateway.config import apis
from gateway.translation.gateway_response import Cause, Refused
from gateway.types import Json

Clock: TypeAlias = Callable[[], float]
"""Seconds; of a clock that nobody sets where only differences count, since 1970 where the day counts."""


class TokenBucket:
    """A rate and a burst; full at the beginning."""

    def __init__(self, limits: apis.Throttle, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._tokens = float(limits.burst_limit)
        self._at = clock()

    def take(self) -> bool:
        """Take a token if there is one."""
        now = self._clock()
        earned = max(0.0, now - self._at) * self._limits.rate_limit
        self._tokens = min(float(self._limits.burst_limit), self._tokens + earned)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def admit(self) -> None:
        """Take a token.

        Raises:
            Refused: There is none.
        """
        if not self.take():
            limits = self._limits
            raise Refused(
                Cause.THROTTLED, f"over {limits.rate_limit:g} requests per second and a burst of {limits.burst_limit}"
            )


class QuotaCount:
    """What is left of a quota in the present period; ``clock`` gives seconds since 1970."""

    def __init__(self, quota: apis.Quota, clock: Clock) -> None:
        self._quota = quota
        self._clock = clock
        self._period = self._now()
        self._used = 0

    def take(self) -> bool:
        """Count a request if there is room for it."""
        period = self._now()
        if period != self._period:
            self._period, self._used = period, 0
        if self._used >= self._quota.limit:
            return False
        self._used += 1
        return True

    def _now(self) -> datetime:
        """The first day of the present period."""
        today = datetime.fromtimestamp(self._clock(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if self._quota.period == "MONTH":
            return today.replace(day=1)
        if self._quota.period == "WEEK":
            return today - timedelta(days=today.isoweekday() % 7)
        return today


class _Holder:
    """What one key may use of one plan."""

    def __init__(self, plan: apis.UsagePlan, clock: Clock, epoch: Clock) -> None:
        self.bucket = TokenBucket(plan.throttle, clock) if plan.throttle else None
        self.quota = QuotaCount(plan.quota, epoch) if plan.quota else None


class UsagePlans:
    """The API keys of a REST API and what they may use.

    Args:
        keys: By name.
        plans: By name; a key that is in none may use nothing.
        clock: What rates are counted by; only differences count.
        epoch: What the days of quotas are counted by: seconds since 1970.
    """

    def __init__(
        self,
        keys: Mapping[str, apis.ApiKey],
        plans: Mapping[str, apis.UsagePlan],
        clock: Clock = time.monotonic,
        epoch: Clock = time.time,
    ) -> None:
        self._names = {key.value: name for name, key in keys.items() if key.enabled}
        self._holders: dict[str, _Holder] = {}
        for plan in plans.values():
            for name in plan.api_keys:
                self._holders.setdefault(name, _Holder(plan, clock, epoch))

    def identity(self, value: str) -> dict[str, Json]:
        """What a key that a client sends adds to the identity, before anybody asks what it may use."""
        name = self._names.get(value)
        return {"apiKey": value} if name is None else {"apiKey": value, "apiKeyId": name}

    def admit(self, value: str) -> dict[str, Json]:
        """What a key adds to the identity of the event.

        Raises:
            Refused: The key is missing, unknown, disabled or in no plan; or its rate or quota is used up.
        """
        name = self._names.get(value)
        holder = self._holders.get(name) if name is not None else None
        if name is None or holder is None:
            raise Refused(
                Cause.API_KEY, "no API key" if not value else "the API key is unknown, disabled or in no plan"
            )
        if holder.bucket is not None:
            holder.bucket.admit()
        if holder.quota is not None and not holder.quota.take():
            raise Refused(Cause.QUOTA, f"the API key {name} has used up its quota")
        return {"apiKey": value, "apiKeyId": name}
