"""The command line: one file for each command, imported only when the command runs."""

import sys
from importlib import import_module

import click

from gateway.errors import UsageError

_COMMANDS = {
    "serve": "gateway.cli.serve",
    "invoke": "gateway.cli.invoke",
    "check": "gateway.cli.check",
    "explain": "gateway.cli.explain",
    "record": "gateway.cli.record",
    "replay": "gateway.cli.replay",
    "config": "gateway.cli.config",
    "event": "gateway.cli.event",
    "verdict": "gateway.cli.verdict",
}


class _Commands(click.Group):
    """The commands by name, without importing any before it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """One command, imported now."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(_COMMANDS[cmd_name]).command
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="lambda-http-gateway", prog_name="gateway")
def gateway() -> None:
    """Run AWS Lambda web handlers behind a real HTTP port, exactly as AWS's own front doors call them."""


def main() -> None:
    """The ``gateway`` command; what the user got wrong ends with one message and code 2."""
    try:
        gateway()
    except UsageError as error:
        click.echo(f"gateway: error: {error}", err=True)
        sys.exit(2)
