"""``gateway invoke``: one invocation without a server."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from gateway.cli.account_region import ACCOUNT_HELP, REGION_HELP, account_region
from gateway.cli.running import run_loop, set_up_logging
from gateway.cli.runtime_name import checked_runtime
from gateway.cli.serve_settings import FunctionOptions, function_settings
from gateway.cli.serving import readable
from gateway.configuration import DEFAULT_ACCOUNT, DEFAULT_REGION
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.hosting import Host, HostOptions
from gateway.invocation import Failed, Invocation, Outcome, Returned, Streamed, Throttled, TimedOut, Unavailable
from gateway.listeners.arrivals import arrive
from gateway.listeners.outcomes import trace_header
from gateway.observe.line_writer import LineWriter


@dataclass(frozen=True, slots=True)
class InvokeOptions(FunctionOptions):
    """The options of ``gateway invoke``."""

    event: str


@click.command("invoke")
@click.argument("target")
@click.option(
    "-e", "--event", default="{}", metavar="FILE|-|JSON", help="The event; - is standard input.  [default: {}]"
)
@click.option("--timeout", type=click.IntRange(1, 900), default=3, show_default=True, help="In seconds.")
@click.option("--memory", type=click.IntRange(128, 10240), default=128, show_default=True, help="In MB.")
@click.option("--env-file", "env_files", type=click.Path(path_type=Path), multiple=True, help="A file of NAME=VALUE.")
@click.option("--env", "env", multiple=True, metavar="K=V", help="A variable; K alone takes its value from here.")
@click.option(
    "--runtime",
    metavar="NAME",
    callback=checked_runtime,
    help="Such as nodejs or python3.12; default: the handler's file tells.",
)
@click.option("--command", "program", metavar="TEXT", help="What runs the function over the Runtime API.")
@click.option(
    "--runtime-client",
    type=click.Choice(["worker", "ric"]),
    default="worker",
    show_default=True,
    help="Of Python handlers: the gateway's own, or AWS's awslambdaric.",
)
@click.option("--layer", "layers", type=click.Path(path_type=Path), multiple=True, help="A folder or zip; repeatable.")
@click.option("--python", metavar="PATH", help="The handler's interpreter instead of the project's own.")
@click.option("--region", help=REGION_HELP)
@click.option("--account", help=ACCOUNT_HELP)
@click.option("-v", "--verbose", is_flag=True, help="Log INIT_START, START, END and REPORT too.")
def command(**given: Any) -> None:  # noqa: ANN401 - InvokeOptions says what they are
    """Invoke the handler TARGET once and print its result.

    The function's log goes to standard error.  Code 1 when the function failed.
    """
    options = InvokeOptions(**given)
    set_up_logging(verbose=options.verbose, quiet=False)
    run_loop(_invoke(options, _event(options.event)))


async def _invoke(options: InvokeOptions, event: bytes) -> None:
    logs = LineWriter(sys.stderr.fileno())
    host = Host(
        HostOptions(
            variables=os.environ,
            log=lambda chunk: logs.write(readable(chunk)),
            platform_lines="text" if options.verbose else "none",
            python=options.python,
            runtime_client=options.runtime_client,
        )
    )
    region, account = account_region(options.region, options.account, os.environ)
    configuration = function_settings(options.target, Path.cwd(), options).configuration(
        region or DEFAULT_REGION, account or DEFAULT_ACCOUNT
    )
    try:
        function = Function(configuration, host.target(configuration))
    except UsageError:
        host.remove()
        raise
    try:
        await function.start()
        arrival = arrive()
        trace = trace_header(arrival, function.lineage)
        outcome = await function.invoke(Invocation(event, arrival.request_id, "", trace, streaming=True))
        code = await _show(outcome)
    finally:
        await function.aclose()
        await host.aclose()
        await logs.aclose()
    if code:
        sys.exit(code)


async def _show(outcome: Outcome) -> int:
    match outcome:
        case Returned(payload=payload) | Failed(payload=payload) | TimedOut(payload=payload):
            await asyncio.to_thread(_print, payload + b"\n")
        case Streamed(chunks=chunks):
            async for chunk in chunks:
                await asyncio.to_thread(_print, chunk)
        case Throttled(reason=reason):
            click.echo(f"throttled: {reason}", err=True)
        case Unavailable(error=error, message=message):
            click.echo(f"{error}: {message}", err=True)
    return 0 if isinstance(outcome, Returned | Streamed) else 1


def _print(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _event(given: str) -> bytes:
    """The event's JSON.

    Raises:
        UsageError: There is no such file, or it is not JSON.
    """
    import json  # noqa: PLC0415 - only here

    if given == "-":
        data = sys.stdin.buffer.read()
    elif given.lstrip()[:1] in ("{", "[", '"') or given.strip() in ("null", "true", "false"):
        data = given.encode()
    else:
        try:
            data = Path(given).read_bytes()
        except OSError as error:
            raise UsageError(
                f"--event {given}: it cannot be read ({error.strerror}); give a file, - or JSON"
            ) from error
    try:
        json.loads(data)
    except ValueError as error:
        raise UsageError(f"--event {given[:60]}: it is not JSON ({error})") from error
    return data
