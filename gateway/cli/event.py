"""``gateway event``: the event of a request, or of another AWS service, as JSON."""

import json
from collections.abc import Sequence
from typing import Any

import click

from gateway.cli.comparison import comparison_lines, leaves_of
from gateway.cli.curl import CurlOptions, curl_request, joined, parse_curl, with_request_options
from gateway.cli.flavour_choice import FlavourChoice
from gateway.cli.service_event import service_command, service_names
from gateway.errors import Fault, UsageError
from gateway.listener_types import FLAVOURS, named_flavour
from gateway.translation.flavour_options import build_flavour
from gateway.translation.sample import SAMPLE_ARRIVAL
from gateway.types import Json


@click.command("http", no_args_is_help=True)
@click.argument("method", default="")
@click.argument("url", default="")
@click.option("--as", "flavour", type=FlavourChoice(), default="alb", show_default=True, help="Whose.")
@with_request_options
@click.option("--curl", "line", metavar="COMMAND", help="A whole curl command, such as browsers copy.")
@click.option("--compare", is_flag=True, help="What each front door makes of it, with the differences marked.")
@click.option("--as-json", is_flag=True, help="With --compare: for machines.")
def http(method: str, url: str, flavour: str, line: str | None, compare: bool, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - CurlOptions says what they are
    """The event that a front door makes of a request, with curl's flags: gateway event POST /pets -d name=Rex.

    URL is a path or a whole URL.  The event is the same every time: ids and time are fixed.
    """
    options = CurlOptions(**given)
    if line:
        curl_method, url, curl_options = parse_curl(line)
        method, options = method or curl_method, joined(curl_options, options)
    elif not url:
        raise UsageError("give METHOD and URL, such as GET /pets, or --curl 'curl …'")
    if as_json and not compare:
        raise UsageError("--as-json goes with --compare; without it the output is JSON anyway")
    if compare:
        _compare(method, url, options, as_json=as_json)
    else:
        click.echo(json.dumps(_event(flavour, method, url, options), indent=2, ensure_ascii=False))


def _event(flavour: str, method: str, url: str, options: CurlOptions) -> Json:
    request = curl_request(method, url, options, named_flavour(flavour).scheme)
    try:
        event: Json = json.loads(build_flavour(flavour, {}).encode(request, SAMPLE_ARRIVAL))
    except Fault as fault:
        raise UsageError(f"{flavour} never makes an event of this request: {fault}") from fault
    return event


def _compare(method: str, url: str, options: CurlOptions, *, as_json: bool) -> None:
    events: dict[str, Json] = {}
    for name, named in FLAVOURS.items():
        if named.plain_requests and (event := _event(name, method, url, options)) not in events.values():
            events[name] = event
    if as_json:
        click.echo(json.dumps(leaves_of(events), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(comparison_lines(events)))


class _Events(click.Group):
    """Services by name; whatever is none is a request."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """``http`` and the services."""
        return ["http", *service_names()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """``http`` or a service."""
        return http if cmd_name == "http" else service_command(cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """``GET /pets`` means ``http GET /pets``."""
        return super().parse_args(ctx, _with_command(args))


def _with_command(arguments: Sequence[str]) -> list[str]:
    given = list(arguments)
    if not given or given[0] in {"http", "-h", "--help"} or given[0] in service_names():
        return given
    return ["http", *given]


@click.group("event", cls=_Events)
def command() -> None:
    """Print an event: of a request (GET /pets), or of another service (s3 put --bucket b --key k).

    METHOD URL is short for http METHOD URL; gateway event http --help shows its flags.
    """
