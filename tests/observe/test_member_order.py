"""Members in another order."""

from typing import Any

import pytest

from gateway.observe.member_order import is_sorted, order_differences
from gateway.types import Json


@pytest.mark.parametrize(
    ("recorded", "now", "found"),
    [
        ({"a": 1, "b": 2}, {"a": 3, "b": 4}, []),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, [("/event", 'order ["a", "b"]', 'order ["b", "a"]')]),
        ({"a": 1, "x": 0, "b": 2}, {"y": 0, "a": 1, "b": 2}, []),
        ([{"a/b": {"c": 1, "d": 2}}], [{"a/b": {"d": 1, "c": 2}}], [("/event/0/a~1b", 'order ["c", "d"]', ...)]),
        (
            dict.fromkeys("abcdef", 0),
            dict.fromkeys("acbdef", 0),
            [("/event", 'order ["b", "c", "d", "e", …]', 'order ["c", "b", "d", "e", …]')],
        ),
        ({"a": 1}, [], []),
    ],
)
def test_the_order_of_what_both_have_is_compared(recorded: Any, now: Any, found: list[Any]) -> None:  # noqa: ANN401 - JSON
    """At every depth, from where the orders part; values and lonely members are not its affair."""
    told = [(place.pointer, place.recorded, place.now) for place in order_differences(recorded, now, "/event")]

    assert len(told) == len(found)
    for got, wanted in zip(told, found, strict=True):
        assert all(text in (..., have) for have, text in zip(got, wanted, strict=True))


def test_what_may_differ_is_left_out() -> None:
    """With all below it."""
    one: Json = {"h": {"a": 1, "b": 2}}
    other: Json = {"h": {"b": 2, "a": 1}}

    assert list(order_differences(one, other, "/event", ["/event/h"])) == []


def test_a_logger_that_sorts_is_noticed() -> None:
    """By the members of the event itself."""
    assert is_sorted({"body": "", "headers": {}, "version": "2.0"})
    assert not is_sorted({"version": "2.0", "routeKey": "x"})
    assert not is_sorted("text")
