"""``gateway record``: recordings from HAR files and from events that AWS wrote."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from gateway.errors import Fault, UsageError
from gateway.listener_types import FLAVOURS
from gateway.observe.cloudwatch import Captured, captured, compare, events_of, nothing_found
from gateway.observe.har import from_har
from gateway.observe.recording import NO_REDACTION, Recording
from gateway.observe.redaction import Redaction, redaction_with
from gateway.private_files import make_private_folder
from gateway.recordings.recorder import number_of, save
from gateway.translation.headers import first_value

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("record", no_args_is_help=True)
@click.option("--har", type=_FILE, help="Import the requests and responses of a HAR file.")
@click.option("--cloudwatch", type=_FILE, help="Import the events of a function's log.")
@click.option(
    "-o", "--output", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where to write."
)
@click.option(
    "--as", "flavour", type=click.Choice(list(FLAVOURS)), default="alb", show_default=True, help="The front door."
)
@click.option("--host", "hosts", multiple=True, metavar="HOST", help="Of a HAR file, only requests to this host.")
@click.option("--redact-header", "headers", multiple=True, metavar="NAME", help="One more header that is a secret.")
@click.option("--redact-query", "keys", multiple=True, metavar="KEY", help="One more key that is a secret.")
@click.option("--no-redaction", is_flag=True, help="Write secrets too.")
def command(
    har: Path | None,
    cloudwatch: Path | None,
    folder: Path,
    flavour: str,
    hosts: tuple[str, ...],
    headers: tuple[str, ...],
    keys: tuple[str, ...],
    no_redaction: bool,
) -> None:
    """Make recordings that `gateway replay` sends again.

    From a HAR file come requests and responses.  From a log of a function on AWS come events: the request behind each
    is rebuilt, and this gateway must write the same event for it; otherwise the exit code is 1.
    """
    if (har is None) is (cloudwatch is None):
        raise UsageError("give one of --har FILE and --cloudwatch FILE")
    redaction = NO_REDACTION if no_redaction else redaction_with(headers, keys)
    if har is not None:
        _write(_from_har(har, flavour, hosts), folder, redaction)
    elif cloudwatch is not None:
        sys.exit(1 if _import_events(cloudwatch, folder, redaction) else 0)


def _from_har(file: Path, flavour: str, hosts: tuple[str, ...]) -> list[Recording]:
    try:
        found = list(from_har(file.read_bytes(), flavour))
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error
    wanted = [recording for recording in found if not hosts or _host(recording) in hosts]
    if not wanted:
        names = ", ".join(sorted({_host(recording) for recording in found})) or "none"
        raise UsageError(f"{file} has no request to import; its hosts are: {names}")
    return wanted


def _host(recording: Recording) -> str:
    return first_value(recording.request.headers, b"host").decode()


def _import_events(file: Path, folder: Path, redaction: Redaction) -> int:
    """Import a log; gives the number of events that this gateway writes otherwise."""
    recordings: list[Recording] = []
    different = 0
    for place, capture in _captured(file):
        recording = capture.recording
        found, notes = _compared(capture)
        different += bool(found)
        asked = "authorizer of " if capture.made else ""
        click.echo(f"{'different' if found else 'same     '}  {place}: {asked}{_describe(recording)}")
        for text in [*found, *notes]:
            click.echo(f"  {text.replace(chr(10), chr(10) + '  ')}")
        if not asked:
            recordings.append(recording)  # what is replayed is what a function gets
    _write(recordings, folder, redaction)
    return different


def _compared(capture: Captured) -> tuple[list[str], list[str]]:
    """What differs, and what is said of the comparison."""
    try:
        found, notes = compare(capture)
    except Fault as fault:
        return [f"this gateway does not forward the request: {fault}"], []
    return [str(difference) for difference in found], notes


def _captured(file: Path) -> Iterator[tuple[str, Captured]]:
    """The client's requests in a log; other events are named and left out."""
    events = list(events_of(file.read_text(errors="replace")))
    if not events:
        raise nothing_found(str(file))
    for line, event in events:
        place = f"{file}, line {line}"
        try:
            yield place, captured(event, f"captured on AWS, {file.name} line {line}")
        except UsageError as error:
            click.echo(f"left out   {place}: {error}")


def _describe(recording: Recording) -> str:
    return f"{recording.flavour} {recording.request.method} {recording.request.raw_path.decode(errors='replace')}"


def _write(recordings: list[Recording], folder: Path, redaction: Redaction) -> None:
    try:
        make_private_folder(folder)
        first = 1 + max((number_of(path) for path in folder.glob("*.json")), default=0)
        for number, recording in enumerate(recordings, start=first):
            save(folder, number, recording, redaction)
    except OSError as error:
        raise UsageError(f"cannot write into {folder}: {error.strerror}") from error
    click.echo(f"{len(recordings)} recordings in {folder}")
