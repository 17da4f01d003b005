"""Where a JSON Schema has regular expressions."""

from gateway.config.schema_expressions import schema_expressions, schema_tables


def test_expressions_at_any_depth() -> None:
    """They are found in alternatives and definitions; a property that is called like a keyword is none."""
    schema = {
        "pattern": "a",
        "anyOf": [{"pattern": "b"}, {"patternProperties": {"c": {"pattern": "d"}}}],
        "definitions": {"x": {"items": {"pattern": "e"}}},
        "properties": {"pattern": {"type": "string"}},
        "enum": ["f", 1, None],
    }

    assert list(schema_expressions(schema)) == ["a", "b", "c", "d", "e"]
    assert list(schema_tables([{"a": {}}, 1])) == [{"a": {}}, {}]
