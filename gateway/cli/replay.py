"""``gateway replay``: recorded requests once more, and what is different now."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import click

from gateway.cli.handler_setting import parse_target
from gateway.cli.running import set_up_logging
from gateway.cli.variables import read_variables
from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.hosting import Host, HostOptions
from gateway.invocation import FunctionReference
from gateway.observe.differences import Difference
from gateway.observe.recording import Recording
from gateway.recordings.replay import ReplayCase, is_replayable, read_cases, replay
from gateway.recordings.resend import Sender

_Replay = Callable[[Recording], Awaitable[list[Difference]]]


@click.command("replay", no_args_is_help=True)
@click.argument("paths", metavar="DIR|FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--against", metavar="TARGET|URL", help="A handler to run in this process, or where to send requests.")
@click.option("--ignore", multiple=True, metavar="POINTER", help="What may differ, such as /result/body/now.")
@click.option("--keep-host", is_flag=True, help="Send the recorded Host to a URL instead of the URL's own.")
@click.option("--env-file", "env_files", type=click.Path(path_type=Path), multiple=True, help="A file of NAME=VALUE.")
@click.option("-e", "--env", "env", multiple=True, metavar="K=V", help="A variable of the handler.")
def command(
    paths: tuple[Path, ...],
    against: str | None,
    ignore: tuple[str, ...],
    keep_host: bool,
    env_files: tuple[Path, ...],
    env: tuple[str, ...],
) -> None:
    """Send recordings again and show what differs in event, result and response.

    With a handler as TARGET all three are compared, with a URL the response.  Without --against nothing runs: the
    recorded result stands for the function, so only this gateway's own translation is held against the recording.

    The exit code is 1 when something differs.
    """
    set_up_logging(verbose=False, quiet=True)
    cases = read_cases(paths)
    if against is not None and "://" in against:
        different = asyncio.run(_against_url(cases, against, ignore, keep_host=keep_host))
    else:
        configuration = None if against is None else _configuration(against, read_variables(env_files, env))
        different = asyncio.run(_against_function(cases, configuration, ignore))
    sys.exit(1 if different else 0)


def _configuration(target: str, variables: dict[str, str]) -> FunctionConfiguration:
    setting = parse_target(target, Path.cwd())
    return FunctionConfiguration(
        setting.function_name, setting.handler, Path.cwd(), timeout_ms=900_000, environment=variables, capacity=1
    )


async def _against_url(cases: Sequence[ReplayCase], url: str, ignore: Sequence[str], *, keep_host: bool) -> int:
    sender = Sender(url, keep_host=keep_host)
    try:
        return await _run(cases, lambda recording: sender.replay(recording, ignore), lambda _: True)
    finally:
        await sender.aclose()


async def _against_function(
    cases: Sequence[ReplayCase], configuration: FunctionConfiguration | None, ignore: Sequence[str]
) -> int:
    if configuration is None:
        return await _run(cases, lambda recording: replay(recording, None, ignore), is_replayable)
    host = Host(HostOptions(variables=os.environ, log=_to_standard_error, in_process=True))
    function = Function(configuration, host.target(configuration))
    service, reference = LambdaService([function]), FunctionReference(configuration.name)
    try:
        await function.start()
        return await _run(cases, lambda recording: replay(recording, service, ignore, reference), is_replayable)
    finally:
        await service.aclose()
        await host.aclose()


def _to_standard_error(text: bytes) -> None:
    click.echo(text, err=True, nl=False)


async def _run(cases: Sequence[ReplayCase], run: _Replay, wanted: Callable[[Recording], bool]) -> int:
    """Replay one after the other and print as it goes; gives the number of those that differ."""
    different = skipped = 0
    for path, recording in cases:
        if not wanted(recording):
            skipped += 1
            click.echo(f"skipped    {path}: the front door answered without a function")
            continue
        found = await run(recording)
        different += bool(found)
        click.echo(f"{'different' if found else 'same     '}  {path}")
        for difference in found:
            click.echo(f"  {str(difference).replace(chr(10), chr(10) + '  ')}")
    replayed = len(cases) - skipped
    click.echo(f"{replayed} replayed, {different} different" + (f", {skipped} skipped" if skipped else ""))
    return different
