"""Instants in events."""

import pytest

from gateway.translation.instants import request_time


@pytest.mark.parametrize(
    ("epoch_ms", "text"),
    [
        (1744668836999, "14/Apr/2025:22:13:56 +0000"),
        (0, "01/Jan/1970:00:00:00 +0000"),
        (1709208000000, "29/Feb/2024:12:00:00 +0000"),
    ],
)
def test_request_time(epoch_ms: int, text: str) -> None:
    """Day, English month, year, clock and UTC, whatever the locale."""
    assert request_time(epoch_ms) == text
