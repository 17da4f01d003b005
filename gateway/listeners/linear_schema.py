"""JSON Schema for bodies of strangers: the keywords whose time, in jsonschema, grows faster than the body.

Expressions run in RE2 instead of Python's engine, and items are compared by their hashes instead of each with each.
The rest is jsonschema's (the extra ``validation``).
"""

from collections.abc import Hashable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from gateway.config.regex import Regex, compile_text_regex
from gateway.config.schema_expressions import schema_expressions, schema_tables
from gateway.errors import UsageError
from gateway.types import Json

Schema: TypeAlias = Mapping[str, Json]


def linear_validator(kind: Any, schema: Schema) -> Any:  # noqa: ANN401 - jsonschema has no types
    """A validator of a draft's class for a schema.

    Raises:
        UsageError: An expression cannot be used, or a keyword that would bring Python's engine back.
    """
    from jsonschema.validators import extend  # noqa: PLC0415 - an extra

    for pattern in schema_expressions(schema):  # so that none is refused while a request waits
        _regex(pattern)
    if any({"unevaluatedProperties", "patternProperties"} <= table.keys() for table in schema_tables(schema)):
        raise UsageError("unevaluatedProperties beside patternProperties is not supported")
    return extend(kind, _KEYWORDS)(schema)


@cache
def _regex(pattern: str) -> Regex:
    try:
        return compile_text_regex(pattern)
    except UsageError as error:
        raise UsageError(f"the expression {pattern!r}: {error}") from None


def _found(pattern: str, text: str) -> bool:
    return _regex(pattern).search(text.encode()) is not None


def _error(message: str) -> Exception:
    from jsonschema import ValidationError  # noqa: PLC0415 - an extra

    error: Exception = ValidationError(message)
    return error


def _pattern(_validator: object, pattern: str, instance: Json, _schema: Schema) -> Iterator[Exception]:
    if isinstance(instance, str) and not _found(pattern, instance):
        yield _error(f"{instance!r:.200} does not match {pattern!r}")


def _pattern_properties(
    validator: Any,  # noqa: ANN401 - as above
    patterns: Mapping[str, Schema],
    instance: Json,
    _schema: Schema,
) -> Iterator[Exception]:
    if isinstance(instance, dict):
        for pattern, below in patterns.items():
            for name, value in instance.items():
                if _found(pattern, name):
                    yield from validator.descend(value, below, path=name, schema_path=pattern)


def _additional_properties(
    validator: Any,  # noqa: ANN401 - as above
    allowed: bool | Schema,
    instance: Json,
    schema: Any,  # noqa: ANN401 - as above
) -> Iterator[Exception]:
    if not isinstance(instance, dict) or allowed is True:
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, value in instance.items():
        if name in known or any(_found(pattern, name) for pattern in patterns):
            continue
        if isinstance(allowed, Mapping):
            yield from validator.descend(value, allowed, path=name)
        else:
            yield _error(f"the property {name!r:.200} is not allowed")


def _unique_items(_validator: object, unique: bool, instance: Json, _schema: Schema) -> Iterator[Exception]:
    if unique and isinstance(instance, list) and len(set(map(_identity, instance))) < len(instance):
        yield _error("an item is there twice")


def _identity(value: Json) -> Hashable:
    """What equal values have in common: 1 and 1.0 are equal, 1 and true are not."""
    if isinstance(value, dict):
        return "object", frozenset((name, _identity(member)) for name, member in value.items())
    if isinstance(value, list):
        return "array", tuple(map(_identity, value))
    return ("boolean", value) if isinstance(value, bool) else value


_KEYWORDS: Final[Mapping[str, Any]] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}
