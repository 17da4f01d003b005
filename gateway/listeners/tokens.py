"""What a JSON Web Token says, read so that no token can do more than be refused.

Facts

- ``exp``, ``nbf`` and ``iat`` are JSON numbers of seconds since 1970, which may have a fraction (RFC 7519, 2).  A text,
  true, NaN and a number that a double cannot hold are none; what AWS says to those is not recorded.
- Of two members with one name the last counts, as RFC 7519, 4 allows.

PyJWT (the ``auth`` extra) checks signatures.  Its own parser is not used: Python's json takes NaN, raises for numbers
with thousands of digits, and for deep nesting with an error that ends the request.
"""

import base64
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

import orjson

from gateway.types import Json

if TYPE_CHECKING:
    from jwt import PyJWK, PyJWS

_LEVELS: Final = 32
"""How deep lists and objects may be nested, far deeper than any issuer does."""


class NoToken(ValueError):
    """A text that is no JSON Web Token; the message says what is wrong with it in a few words."""


def token_head(token: str) -> dict[str, Json]:
    """The header of a token, which nobody has checked; ``kid`` is a text where there is one.

    Raises:
        NoToken: The text has no such header.
    """
    parts = token.split(".")
    if len(parts) != 3:
        raise NoToken("it has not three parts")
    try:
        content = base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4))
    except ValueError as error:
        raise NoToken("its header is not base64") from error
    head = read_object(content)
    if not isinstance(head.get("kid", ""), str):
        raise NoToken("its kid is not a text")
    return head


def read_object(content: bytes) -> dict[str, Json]:
    """A JSON object of finite numbers that is not nested too deeply: the claims of a token, or its header.

    Raises:
        NoToken: It is something else.
    """
    try:
        parsed: Json = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise NoToken("it is not JSON") from error
    if not isinstance(parsed, dict):
        raise NoToken("it is no JSON object")
    level: list[Json] = [parsed]
    for _ in range(_LEVELS):
        level = [member for value in level if isinstance(value, dict | list) for member in _members(value)]
    if level:
        raise NoToken("it is nested too deeply")
    return parsed


def _members(value: dict[str, Json] | list[Json]) -> Sequence[Json]:
    return value if isinstance(value, list) else list(value.values())


def instant(value: Json) -> float | None:
    """A claim in seconds since 1970, None when it is not a number."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def signed_payload(token: str, key: "PyJWK", algorithms: Sequence[str]) -> bytes | None:
    """The payload of a token that ``key`` has signed with one of some algorithms, None when it has not."""
    import jwt  # noqa: PLC0415 - an extra

    try:
        # The bare key, so that the algorithm is the token's; PyJWT refuses one that is not among those given.
        payload: bytes = _verifier().decode(token, key.key, algorithms=list(algorithms))
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    return payload


@cache
def _verifier() -> "PyJWS":
    import jwt  # noqa: PLC0415 - an extra

    return jwt.PyJWS()
