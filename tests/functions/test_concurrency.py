"""Slots that are shared, and what is left of an account's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.functions.concurrency import ConcurrencyPool, unreserved_pool


def test_slots() -> None:
    """As many as the limit are taken; one that is given back can be taken again."""
    pool = ConcurrencyPool(2, "why")

    assert [pool.take(), pool.take(), pool.take()] == [True, True, False]
    assert pool.in_use == 2
    pool.give_back()
    assert [pool.take(), pool.take()] == [True, False]


@pytest.mark.parametrize(("limit", "taken"), [(None, 1000), (0, 0), (3, 3)])
def test_limits(limit: int | None, taken: int) -> None:
    """None is no limit, 0 is none at all."""
    pool = ConcurrencyPool(limit, "why")

    assert sum(pool.take() for _ in range(1000)) == taken


def test_lowered_limit() -> None:
    """With a limit below what is in use, nothing more is taken until enough has ended."""
    pool = ConcurrencyPool(3, "why")
    for _ in range(3):
        pool.take()
    pool.limit = 1
    pool.give_back()
    pool.give_back()
    assert not pool.take()
    pool.give_back()

    assert pool.take()


@given(st.integers(0, 5), st.lists(st.booleans(), max_size=50))
def test_never_beyond_the_limit(limit: int, takes: list[bool]) -> None:
    """Whatever is taken and given back in whatever order, no more than the limit is ever in use."""
    pool = ConcurrencyPool(limit, "why")
    for take in takes:
        if take:
            free = limit - pool.in_use
            assert pool.take() == (free > 0)
        elif pool.in_use:
            pool.give_back()
        assert 0 <= pool.in_use <= limit


@pytest.mark.parametrize(
    ("account", "reserved", "left"),
    [(None, [5, 5], None), (1000, [], 1000), (1000, [0, 100, 400], 500), (100, [100], 0), (100, [60, 60], 0)],
)
def test_what_is_left_of_an_account(account: int | None, reserved: list[int], left: int | None) -> None:
    """Reservations are taken out of the account's concurrency; what they leave is never negative."""
    pool = unreserved_pool(account, reserved)

    assert (pool.limit, pool.reason) == (left, "ConcurrentInvocationLimitExceeded")
