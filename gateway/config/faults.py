"""Turning what pydantic found into faults that say what was found, what is allowed and what was probably meant."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.config.not_allowed import shown
from gateway.config.source import FileFault, Key, KeyPath
from gateway.types import Json

_MANY: Final = 15
_ALLOWED: Final = {
    "string_type": "a text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "path_type": "a path",
}
_LENGTHS: Final = {
    "string_too_short": "a text that is not empty",
    "string_too_long": "at most {max_length} characters, these are {length}",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them, these are {actual_length}",
}


def faults_of(error: ValidationError, model: type[BaseModel], data: object) -> Iterator[FileFault]:
    """One fault for each thing that pydantic found, in its order."""
    schema = _schema(model)
    for details in error.errors(include_url=False):
        # A list whose items are wrong is also said to be too short: pydantic counts the good ones.
        if details["type"] != "too_short" or not details["input"]:
            yield _fault(details, data, schema)


@cache
def _schema(model: type[BaseModel]) -> Mapping[str, Json]:
    return model.model_json_schema(by_alias=True)


def meant(found: object, allowed: Iterable[str]) -> str:
    """``; did you mean 'handler'?`` when something allowed is close to what was found, else ""."""
    close = difflib.get_close_matches(str(found), list(allowed), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _path(details: ErrorDetails, data: object) -> KeyPath:
    """Where the value stands in the file: pydantic's place without the tags of its unions."""
    # A tag of a union (``alb``, ``path-pattern``) is no key of the data there, so it is left out by itself.
    path: list[Key] = []
    *steps, last = details["loc"] or ("",)
    for step in (*steps, last):
        children = dict(enumerate(data)) if isinstance(data, list) else data
        if isinstance(children, dict) and step in children:
            data = children[step]
            path.append(step)
    if details["type"] == "missing":
        path.append(last)
    if details["type"].startswith("union_tag"):
        path.append(str(details["ctx"]["discriminator"]).strip("'"))
    return tuple(path)


def _fault(details: ErrorDetails, data: object, schema: Mapping[str, Json]) -> FileFault:
    context = details.get("ctx", {})
    path, message = _path(details, data), _message(details, schema)
    if details["loc"][-1:] == ("[key]",):  # keys of a table hold no variables, and `path` leads to the value
        message = message.replace("{found}", shown(details["input"]))
    return FileFault(path, message, context.get("derived", ""), context.get("below", ()))


def _message(details: ErrorDetails, schema: Mapping[str, Json]) -> str:
    kind = details["type"]
    if kind == "gateway_fault":
        return str(details["ctx"]["message"])
    if kind == "extra_forbidden":
        keys = _keys(_at(schema, details["loc"][:-1]))
        return f"unknown key; {_known(details['loc'][-1], keys)}"
    if kind == "missing":
        return "this key is required"
    if kind == "union_tag_not_found":
        return "this key is required"
    if kind in ("union_tag_invalid", "literal_error"):
        return _choice(details)
    return f"found {{found}}; allowed: {_allowed(details, schema)}"


def _known(found: Key, keys: list[str]) -> str:
    """The keys that a table may have; of very many only those that look alike."""
    if len(keys) <= _MANY:
        return f"allowed: {', '.join(keys)}{meant(found, keys)}"
    close = difflib.get_close_matches(str(found), keys, n=3)
    return "see the keys of this table in docs/configuration.md" + (
        f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
    )


def _choice(details: ErrorDetails) -> str:
    """A word that is not one of those allowed."""
    context = details["ctx"]
    found = context.get("tag", details["input"])
    expected = str(context.get("expected_tags") or context["expected"]).replace(" or ", ", ")
    # Places stand in the file itself, perhaps as variables: they are nothing to propose.
    words = [word.strip().strip("'") for word in expected.split(",") if ":" not in word]
    return f"found {{found}}; allowed: {', '.join(words)}{meant(found, words)}"


def _allowed(details: ErrorDetails, schema: Mapping[str, Json]) -> str:
    kind = details["type"]
    context = details.get("ctx", {})
    if kind in _ALLOWED:
        return _ALLOWED[kind]
    if kind in _LENGTHS:
        return _LENGTHS[kind].format(length=len(str(details["input"])), **context)
    if kind.startswith(("int_", "greater_than", "less_than")):
        return _range(_at(schema, details["loc"]))
    return details["msg"]


def _range(schema: Mapping[str, Json]) -> str:
    """The range of a whole number; optional ones have it in an alternative."""
    alternatives = schema.get("anyOf")
    candidates = alternatives if isinstance(alternatives, list) else [schema]
    for candidate in candidates:
        if isinstance(candidate, dict) and "minimum" in candidate:
            low, high = candidate["minimum"], candidate.get("maximum")
            return f"a whole number from {low} to {high}" if high is not None else f"a whole number from {low}"
    return "a whole number"


def _at(schema: Mapping[str, Json], path: Sequence[Key]) -> dict[str, Json]:
    """The part of the JSON Schema for a place that pydantic named, tags of unions included."""
    node = _resolve(schema, dict(schema))
    for step in path:
        node = _resolve(schema, _below(node, step))
    return node


def _below(node: dict[str, Json], step: Key) -> dict[str, Json]:
    found: Json = node.get("items") if isinstance(step, int) else None
    discriminator, properties = node.get("discriminator"), node.get("properties")
    if isinstance(discriminator, dict) and isinstance(mapping := discriminator["mapping"], dict) and step in mapping:
        found = {"$ref": mapping[str(step)]}
    elif isinstance(properties, dict) and step in properties:
        found = properties[str(step)]
    elif isinstance(step, str) and "additionalProperties" in node:
        found = node["additionalProperties"]
    elif isinstance(step, str) and isinstance(patterns := node.get("patternProperties"), dict):
        found = next(iter(patterns.values()))
    return found if isinstance(found, dict) else {}


def _resolve(schema: Mapping[str, Json], node: dict[str, Json]) -> dict[str, Json]:
    """Follow a reference, or the one alternative of an optional table that is not null."""
    definitions = schema.get("$defs")
    while isinstance(reference := node.get("$ref") or _optional(node), str) and isinstance(definitions, dict):
        definition = definitions[reference.removeprefix("#/$defs/")]
        node = definition if isinstance(definition, dict) else {}
    return node


def _optional(node: dict[str, Json]) -> Json:
    alternatives = node.get("anyOf")
    if not isinstance(alternatives, list):
        return None
    return next((item["$ref"] for item in alternatives if isinstance(item, dict) and "$ref" in item), None)


def _keys(node: dict[str, Json]) -> list[str]:
    properties = node.get("properties")
    return [key for key in properties if not key.startswith("$")] if isinstance(properties, dict) else []
