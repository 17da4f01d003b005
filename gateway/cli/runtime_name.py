"""``--runtime``: a language, or AWS's identifier with its version."""

import re

import click

from gateway.configuration import RUNTIME, RUNTIME_TEXT


def checked_runtime(_ctx: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    """The name, which is one that the configuration file takes, or none.

    Raises:
        BadParameter: It is another one.
    """
    if name is not None and not re.fullmatch(RUNTIME, name):
        raise click.BadParameter(f"{name!r} is none of {RUNTIME_TEXT}")
    return name
