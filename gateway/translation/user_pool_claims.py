"""The claims that a function behind a REST API's ``COGNITO_USER_POOLS`` authorizer reads.

Facts (public captures of events, 2016 to 2025):

- All are text, in the order of the token; ``exp`` and ``iat`` are dates, ``auth_time`` stays a number.
- A list with one member is that member, several are joined by commas; HTTP APIs write ``[a b]`` instead.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from gateway.translation.instants import DAYS, MONTHS
from gateway.translation.result_text import dump
from gateway.types import Json


def user_pool_claims(claims: Mapping[str, Json]) -> dict[str, Json]:
    """The claims of a token as ``requestContext.authorizer.claims`` has them; one that is null is left out."""
    return {
        name: _date(value) if name in {"exp", "iat"} else _text(value)
        for name, value in claims.items()
        if value is not None
    }


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return dump(value).decode()


def _date(value: Json) -> str:
    """``Mon Apr 14 12:33:31 UTC 2025``; what is no instant stays as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _text(value)
    try:
        at = datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return _text(value)
    return f"{DAYS[at.weekday()]} {MONTHS[at.month - 1]} {at.day:02d} {at:%H:%M:%S} UTC {at.year}"
