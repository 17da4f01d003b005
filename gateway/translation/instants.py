"""Instants as text, in English whatever the locale of the process, which strftime follows."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from gateway.types import EpochMs

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def request_time(epoch_ms: EpochMs) -> str:
    """``14/Apr/2025:22:13:56 +0000``, the ``requestTime`` and ``time`` of an event."""
    return _of_second(epoch_ms // 1000)


@lru_cache(maxsize=16)  # requests of one second share it
def _of_second(epoch_s: int) -> str:
    at = datetime.fromtimestamp(epoch_s, UTC)
    month = MONTHS[at.month - 1]
    return f"{at.day:02}/{month}/{at.year:04}:{at.hour:02}:{at.minute:02}:{at.second:02} +0000"
