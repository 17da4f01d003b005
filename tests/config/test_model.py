"""The whole file."""

import dataclasses

from gateway.config.model import FileModel
from gateway.config.settings import Settings


def test_the_keys_of_the_file() -> None:
    """They are the fields of the settings that do not come from elsewhere, and the place of the schema."""
    properties = FileModel.model_json_schema(by_alias=True)["properties"]

    assert set(properties) == {it.name for it in dataclasses.fields(Settings)} - {"source", "variables"} | {"$schema"}


def test_editors_may_be_told_the_schema() -> None:
    """The key is taken and means nothing here."""
    assert FileModel.model_validate({"$schema": "https://example.com/schema.json"}).model_fields_set == {"schema_"}
