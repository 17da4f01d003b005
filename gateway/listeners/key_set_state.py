"""Which key of an issuer a token may use now, and when to ask the issuer for keys: a value without clock and I/O.

Facts

- API Gateway keeps keys for two hours at most (developer guide, http-api-jwt-authorizer).  How long a load balancer
  keeps them is not known; both do the same here.
- A key that is known never waits: keys older than five minutes are used while new ones are fetched, for two hours.
- A token whose key is not known waits for the one fetch that is under way.  After a fetch, whether it brought keys or
  not, there is a pause: neither made-up key ids nor an issuer that is down cause more than one fetch in ten seconds.
"""

from collections.abc import Mapping
from typing import Final, Generic, NamedTuple, TypeAlias, TypeVar

FRESH_S: Final = 300.0
USED_S: Final = 7200.0
PAUSE_S: Final = 10.0
_INFINITE: Final = float("inf")

Key = TypeVar("Key")
Problem: TypeAlias = tuple[str, str]
"""Why a fetch failed: a code and a text."""


class KeyLookup(NamedTuple, Generic[Key]):
    """What is to be done for a token.

    Attributes:
        keys: Those that may have signed it; none refuses it, unless it waits.
        fetch: Start a fetch now.
        wait: Ask again when the fetch has ended.
        problem: Why the last fetch failed, when that keeps the token from being judged.
    """

    keys: tuple[Key, ...]
    fetch: bool
    wait: bool
    problem: Problem | None


class KeySetState(NamedTuple, Generic[Key]):
    """What is known of an issuer's keys; times are seconds of one clock.

    Attributes:
        keys: Id → keys; None → all of them, for a token that names none.
        fetched_at: When they came; None for never.
        fetching: A fetch is under way.
        pause_until: No fetch starts before.
        problem: Why the last fetch failed; None when it did not.
    """

    keys: Mapping[str | None, tuple[Key, ...]] = {}
    fetched_at: float | None = None
    fetching: bool = False
    pause_until: float = -_INFINITE
    problem: Problem | None = None

    def ask(self, key_id: str | None, now: float) -> KeyLookup[Key]:
        """What to do for a token that names this key."""
        age = _INFINITE if self.fetched_at is None else now - self.fetched_at
        found = self.keys.get(key_id, ()) if age < USED_S else ()
        fetch = (age >= FRESH_S or not found) and not self.fetching and now >= self.pause_until
        wait = not found and (fetch or self.fetching)
        return KeyLookup(found, fetch, wait, None if found or wait else self.problem)

    def began(self) -> "KeySetState[Key]":
        """A fetch was started."""
        return self._replace(fetching=True)

    def fetched(self, keys: Mapping[str | None, tuple[Key, ...]], now: float) -> "KeySetState[Key]":
        """It brought these keys."""
        return KeySetState(keys, now, fetching=False, pause_until=now + PAUSE_S)

    def failed(self, problem: Problem, now: float) -> "KeySetState[Key]":
        """It brought none; those that are there stay."""
        return self._replace(fetching=False, pause_until=now + PAUSE_S, problem=problem)
