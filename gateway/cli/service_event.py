"""``gateway event SERVICE EVENT``: commands made from the templates of `gateway.sources.samples`."""

import json
from typing import Any

import click

from gateway.sources.samples import Template, build_sample, load_templates, service_names

__all__ = ["service_command", "service_names"]


def service_command(service: str) -> click.Command | None:
    """The commands of one service, None when it is not known."""
    if service not in service_names():
        return None
    group = click.Group(service, help=f"Events of {service}.")
    for name, template in load_templates(service).items():
        group.add_command(_event_command(name, template))
    return group


def _event_command(name: str, template: Template) -> click.Command:
    def show(**given: str) -> None:
        values = {parameter.replace("_", "-"): value for parameter, value in given.items()}
        click.echo(json.dumps(build_sample(template, values), indent=2, ensure_ascii=False))

    options: list[click.Parameter] = [
        click.Option([f"--{parameter}"], default=fact.default, show_default=True, help=fact.help)
        for parameter, fact in template.parameters.items()
    ]
    return click.Command(name, callback=_callback(show), params=options, help=template.help)


def _callback(show: Any) -> Any:  # noqa: ANN401 - click's own type
    return show
