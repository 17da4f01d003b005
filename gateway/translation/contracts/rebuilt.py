"""What every front door's events have in common when they are read backwards."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from gateway.translation.body import from_base64
from gateway.translation.front_door import bare_host
from gateway.translation.messages import Arrival, Request
from gateway.types import Json

NO_REQUEST_ID: Final = "00000000-0000-4000-8000-000000000000"
"""Where an event does not tell the invocation's id."""

Lines = list[tuple[bytes, bytes]]


class Rebuilt(NamedTuple):
    """A request with which a front door makes the same event.

    Attributes:
        flavour: The front door's name in the table of flavours.
        options: The options that it must have, as JSON.
        request: What the client sent, as far as the event keeps it.
        arrival: Instant, trace id and, where the event has it, request id.
        mask: JSON Pointers, beginning with ``/event``, to what only AWS can know.
        taken: What was chosen so that the same event comes out, with pointers to the members that show nothing but this
            choice; each begins with ``/event`` too.
    """

    flavour: str
    options: dict[str, Json]
    request: Request
    arrival: Arrival
    mask: tuple[str, ...] = ()
    taken: Mapping[str, tuple[str, ...]] = {}


def body_of(event: Mapping[str, Any]) -> bytes:
    """The request's body."""
    body = event.get("body") or ""
    return from_base64(body) if event.get("isBase64Encoded") else body.encode()


def line(name: str, value: str) -> tuple[bytes, bytes]:
    """One header line."""
    return name.encode(), value.encode()


def without_peer(forwarded_for: str, peer: str) -> str:
    """What a client sent in X-Forwarded-For, "" when it sent none."""
    if forwarded_for == peer:
        return ""
    return forwarded_for.removesuffix(f", {peer}")


def sent_trace(value: str) -> tuple[str, str]:
    """The client's X-Amzn-Trace-Id, "" when API Gateway made it, and the trace id."""
    fields = dict(part.partition("=")[::2] for part in value.split(";"))
    root = fields.get("Root", "")
    return ("" if value == f"Root={root}" else value), root


def of_context(*members: str) -> tuple[str, ...]:
    """Pointers to members of ``requestContext``."""
    return tuple(f"/event/requestContext/{member}" for member in members)


def api_options(context: Mapping[str, Any], host: str) -> dict[str, Json]:
    """The options that every API of API Gateway has; `API_TAKEN` says where they show."""
    options: dict[str, Json] = {"api_id": context["apiId"], "account_id": context["accountId"]}
    if context["domainName"] != bare_host(host):
        options["domain_name"] = context["domainName"]
    return options


API_TAKEN: Final[Mapping[str, tuple[str, ...]]] = {
    "api_id": of_context("apiId"),
    "account_id": of_context("accountId"),
    "domain_name": of_context("domainName"),
}
"""Where the options of `api_options` show."""


def taken_from(table: Mapping[str, tuple[str, ...]], options: Mapping[str, Json]) -> dict[str, tuple[str, ...]]:
    """The rows of those options that were chosen."""
    return {name: table[name] for name in table if options.get(name)}
