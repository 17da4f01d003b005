"""``gateway explain``: which rule a request meets, why not the ones before it, and what its target gets."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from gateway.configuration import DEFAULT_ACCOUNT, DEFAULT_REGION
from gateway.errors import Fault, UsageError
from gateway.translation.flavours.alb import Alb
from gateway.translation.messages import Request
from gateway.translation.sample import sample_arrival, sample_request

if TYPE_CHECKING:
    from gateway.config.rules import ActionSettings
    from gateway.config.settings import AlbSettings, Settings
    from gateway.listeners.alb.explain import Explanation

_MULTI_VALUE_HEADERS = "lambda.multi_value_headers.enabled"


@click.command("explain")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("method")
@click.argument("url")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME: VALUE", help="A header; repeatable.")
@click.option("-d", "--data", default="", help="The body.")
@click.option(
    "--listener", "number", type=click.IntRange(min=0), default=0, show_default=True, help="Its place in FILE."
)
def command(file: Path, method: str, url: str, headers: tuple[str, ...], data: str, number: int) -> None:
    """Explain a request's way through the rules of the configuration FILE.

    URL is a path with its query, or a whole URL whose host counts for host-header conditions.
    """
    from gateway.config.hidden import hidden  # noqa: PLC0415 - as below
    from gateway.config.load import load_settings  # noqa: PLC0415 - reading files needs pydantic
    from gateway.listeners.alb.explain import explain  # noqa: PLC0415 - as above

    settings = load_settings(Path.cwd() / file, os.environ)
    listener = _listener(settings, number)
    client = ("127.0.0.1", 50000)
    request = sample_request(method, url, [_header(line) for line in headers], data.encode(), client, "http")
    explanation = explain(listener, request._replace(server=(listener.host, listener.port)))
    for line in _told(explanation):
        click.echo(hidden(line, settings.variables))
    if not explanation.transform_error:
        _show_events(settings, listener, explanation)


def _told(explanation: "Explanation") -> Iterator[str]:
    """One line for each rule that was tried and for what follows."""
    for tried in explanation.tried:
        yield f"rule {tried.priority} (rules[{tried.place}]): {'matches' if tried.matched else tried.reason}"
    if explanation.rule is None:
        yield "no rule matches: the default actions"
    for action in explanation.actions:
        yield f"action: {_described(action)}"
    if explanation.transform_error:
        yield f"transform fails, the client gets 500: {explanation.transform_error}"
    else:
        yield f"url: {explanation.url}"


def _listener(settings: "Settings", number: int) -> "AlbSettings":
    from gateway.config.settings import AlbSettings  # noqa: PLC0415 - as above

    if number >= len(settings.listeners):
        raise UsageError(f"--listener {number}: the file has {len(settings.listeners)} listeners, counted from 0")
    listener = settings.listeners[number]
    if not isinstance(listener, AlbSettings):
        raise UsageError(f"--listener {number}: it is a {listener.type}, and only load balancers have rules")
    return listener


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name:
        raise UsageError(f"-H {line!r}: write NAME: VALUE")
    return name, value.strip()


def _described(action: "ActionSettings") -> str:
    from gateway.config.rules import FixedResponse, Forward, Redirect  # noqa: PLC0415 - as above

    match action:
        case Forward(target_groups=groups):
            return "forward to " + ", ".join(f"{group.target_group} (weight {group.weight})" for group in groups)
        case Redirect(status_code, protocol, host, port, path, query):
            return f"redirect, {status_code}: {protocol}://{host}:{port}{path}?{query}"
        case FixedResponse(status_code, content_type, message_body):
            return f"fixed-response, {status_code} {content_type}: {message_body}"
        case _:
            return type(action).__name__


def _show_events(settings: "Settings", listener: "AlbSettings", explanation: "Explanation") -> None:
    """The event for each function that the request may be forwarded to."""
    from gateway.config.rules import Forward  # noqa: PLC0415 - as above
    from gateway.listeners.alb.attributes import alb_attributes  # noqa: PLC0415 - as above
    from gateway.listeners.alb.target_groups import target_group_arn  # noqa: PLC0415 - as above

    attributes = alb_attributes(listener)
    for action in explanation.actions:
        for group in action.target_groups if isinstance(action, Forward) else ():
            found = settings.target_groups[group.target_group]
            if found.is_lambda:
                multi = bool(found.attributes[_MULTI_VALUE_HEADERS])
                click.echo(f"event for {group.target_group}:")
                arn = found.arn or target_group_arn(found.name, DEFAULT_REGION, DEFAULT_ACCOUNT)
                click.echo(_event(Alb(arn, multi, attributes), explanation.request))


def _event(alb: Alb, request: Request) -> bytes | str:
    try:
        event = orjson.loads(alb.encode(request, sample_arrival()))
    except Fault as fault:
        return f"  none, the load balancer answers by itself: {fault}"
    return orjson.dumps(event, option=orjson.OPT_INDENT_2)
