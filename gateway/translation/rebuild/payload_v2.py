"""The request behind an event of payload format 2.0: HTTP APIs and Function URLs."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from gateway.translation.front_door import bare_host
from gateway.translation.messages import Arrival, Request
from gateway.translation.rebuild.rebuilt import (
    NO_REQUEST_ID,
    Lines,
    Rebuilt,
    api_options,
    body_of,
    line,
    sent_trace,
    without_peer,
)
from gateway.types import Json

_ADDED: Final = frozenset({"x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"})
_TLS: Final = frozenset({"x-amzn-tls-version", "x-amzn-tls-cipher-suite"})
_PATH: Final = "/!$&'()*+,;=:@~"
"""What a path may hold as it is (RFC 3986, 3.3)."""


def from_http(event: Mapping[str, Any]) -> Rebuilt:
    """The request behind an HTTP API's event."""
    context = event["requestContext"]
    headers = dict(event["headers"])
    if event.get("cookies"):
        headers["cookie"] = "; ".join(event["cookies"])
    if "body" not in event and headers.get("content-length") == "0":
        del headers["content-length"]  # HTTP APIs add the length of no body
    # The event has the path decoded.
    request, trace_id = _request(event, quote(event["rawPath"], safe=_PATH), headers)
    options = api_options(context, headers.get("host", ""))
    options["routes"] = [event["routeKey"]]
    options["stages"] = {context["stage"]: event.get("stageVariables") or {}}
    mask = ["/event/requestContext/requestId"]
    if "authentication" in context:
        mask.append("/event/requestContext/authentication")
    return Rebuilt("http", options, request, Arrival(NO_REQUEST_ID, context["timeEpoch"], trace_id), tuple(mask))


def from_function_url(event: Mapping[str, Any]) -> Rebuilt:
    """The request behind a Function URL's event."""
    context = event["requestContext"]
    headers = {name: value for name, value in event["headers"].items() if name not in _TLS}
    request, trace_id = _request(event, event["rawPath"], headers)
    options: dict[str, Json] = {"url_id": context["apiId"]}
    if context["domainName"] != bare_host(headers.get("host", "")):
        options["domain_name"] = context["domainName"]
    if "authorizer" in context:
        options |= {"auth_type": "AWS_IAM", "account_id": context["accountId"]}
    for option, name in (("tls_version", "x-amzn-tls-version"), ("tls_cipher", "x-amzn-tls-cipher-suite")):
        if name in event["headers"]:
            options[option] = event["headers"][name]
    return Rebuilt("url", options, request, Arrival(context["requestId"], context["timeEpoch"], trace_id))


def _request(event: Mapping[str, Any], path: str, headers: Mapping[str, str]) -> tuple[Request, str]:
    """The request and its trace id."""
    http = event["requestContext"]["http"]
    peer = http["sourceIp"]
    body = body_of(event)
    trace, trace_id = sent_trace(headers.get("x-amzn-trace-id", ""))
    own = (
        ("x-amzn-trace-id", trace),
        ("x-forwarded-for", without_peer(headers.get("x-forwarded-for", ""), peer)),
    )
    request = Request(
        method=http["method"],
        raw_path=path.encode(),
        raw_query=event["rawQueryString"].encode(),
        headers=_lines(headers) + [line(name, value) for name, value in own if value],
        body=body,
        client=(peer, 0),
        server=("127.0.0.1", 443),
        scheme="https",
    )
    return request, trace_id


def _lines(headers: Mapping[str, str]) -> Lines:
    return [line(name, value) for name, value in headers.items() if name not in _ADDED]
