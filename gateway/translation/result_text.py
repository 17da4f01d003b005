"""Reading a function's result: from JSON to the small values that a response is made of.

Every function here raises `BadResult` with a JSON Pointer when the result holds something else.

Facts: booleans in ``headers`` become ``true`` and ``false``, numeric strings are accepted as ``statusCode``
(recorded: localstack/localstack@8b9a79f0, REST API, 2024; ``"418"`` on a Function URL, 2025); 0 and 200.5 are refused
(recorded: aws/aws-lambda-dotnet@f5e639feb, 2025).  Numbers in ``headers`` are written as JSON writes them: not
recorded, chosen because the service converts the other scalars too.
"""

import json
from functools import lru_cache

import orjson

from gateway.errors import BadResult
from gateway.translation.body import from_base64
from gateway.translation.headers import is_field_value, is_token
from gateway.types import Json


def dump(value: Json) -> bytes:
    """A value as compact JSON in UTF-8."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return utf8(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def utf8(text: str) -> bytes:
    """Text as UTF-8; a lone surrogate, which UTF-8 cannot hold, becomes ``?``."""
    return text.encode("utf-8", "replace")


def status_code(value: Json) -> int:
    """``/statusCode``: an integer from 200 to 599, or a string of its digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == 3:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 200 <= value <= 599:
        raise BadResult("/statusCode", "an integer from 200 to 599", value)
    return value


def scalar(value: Json, pointer: str) -> str:
    """A string as it is; booleans and numbers as JSON writes them."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | list):
        raise BadResult(pointer, "a string", value)
    return dump(value).decode()


def mapping(value: Json, pointer: str) -> dict[str, Json]:
    """An object; null counts as an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadResult(pointer, "an object", value)
    return value


def sequence(value: Json, pointer: str) -> list[Json]:
    """A list; null counts as an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadResult(pointer, "a list", value)
    return value


def flag(value: Json, pointer: str) -> bool:
    """A boolean; null counts as false."""
    if value is None or isinstance(value, bool):
        return value is True
    raise BadResult(pointer, "true or false", value)


@lru_cache(maxsize=256)
def header_name(name: str) -> bytes:
    """A name that may stand on the wire (RFC 9110, 5.6.2)."""
    if not is_token(name):
        raise BadResult("/headers", "names of letters, digits and hyphens", name)
    return name.encode("ascii")


def header_value(text: str, pointer: str) -> bytes:
    """A value that may stand on the wire; a line break would end the header and start another."""
    if not is_field_value(text):
        raise BadResult(pointer, "a header value without line breaks or other control characters", text)
    return text.strip(" \t").encode()


def decoded(text: str) -> bytes:
    """The bytes of a base64 body."""
    try:
        return from_base64(text)
    except ValueError as error:
        raise BadResult("/body", "base64, as isBase64Encoded says", text) from error
