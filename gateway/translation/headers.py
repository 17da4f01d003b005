"""Header lines: grouped for an event, checked for the wire.

Facts

- Names are case-insensitive (RFC 9110, 5.1); AWS's front doors hand them to a function in lower case (captured from
  real load balancers, 2018-2022).
- A line without a value never reaches the function (nitro's tests against a real load balancer).
- A name is a token (RFC 9110, 5.6.2); a value has no control characters but the tab (RFC 9110, 5.5).
- Hop-by-hop lines belong to one connection and are never taken from a function (RFC 9110, 7.6.1).
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from gateway.translation.instants import DAYS, MONTHS
from gateway.types import EpochMs, HeaderList

HOP_BY_HOP: Final = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade")
)
"""Lower-case names of the lines that only concern one connection."""

_token: Final = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+").fullmatch
# The tab is the one control character that a value may hold.
_control: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search

# What browsers and the usual clients send, in both spellings: a look-up is cheaper than lowering and decoding.
# fmt: off
_FAMILIAR: Final = {
    spelling: name.lower().decode()
    for name in (
        b"Accept", b"Accept-Encoding", b"Accept-Language", b"Authorization", b"Cache-Control", b"Connection",
        b"Content-Length", b"Content-Type", b"Cookie", b"Host", b"If-Modified-Since", b"If-None-Match", b"Origin",
        b"Pragma", b"Referer", b"Sec-Ch-Ua", b"Sec-Ch-Ua-Mobile", b"Sec-Ch-Ua-Platform", b"Sec-Fetch-Dest",
        b"Sec-Fetch-Mode", b"Sec-Fetch-Site", b"Sec-Fetch-User", b"Upgrade-Insecure-Requests", b"User-Agent",
        b"X-Amzn-Trace-Id", b"X-Forwarded-For", b"X-Forwarded-Port", b"X-Forwarded-Proto",
    )
    for spelling in (name, name.lower())
}
# fmt: on
_familiar: Final = _FAMILIAR.get


def last_values(lines: HeaderList) -> dict[str, str]:
    """Lower-case name → value of the last line that has one.

    Raises:
        UnicodeDecodeError: A name or a value is not UTF-8.
    """
    return {_familiar(name) or name.lower().decode(): value.decode() for name, value in lines if value}


def all_values(lines: HeaderList) -> dict[str, list[str]]:
    """Lower-case name → every value that is not empty, in arrival order; raises as `last_values` does."""
    grouped: dict[str, list[str]] = {}
    for raw, value in lines:
        if value:
            name = _familiar(raw) or raw.lower().decode()
            if name in grouped:
                grouped[name].append(value.decode())
            else:
                grouped[name] = [value.decode()]
    return grouped


def first_value(lines: HeaderList, name: bytes, default: bytes = b"") -> bytes:
    """The value of the first line with this name, given in lower case; ``default`` when there is none."""
    size = len(name)
    for spelled, value in lines:
        if len(spelled) == size and spelled.lower() == name:
            return value
    return default


def values_of(lines: HeaderList, name: bytes) -> list[bytes]:
    """The values of all lines with this name, given in lower case, in arrival order."""
    size = len(name)
    return [value for spelled, value in lines if len(spelled) == size and spelled.lower() == name]


def is_token(name: str) -> bool:
    """Whether a name can stand on the wire."""
    return _token(name) is not None


def is_field_value(value: str) -> bool:
    """Whether a value can stand on the wire: no CR, LF, NUL or other control character, and UTF-8 can encode it."""
    if value.isascii():
        return value.isprintable() or _control(value) is None
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return _control(value) is None


def wire_size(lines: HeaderList) -> int:
    """Bytes that the lines take in HTTP/1.1, with ``": "`` and CRLF."""
    return sum([len(name) + len(value) for name, value in lines]) + 4 * len(lines)


def http_date(epoch_ms: EpochMs) -> bytes:
    """The value of ``Date``: IMF-fixdate (RFC 9110, 5.6.7).

    `email.utils` would do the same, with six modules behind it.
    """
    return _date_of_second(epoch_ms // 1000)


@lru_cache(maxsize=4)  # requests of one second share their date
def _date_of_second(epoch_s: int) -> bytes:
    at = datetime.fromtimestamp(epoch_s, UTC)
    return f"{DAYS[at.weekday()]}, {at:%d} {MONTHS[at.month - 1]} {at:%Y %H:%M:%S} GMT".encode()
