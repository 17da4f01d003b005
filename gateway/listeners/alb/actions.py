"""The routing actions of a rule: forward, redirect and fixed-response.

Facts, from the ELBv2 API model (``RedirectActionConfig``, ``FixedResponseActionConfig``) and the AWS ELB user guide

- A redirect's parts keep their original values unless given; ``#{path}`` has no leading slash.
- ``Location`` always carries the port: ``https://example.com:443/`` (captured from real load balancers).
- A redirect URL that is too long is answered with 507; the limit is not documented, 8192 bytes are assumed.
- A fixed response's ``Content-Type`` goes out with ``; charset=utf-8``.
"""

import re
from typing import Final, NamedTuple, TypeAlias

from gateway.config.rules import FixedResponse, Forward, Redirect, RoutingSettings
from gateway.listeners.alb.facts import host_of
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.alb_response import finished, head, page_response
from gateway.translation.error_page import PAGE_REASONS
from gateway.translation.headers import http_date
from gateway.translation.messages import Request, Response
from gateway.types import EpochMs

MAX_LOCATION: Final = 8192

_PLACEHOLDER: Final = re.compile(rb"#\{(protocol|host|port|path|query)\}")


class WeightedGroup(NamedTuple):
    """A target group's name and its weight, 0-999."""

    name: str
    weight: int


class ForwardAction(NamedTuple):
    """Forward to one of these; ``stickiness_seconds`` is 0 without group stickiness."""

    groups: tuple[WeightedGroup, ...]
    stickiness_seconds: int = 0


class RedirectAction(NamedTuple):
    """Redirect; ``template`` is the Location with its placeholders, ``query`` the part behind ``?``."""

    status: int
    template: bytes
    query: bytes


class FixedAction(NamedTuple):
    """Answer with this."""

    status: int
    content_type: bytes
    body: bytes


Action: TypeAlias = ForwardAction | RedirectAction | FixedAction


def compile_action(action: RoutingSettings) -> Action:
    """The action as it is carried out."""
    match action:
        case Forward(target_groups, stickiness):
            groups = tuple(WeightedGroup(group.target_group, group.weight) for group in target_groups)
            return ForwardAction(groups, stickiness.duration_seconds if stickiness.enabled else 0)
        case Redirect(status_code, protocol, host, port, path, query):
            scheme = protocol if protocol == "#{protocol}" else protocol.lower()
            return RedirectAction(
                int(status_code.removeprefix("HTTP_")), f"{scheme}://{host}:{port}{path}".encode(), query.encode()
            )
        case FixedResponse(status_code, content_type, message_body):
            return FixedAction(status_code, f"{content_type}; charset=utf-8".encode("ascii"), message_body.encode())


def redirect(action: RedirectAction, request: Request, attributes: AlbAttributes, epoch_ms: EpochMs) -> Response:
    """The redirect, or 507 when its URL would be too long."""
    location = location_of(action, request)
    fits = len(location) <= MAX_LOCATION
    answer = page_response(
        action.status if fits else 507,
        attributes,
        http_date(epoch_ms),
        keep_alive=request.keep_alive,
        location=location if fits else b"",
    )
    return answer._replace(headers=finished(answer.headers, attributes, request))


def location_of(action: RedirectAction, request: Request) -> bytes:
    """The URL that a redirect leads to; without ``?`` when its query is empty."""
    parts = {
        b"protocol": request.scheme.encode("ascii"),
        b"host": host_of(request).lower(),
        b"port": b"%d" % request.server[1],
        b"path": request.raw_path.removeprefix(b"/"),
        b"query": request.raw_query,
    }
    url = _PLACEHOLDER.sub(lambda found: parts[found[1]], action.template)
    query = _PLACEHOLDER.sub(lambda found: parts[found[1]], action.query)
    return url + b"?" + query if query else url


def fixed_response(action: FixedAction, request: Request, attributes: AlbAttributes, epoch_ms: EpochMs) -> Response:
    """The fixed response; what sends it leaves out the body where the method or the status has none."""
    length = None if action.status == 204 else len(action.body)
    lines = head(attributes, http_date(epoch_ms), action.content_type, length, keep_alive=request.keep_alive)
    return Response(
        action.status,
        finished(lines, attributes, request),
        action.body,
        PAGE_REASONS.get(action.status, b""),
        close=not request.keep_alive,
    )
