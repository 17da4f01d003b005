"""Events of Lambda authorizers in a log: what their functions behind get, and how the one is made from the other.

The facts are those of `gateway.translation.authorizers`.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from gateway.errors import UsageError
from gateway.translation.authorizers import request_event, request_event_v1, request_event_v2
from gateway.types import Json

_ARNS: Final = ("methodArn", "routeArn")
_OWN: Final = (*_ARNS, "type", "identitySource", "authorizationToken")


class AuthorizerEvent(NamedTuple):
    """What a REQUEST authorizer is asked.

    Attributes:
        proxied: The event that the function behind it gets for the same request, but for the body.
        made: The authorizer's event from such an event.
        taken: What `made` has from the authorizer's event itself, with pointers that begin with ``/event``.
    """

    proxied: dict[str, Json]
    made: Callable[[Mapping[str, Json]], Json]
    taken: Mapping[str, tuple[str, ...]]


def is_of_authorizer(event: Json) -> bool:
    """Whether this is an authorizer's event, of any API and format."""
    if not isinstance(event, dict) or event.get("type") not in ("TOKEN", "REQUEST"):
        return False
    return any(isinstance(event.get(name), str) for name in _ARNS)


def read_authorizer_event(event: Mapping[str, Json]) -> AuthorizerEvent:
    """Read an authorizer's event.

    Raises:
        UsageError: It is a TOKEN authorizer's.
    """
    if event["type"] == "TOKEN":
        raise UsageError("this is an event of a TOKEN authorizer, which keeps nothing of the request but the token")
    arn = str(event.get("routeArn") or event.get("methodArn"))
    sources = event.get("identitySource")
    members = {name: value for name, value in event.items() if name not in _OWN}
    taken = {"authorizer": tuple(f"/event/{name}" for name in _OWN if name in event and name != "type")}
    if event.get("version") == "2.0":
        return AuthorizerEvent(
            {**members, "isBase64Encoded": False},
            lambda proxied: request_event_v2(proxied, arn, _texts(sources)),
            taken,
        )
    proxied = {**members, "body": None, "isBase64Encoded": False}
    if "version" in event:
        return AuthorizerEvent(proxied, lambda proxied: request_event_v1(proxied, arn, [str(sources)]), taken)
    return AuthorizerEvent(proxied, lambda proxied: request_event(proxied, arn), taken)


def _texts(sources: Json) -> list[str] | None:
    return [str(source) for source in sources] if isinstance(sources, list) else None
