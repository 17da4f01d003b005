"""``gateway verdict``: what becomes of a result."""

import sys
from pathlib import Path

import click

from gateway.cli.flavour_choice import FlavourChoice
from gateway.errors import UsageError
from gateway.listener_types import named_flavour
from gateway.listeners.wire import has_content, head_lines
from gateway.translation.flavour_options import build_flavour
from gateway.translation.sample import sample_request
from gateway.translation.verdict import judge


@click.command("verdict")
@click.argument("file", metavar="FILE|-")
@click.option("--as", "flavour", type=FlavourChoice(), default="alb", show_default=True, help="Whose.")
@click.option("-X", "--request", "method", default="GET", show_default=True, help="What is answered.")
def command(file: str, flavour: str, method: str) -> None:
    """Print the HTTP response that a front door makes of the JSON result in FILE (- is standard input).

    When the front door refuses the result, standard error says why and what it is based on, the response is the front
    door's own, and the code is 1.
    """
    request = sample_request(method, "/", {"Accept": "*/*"}, scheme=named_flavour(flavour).scheme)
    given = judge(flavour, build_flavour(flavour, {}), _read(file), request)
    response = given.response
    out = sys.stdout.buffer
    out.write(b"\n".join([*head_lines(response), b"", b""]))
    if isinstance(response.body, bytes) and has_content(method, response.status):
        out.write(response.body + b"\n")
    out.flush()
    for note in given.notes:
        click.echo(f"note: {note}", err=True)
    if not given.accepted:
        click.echo(f"refused: {given.rule}\nsource: {given.source}", err=True)
        sys.exit(1)


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: it cannot be read ({error.strerror}); give a file with a result, or -") from error
