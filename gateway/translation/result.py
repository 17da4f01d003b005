"""A function's result, read as JSON."""

import json

import orjson

from gateway.errors import BadResult
from gateway.types import Json


def load_result(payload: bytes) -> Json:
    """The JSON value of a payload.

    AWS's Python runtime writes what strict parsers refuse (NaN, lone surrogates, integers beyond 64 bits), and its
    front doors read it; so the standard library has the second word.

    Raises:
        BadResult: The payload is not JSON at all.
    """
    try:
        loaded: Json = orjson.loads(payload)
    except orjson.JSONDecodeError:
        try:
            # decoded here: json would also take UTF-16 and UTF-32
            loaded = json.loads(payload.decode())
        except (ValueError, RecursionError) as error:
            raise BadResult("", "JSON", f"<not JSON: {error}>") from error
    return loaded
