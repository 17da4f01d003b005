"""Which key may be used and when the issuer is asked, at given times."""

from collections.abc import Sequence
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.listeners.key_set_state import FRESH_S, PAUSE_S, USED_S, KeySetState

State: TypeAlias = KeySetState[str]
ONE: dict[str | None, tuple[str, ...]] = {None: ("k1",), "one": ("k1",)}
TWO: dict[str | None, tuple[str, ...]] = {None: ("k2",), "two": ("k2",)}
DOWN = ("JWKSRequestTimeout", "no answer")
NEW: State = KeySetState()
FETCHED = NEW.began().fetched(ONE, 0.0)
FAILED = NEW.began().failed(DOWN, 0.0)
LATE = FETCHED.began().failed(DOWN, FRESH_S)


@pytest.mark.parametrize(
    ("state", "key_id", "now", "keys", "fetch", "wait", "problem"),
    [
        # At first everybody waits for the one fetch.
        (NEW, "one", 0, (), True, True, None),
        (NEW, None, 0, (), True, True, None),
        (NEW.began(), "one", 0, (), False, True, None),
        # A known key, or any key for a token that names none, is used at once.
        (FETCHED, "one", 0, ("k1",), False, False, None),
        (FETCHED, None, 0, ("k1",), False, False, None),
        (FETCHED, "one", FRESH_S - 1, ("k1",), False, False, None),
        # Five minutes later too, while new ones are fetched; after two hours it is known no longer.
        (FETCHED, "one", FRESH_S, ("k1",), True, False, None),
        (FETCHED.began(), "one", FRESH_S, ("k1",), False, False, None),
        (FETCHED.began(), "one", USED_S - 1, ("k1",), False, False, None),
        (FETCHED, "one", USED_S, (), True, True, None),
        # An unknown key is refused during the pause, then waits for a fetch.
        (FETCHED, "two", PAUSE_S - 1, (), False, False, None),
        (FETCHED, "two", PAUSE_S, (), True, True, None),
        (FETCHED.began(), "two", PAUSE_S, (), False, True, None),
        # A failure makes a pause as well; what is known stays in use, the rest cannot be judged.
        (FAILED, "one", PAUSE_S - 1, (), False, False, DOWN),
        (FAILED, "one", PAUSE_S, (), True, True, None),
        (LATE, "one", FRESH_S + 1, ("k1",), False, False, None),
        (LATE, "one", FRESH_S + PAUSE_S, ("k1",), True, False, None),
        (LATE, "two", FRESH_S + 1, (), False, False, DOWN),
        # New keys take the place of the old ones, and of what went wrong.
        (LATE.began().fetched(TWO, 400.0), "two", 400, ("k2",), False, False, None),
        (LATE.began().fetched(TWO, 400.0), "one", 400, (), False, False, None),
    ],
)
def test_ask(
    state: State,
    key_id: str | None,
    now: float,
    keys: tuple[str, ...],
    fetch: bool,
    wait: bool,
    problem: tuple[str, str] | None,
) -> None:
    """Each row is a token at a time."""
    assert state.ask(key_id, now) == (keys, fetch, wait, problem)


EVENTS = st.lists(st.tuples(st.sampled_from(["one", "two", "made up", None]), st.integers(0, 20)), max_size=60)


@given(EVENTS, st.lists(st.booleans(), min_size=60, max_size=60))
def test_one_fetch_in_a_pause(events: Sequence[tuple[str | None, int]], succeeds: Sequence[bool]) -> None:
    """Whatever comes and however fetches end: no two of them in ten seconds, and nobody waits without one."""
    state, now, ends, begun = NEW, 0.0, 0.0, [-PAUSE_S]
    for (key_id, later), good in zip(events, succeeds, strict=False):
        now += later
        if state.fetching and now >= ends:
            state = state.fetched(ONE, ends) if good else state.failed(DOWN, ends)
        answer = state.ask(key_id, now)
        assert not (answer.keys and answer.wait)
        if answer.fetch:
            assert not state.fetching
            assert now - begun[-1] >= PAUSE_S
            begun.append(now)
            state, ends = state.began(), now + 5
        assert not answer.wait or state.fetching
