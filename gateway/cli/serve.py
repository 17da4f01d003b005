"""``gateway serve``: handlers behind ports."""

from pathlib import Path
from typing import Any

import click

from gateway.cli.account_region import ACCOUNT_HELP, REGION_HELP
from gateway.cli.flavour_choice import FlavourChoice
from gateway.cli.running import run_loop, set_up_logging
from gateway.cli.runtime_name import checked_runtime
from gateway.cli.serve_settings import ServeOptions, settings_of
from gateway.cli.serving import serve
from gateway.config.hidden import hiding


@click.command("serve", no_args_is_help=True)
@click.argument("target", metavar="[TARGET|FILE]", default="")
@click.option(
    "-p", "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 picks a free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--https", is_flag=True, help="Speak TLS, with a certificate of a local authority.")
@click.option("--certificate", type=click.Path(path_type=Path), metavar="PEM", help="Speak TLS with this certificate.")
@click.option("--private-key", type=click.Path(path_type=Path), metavar="PEM", help="The key of --certificate.")
@click.option("--as", "flavour", type=FlavourChoice(), default="alb", show_default=True, help="The front door to be.")
@click.option(
    "--timeout", type=click.IntRange(1, 900), default=3, show_default=True, help="The function's, in seconds."
)
@click.option(
    "--memory", type=click.IntRange(128, 10240), default=128, show_default=True, help="The function's, in MB."
)
@click.option(
    "--environments",
    type=click.IntRange(min=1),
    show_default="8 per core",
    help="Execution environments at once; requests beyond them wait.",
)
@click.option(
    "--concurrency", type=click.IntRange(min=0), help="Reserved concurrency; requests beyond it are throttled."
)
@click.option("--env-file", "env_files", type=click.Path(path_type=Path), multiple=True, help="A file of NAME=VALUE.")
@click.option("-e", "--env", "env", multiple=True, metavar="K=V", help="A variable; K alone takes its value from here.")
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
@click.option("--function", "functions", multiple=True, metavar="NAME=TARGET", help="One more function; repeatable.")
@click.option("--control-port", type=click.IntRange(0, 65535), help="Of the Invoke API.  [default: 3001 if it is free]")
@click.option("--target-group-arn", default="", help="What the event names.")
@click.option("--region", help=REGION_HELP)
@click.option("--account", help=ACCOUNT_HELP)
@click.option("--endpoint-url", default="", help="For an aws:… TARGET: another service with the Invoke API.")
@click.option("--record", type=click.Path(path_type=Path), metavar="DIR", help="Keep every exchange as a file.")
@click.option("--dev-headers", is_flag=True, help="Let requests choose claims, source IP, time and throttling.")
@click.option(
    "--signing-key",
    "signing_keys",
    multiple=True,
    metavar="ID=SECRET",
    help="Refuse calls of the control port and under AWS_IAM that are not signed with such a key; repeatable.",
)
@click.option(
    "--allow-host", "allow_hosts", multiple=True, metavar="NAME", help="A further name of the control port; repeatable."
)
@click.option(
    "--allow-origin",
    "allow_origins",
    multiple=True,
    metavar="ORIGIN",
    help="Let the web pages of this origin call the control port, with CORS; repeatable.",
)
@click.option("--reload", is_flag=True, help="Load the code anew when a file changes.")
@click.option("--freeze", is_flag=True, help="Stop the environments' processes between invocations, as Lambda does.")
@click.option("--cpu-share", is_flag=True, help="Limit the CPU to what the memory has on Lambda: 1769 MB are one vCPU.")
@click.option(
    "--sandbox/--no-sandbox",
    "--private-tmp/--no-private-tmp",
    "sandbox",
    default=None,
    help="Mount /tmp, /opt and /var/task for each environment alone.  [default: where root can]",
)
@click.option(
    "--debug",
    "debug_port",
    type=click.IntRange(1, 65535),
    is_flag=False,
    flag_value=5678,
    metavar="[PORT]",
    help="Let a debugger attach to Python handlers.  [port: 5678]",
)
@click.option("--in-process", is_flag=True, help="Run the handler in this process, for a debugger.")
@click.option("--python", metavar="PATH", help="The handler's interpreter instead of the project's own.")
@click.option(
    "--access-log", metavar="FILE|-|off", default="off", show_default=True, help="ALB's; - is standard output."
)
@click.option("--log-format", type=click.Choice(["text", "json"]), help="Log START, END and REPORT in this format.")
@click.option("-v", "--verbose", is_flag=True, help="Log START, END and REPORT of each invocation too.")
@click.option("-q", "--quiet", is_flag=True, help="Log only what went wrong and what the handler writes.")
def command(**given: Any) -> None:  # noqa: ANN401 - ServeOptions says what they are
    """Serve the handler TARGET on an HTTP port, or everything that a configuration FILE describes.

    TARGET is MODULE.FUNCTION as in Lambda's Handler setting, resolved from the current folder: app.handler,
    src/app.handler, app.main:handler.  A function elsewhere is aws:NAME, an ARN or rie:http://HOST:PORT, and a plain
    server http://HOST:PORT.
    """
    options = ServeOptions(**given)
    set_up_logging(verbose=options.verbose, quiet=options.quiet)
    settings = settings_of(options, Path.cwd())
    with hiding(settings.variables):
        run_loop(serve(settings, options))
