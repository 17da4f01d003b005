"""``gateway config``: about configuration files."""

import click
import orjson


@click.group("config")
def command() -> None:
    """About configuration files."""


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of configuration files, for editors."""
    from gateway.config.schema import json_schema  # noqa: PLC0415 - needs pydantic

    click.echo(orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2))
