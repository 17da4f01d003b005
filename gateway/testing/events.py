"""Events for unit tests of handlers."""

import json
from typing import Any

from gateway.listener_types import named_flavour
from gateway.translation.flavour_options import build_flavour, encode_as
from gateway.translation.sample import SAMPLE_CLIENT, Headers, sample_arrival, sample_request


def make_event(
    as_: str = "alb",
    method: str = "GET",
    url: str = "/",
    headers: Headers = (),
    body: bytes | str = b"",
    **options: Any,  # noqa: ANN401 - each listener type has its own
) -> dict[str, Any]:
    """The event that a listener makes of a request; the same for the same arguments.

    Args:
        as_: The type of listener, a name of `FLAVOURS` or ``websocket``.
        method: Such as ``POST``.
        url: A path with query, or a whole URL.
        headers: A mapping, or pairs when a name repeats.
        body: Text is sent as UTF-8.
        options: ``request_id``, ``time`` (a datetime or epoch milliseconds), ``trace_id``, ``client`` (address and
            port), ``authorizer`` (``requestContext.authorizer``) and what the listener itself takes: ``routes``,
            ``stage``, ``target_group_arn`` …

    Raises:
        Fault: The listener would refuse this request; nothing is invoked then.
        UsageError: There is no such listener type or option, or this is no URL.
    """
    facts = {name: options.pop(name) for name in ("request_id", "time", "trace_id") if name in options}
    authorizer = options.pop("authorizer", None)
    client = options.pop("client", SAMPLE_CLIENT)
    raw = body.encode() if isinstance(body, str) else body
    request = sample_request(method, url, headers, raw, client, named_flavour(as_).scheme)
    encoded = encode_as(build_flavour(as_, options), request, sample_arrival(**facts), authorizer)
    event: dict[str, Any] = json.loads(encoded)
    return event
