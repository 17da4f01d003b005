"""Function URL: its verdicts, the shape of its events, and the request behind one."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.translation.contracts.contract import Contract, Event
from gateway.translation.contracts.payload_v2 import RESULT, SHAPE, is_of_function_url, other_version, request_of
from gateway.translation.contracts.rebuilt import Rebuilt, of_context, taken_from
from gateway.translation.front_door import bare_host
from gateway.translation.messages import Arrival
from gateway.types import Json

_TAKEN: Final = {
    "url_id": of_context("apiId"),
    "domain_name": of_context("domainName"),
    "account_id": of_context("accountId"),
    "tls_version": ("/event/headers/x-amzn-tls-version",),
    "tls_cipher": ("/event/headers/x-amzn-tls-cipher-suite",),
}
_TLS: Final = frozenset({"x-amzn-tls-version", "x-amzn-tls-cipher-suite"})


def from_function_url(event: Mapping[str, Any]) -> Rebuilt:
    """The request behind a Function URL's event."""
    context = event["requestContext"]
    headers = {name: value for name, value in event["headers"].items() if name not in _TLS}
    request, trace_id = request_of(event, event["rawPath"], headers)
    options: dict[str, Json] = {"url_id": context["apiId"]}
    if context["domainName"] != bare_host(headers.get("host", "")):
        options["domain_name"] = context["domainName"]
    if "authorizer" in context:
        options |= {"auth_type": "AWS_IAM", "account_id": context["accountId"]}
    for option, name in (("tls_version", "x-amzn-tls-version"), ("tls_cipher", "x-amzn-tls-cipher-suite")):
        if name in event["headers"]:
            options[option] = event["headers"][name]
    arrival = Arrival(context["requestId"], context["timeEpoch"], trace_id)
    return Rebuilt("url", options, request, arrival, taken=taken_from(_TAKEN, options))


def _is_function_url(event: Event, context: Event) -> bool:
    return event.get("version") == "2.0" and is_of_function_url(context)


def _never(_event: Event, _context: Event) -> bool:
    """An event does not tell how its result will be read, so all of them are ``url``'s."""
    return False


BUFFERED: Final = Contract(
    source="https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html",
    members=RESULT,
    shape=SHAPE,
    recognises=_is_function_url,
    rebuild=from_function_url,
    reports={"statusCode": "recorded from AWS: localstack/localstack@8b9a79f0, 2025"},
    infers=True,
    misfits=other_version,
    unordered=("/headers",),  # captures have them in many orders
)
STREAMED: Final = BUFFERED._replace(
    recognises=_never, note="a buffered result behind RESPONSE_STREAM reaches the client as the JSON that it is"
)
