"""Instants in the spellings of events and of HTTP."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from gateway.types import EpochMs

# Not strftime: %b and %a follow the locale of the process.
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def request_time(epoch_ms: EpochMs) -> str:
    """``14/Apr/2025:22:13:56 +0000``, the ``requestTime`` and ``time`` of API Gateway's events."""
    return _spellings(epoch_ms // 1000)[0]


def http_date(epoch_ms: EpochMs) -> bytes:
    """``Mon, 14 Apr 2025 22:13:56 GMT``, an IMF-fixdate (RFC 9110, 5.6.7)."""
    return _spellings(epoch_ms // 1000)[1]


@lru_cache(maxsize=16)
def _spellings(epoch_s: int) -> tuple[str, bytes]:
    at = datetime.fromtimestamp(epoch_s, UTC)
    month, clock = _MONTHS[at.month - 1], f"{at.hour:02}:{at.minute:02}:{at.second:02}"
    log = f"{at.day:02}/{month}/{at.year:04}:{clock} +0000"
    return log, f"{_DAYS[at.weekday()]}, {at.day:02} {month} {at.year:04} {clock} GMT".encode("ascii")
