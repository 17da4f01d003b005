"""Keywords of JSON Schema: they mean what jsonschema's own mean, and no body takes long."""

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import UsageError
from gateway.listeners.linear_schema import linear_validator
from gateway.types import Json

DRAFT = jsonschema.Draft4Validator
NUMBER: Json = {"type": "number"}
SCHEMAS: list[dict[str, Json]] = [
    {"pattern": "^a+b?$"},
    {"patternProperties": {"^a": NUMBER, "b$": {"type": "boolean"}}},
    {"properties": {"a": NUMBER}, "patternProperties": {"^b": NUMBER}, "additionalProperties": False},
    {"properties": {"a": NUMBER}, "additionalProperties": {"type": "boolean"}},
    {"additionalProperties": True},
    {"uniqueItems": True},
    {"uniqueItems": False},
]
LEAVES = st.sampled_from([None, True, False, 0, 0.0, 1, 1.0, -1, "", "a", "ab", "aab", "b"])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "ab", "b", "c"]), inner)
)


@given(st.sampled_from(SCHEMAS), VALUES)
def test_as_jsonschema(schema: dict[str, Json], value: Json) -> None:
    """What jsonschema takes is taken, and nothing else."""
    assert linear_validator(DRAFT, schema).is_valid(value) == DRAFT(schema).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"pattern": "^(a+)+$"}, "a" * 10_000 + "!"),
        ({"items": {"pattern": "^(a|aa)+$"}}, ["a" * 10_000 + "!"]),
        ({"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False}, {"a" * 10_000 + "!": 1}),
        ({"uniqueItems": True}, [*({"a": number} for number in range(20_000)), {"a": 0.0}]),
        ({"uniqueItems": True}, [[True], [1], 1, True, "1", [1.0]]),
    ],
    ids=["pattern", "below", "names", "items", "few items"],
)
def test_bodies_of_strangers(schema: dict[str, Json], value: Json) -> None:
    """One that is made to be slow is refused in one pass."""
    assert not linear_validator(DRAFT, schema).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"properties": {"a": {"pattern": "(?=a)"}}}, r"the expression '\(\?=a\)': RE2 refuses it"),
        ({"anyOf": [{"patternProperties": {"(?!a)": {}}}]}, r"the expression '\(\?!a\)': RE2 refuses it"),
        ({"patternProperties": {"a": {}}, "unevaluatedProperties": False}, "unevaluatedProperties"),
    ],
)
def test_refused_schemas(schema: dict[str, Json], message: str) -> None:
    """What Python's engine would have to run is refused before the first request."""
    with pytest.raises(UsageError, match=message):
        linear_validator(DRAFT, schema)


def test_properties_of_these_names() -> None:
    """A property may be called like a keyword."""
    schema: dict[str, Json] = {"properties": {"pattern": {"type": "string"}, "patternProperties": {"type": "object"}}}

    assert linear_validator(DRAFT, schema).is_valid({"pattern": "(?=a)"})
