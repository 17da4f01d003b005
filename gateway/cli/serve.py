"""``gateway serve``: a handler behind a port."""

import asyncio
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from gateway.app import Gateway, HostOptions
from gateway.cli.handler_setting import parse_target
from gateway.cli.running import run_loop, set_up_logging, stop_requests
from gateway.cli.variables import read_variables
from gateway.configuration import FunctionConfiguration
from gateway.observe.line_writer import LineWriter
from gateway.translation.flavours.alb import Alb

log = logging.getLogger("gateway")

FLAVOURS = {"alb": "Application Load Balancer", "alb-multi": "Application Load Balancer, multi-value headers"}
TARGET_GROUP_ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/gateway/6d0ecf831eec9f09"
_GRACE_S = 910.0
"""Longer than any function may run: Ctrl-C lets requests finish, a second one does not."""


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """The command's options, as click checked them."""

    target: str
    port: int
    host: str
    flavour: str
    timeout: int
    memory: int
    environments: int
    concurrency: int | None
    env_files: tuple[Path, ...]
    env: tuple[str, ...]
    target_group_arn: str
    in_process: bool
    python: str | None
    verbose: bool
    quiet: bool


def default_capacity() -> int:
    """Execution environments on this machine; they are only started when they are needed."""
    return 8 * (os.cpu_count() or 1)


@click.command("serve", no_args_is_help=True)
@click.argument("target", metavar="TARGET")
@click.option(
    "-p", "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 picks a free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--as", "flavour", type=click.Choice(list(FLAVOURS)), default="alb", show_default=True, help="The front door to be."
)
@click.option(
    "--timeout", type=click.IntRange(1, 900), default=3, show_default=True, help="The function's, in seconds."
)
@click.option(
    "--memory", type=click.IntRange(128, 10240), default=128, show_default=True, help="The function's, in MB."
)
@click.option(
    "--environments",
    type=click.IntRange(min=1),
    default=default_capacity,
    show_default="8 per core",
    help="Execution environments at once; requests beyond them wait.",
)
@click.option(
    "--concurrency", type=click.IntRange(min=0), help="Reserved concurrency; requests beyond it are throttled."
)
@click.option("--env-file", "env_files", type=click.Path(path_type=Path), multiple=True, help="A file of NAME=VALUE.")
@click.option("-e", "--env", "env", multiple=True, metavar="K=V", help="A variable; K alone takes its value from here.")
@click.option("--target-group-arn", default=TARGET_GROUP_ARN, help="What the event names.")
@click.option("--in-process", is_flag=True, help="Run the handler in this process, for a debugger.")
@click.option("--python", metavar="PATH", help="The handler's interpreter instead of the project's own.")
@click.option("-v", "--verbose", is_flag=True, help="Log START, END and REPORT of each invocation too.")
@click.option("-q", "--quiet", is_flag=True, help="Log only what went wrong and what the handler writes.")
def command(**given: Any) -> None:  # noqa: ANN401 - ServeOptions says what they are
    """Serve the handler TARGET on an HTTP port.

    TARGET is MODULE.FUNCTION as in Lambda's Handler setting, resolved from the current folder: app.handler,
    src/app.handler, app.main:handler.
    """
    options = ServeOptions(**given)
    set_up_logging(verbose=options.verbose, quiet=options.quiet)
    folder = Path.cwd()
    setting = parse_target(options.target, folder)
    configuration = FunctionConfiguration(
        name=setting.function_name,
        handler=setting.handler,
        task_root=folder,
        timeout_ms=options.timeout * 1000,
        memory_mb=options.memory,
        environment=read_variables(options.env_files, options.env),
        reserved_concurrency=options.concurrency,
        capacity=options.environments,
    )
    run_loop(_serve(configuration, options))


async def _serve(configuration: FunctionConfiguration, options: ServeOptions) -> None:
    stop = stop_requests()
    writer = LineWriter(sys.stderr.fileno())
    gateway = Gateway(
        HostOptions(
            variables=os.environ,
            log=writer.write,
            platform_lines="text" if options.verbose else "none",
            in_process=options.in_process,
            python=options.python,
        )
    )
    alb = Alb(options.target_group_arn, multi_value_headers=options.flavour == "alb-multi")
    server = gateway.add_alb(alb, gateway.add_function(configuration), options.host, options.port)
    await gateway.start()
    click.echo(f"Ready: http://{options.host}:{server.port} -> {options.target} ({FLAVOURS[options.flavour]})")
    await stop.get()
    log.info("stopping when the running requests have ended; Ctrl-C again stops at once")
    stopping = asyncio.create_task(gateway.stop(_GRACE_S))
    forced = asyncio.create_task(stop.get())
    await asyncio.wait([stopping, forced], return_when=asyncio.FIRST_COMPLETED)
    if not stopping.done():
        gateway.force()
    forced.cancel()
    await stopping
    await writer.aclose()
