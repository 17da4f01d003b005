"""Events read backwards: which front door made an event, from which request, with which options.

What an event does not keep is chosen so that the same event comes out again: header names in the event's spelling, an
order of query keys, a port of the client.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from gateway.errors import UsageError
from gateway.translation.rebuild.alb import from_alb
from gateway.translation.rebuild.payload_v1 import from_http_v1, from_rest
from gateway.translation.rebuild.payload_v2 import from_function_url, from_http
from gateway.translation.rebuild.rebuilt import Rebuilt
from gateway.types import Json

_MAKERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Rebuilt]]] = {
    "alb": from_alb,
    "alb-multi": from_alb,
    "http": from_http,
    "http-v1": from_http_v1,
    "rest": from_rest,
    "url": from_function_url,
}


def flavour_of(event: Json) -> str:
    """The name of the front door whose events have this shape.

    Raises:
        UsageError: None has, or it is a WebSocket API's.
    """
    context = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(event, dict) or not isinstance(context, dict):
        raise UsageError("this is no event of an HTTP front door: it has no requestContext")
    if "elb" in context:
        return "alb-multi" if "multiValueHeaders" in event else "alb"
    if "connectionId" in context:
        raise UsageError("this is an event of a WebSocket API, which has no HTTP request behind each event")
    if event.get("version") == "2.0":
        return "url" if _is_function_url(context) else "http"
    if event.get("version") == "1.0":
        return "http-v1"
    if "resource" in event and "httpMethod" in event:
        return "rest"
    raise UsageError("this is no event that a front door of AWS writes: neither elb, version nor resource is there")


def rebuild(event: Json) -> Rebuilt:
    """The request behind an event.

    Raises:
        UsageError: It is no event of a client's request, or a member of it is missing.
    """
    name = flavour_of(event)
    assert isinstance(event, dict)  # noqa: S101 - flavour_of has looked
    try:
        return _MAKERS[name](event)
    except KeyError as error:
        raise UsageError(f"this looks like an event of {name}, but {error.args[0]} is missing") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"this looks like an event of {name}, but it cannot be read: {error}") from error


def _is_function_url(context: dict[str, Json]) -> bool:
    """Whether an event of format 2.0 is a Function URL's: by its host, its caller, else by what stands for its host."""
    domain = str(context.get("domainName"))
    if ".lambda-url." in domain or context.get("accountId") == "anonymous":
        return True
    # Behind another host (localhost) only a Function URL still has its own id as the prefix.
    return ".execute-api." not in domain and context.get("domainPrefix") == context.get("apiId")
