"""The small types of the file's values."""

import pytest

from gateway.config.strict import shown


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
