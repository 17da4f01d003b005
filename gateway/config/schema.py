"""The JSON Schema of the configuration file, for completion and checks in editors."""

from gateway.types import Json


def json_schema() -> dict[str, Json]:
    """The schema (draft 2020-12) of the whole file."""
    from gateway.config.model import FileModel  # noqa: PLC0415 - pydantic is imported only when a file is read

    schema: dict[str, Json] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema.update(FileModel.model_json_schema(by_alias=True))
    return schema
