"""``gateway check``: is a configuration file right, and would AWS take it?"""

import os
import sys
from pathlib import Path

import click


@click.command("check")
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Validate and lint the configuration FILE.

    Faults, which keep the gateway from starting, end with code 2; findings, which AWS would refuse or which have no
    effect, with code 1.
    """
    from gateway.config.hidden import hidden  # noqa: PLC0415 - as below
    from gateway.config.load import load_settings  # noqa: PLC0415 - reading files needs pydantic
    from gateway.listeners.alb.lint import lint  # noqa: PLC0415 - as above

    settings = load_settings(Path.cwd() / file, os.environ)
    findings = lint(settings)
    for finding in findings:
        limit = f" ({finding.limit})" if finding.limit else ""
        click.echo(f"{file}: {finding.path}: {hidden(f'{finding.message}{limit}', settings.variables)}")
    counts = (len(settings.functions), len(settings.target_groups), len(settings.listeners))
    click.echo(f"{file}: {counts[0]} functions, {counts[1]} target groups, {counts[2]} listeners", err=True)
    if findings:
        sys.exit(1)
