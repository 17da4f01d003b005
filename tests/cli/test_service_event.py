"""Commands made from templates."""

from pathlib import Path

import click

from gateway.cli.service_event import service_command, service_names
from gateway.sources.samples import load_templates


def test_every_event_has_its_command_with_its_options() -> None:
    """Nobody lists them twice."""
    for service in service_names():
        group = service_command(service)
        assert isinstance(group, click.Group)
        assert set(group.commands) == set(load_templates(service))
        for name, template in load_templates(service).items():
            flags = {flag for option in group.commands[name].params for flag in option.opts}
            assert flags == {f"--{parameter}" for parameter in template.parameters}


def test_what_is_no_service() -> None:
    """A word that names none is no command."""
    assert service_command("GET") is None


def test_every_event_is_in_the_documentation() -> None:
    """The table of the page is the templates'."""
    page = (Path(__file__).parents[2] / "docs" / "testing.md").read_text()

    for service in service_names():
        assert f"| `{service}` | {', '.join(f'`{name}`' for name in load_templates(service))} |" in page
