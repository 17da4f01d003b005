"""Values in messages."""

import pytest

from gateway.config.not_allowed import NotAllowed, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "'a'"),
        ("a\\b", "'a\\b'"),
        ("a\nb", "'a\\nb'"),
        (1, "1"),
        (True, "true"),
        (None, "nothing"),
        ([], "an empty list"),
        ([1], "a list"),
        ({"a": 1}, "a table"),
        ("x" * 100, "'" + "x" * 59 + "…"),
    ],
)
def test_shown(value: object, text: str) -> None:
    """Values are shown as the file has them, long ones cut."""
    assert shown(value) == text


def test_a_refusal_is_the_fault_it_becomes() -> None:
    """It has the same parts; only those that are given are there."""
    refused = NotAllowed("found {found}", below=("a", 0))

    assert (refused.message, refused.derived, refused.below) == ("found {found}", "", ("a", 0))
