"""The regular expressions of a JSON Schema, such as the models of a REST API."""

from collections.abc import Iterator, Mapping


def schema_tables(schema: object) -> Iterator[Mapping[str, object]]:
    """Every table of a schema, itself included; some are no schemas but hold their properties."""
    if isinstance(schema, Mapping):
        yield schema
    if isinstance(schema, (Mapping, list)):
        for value in schema.values() if isinstance(schema, Mapping) else schema:
            yield from schema_tables(value)


def schema_expressions(schema: object) -> Iterator[str]:
    """What stands under ``pattern`` and the keys of ``patternProperties``, at any depth."""
    for table in schema_tables(schema):
        pattern, properties = table.get("pattern"), table.get("patternProperties")
        if isinstance(pattern, str):
            yield pattern
        if isinstance(properties, Mapping):
            yield from properties
