"""HTTP API, both payload formats: its verdicts, the shapes of its events, and the request behind one."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from gateway.translation.contracts import payload_v1, payload_v2
from gateway.translation.contracts.contract import DEVELOPER_GUIDE, Contract, Event
from gateway.translation.contracts.rebuilt import (
    API_TAKEN,
    NO_REQUEST_ID,
    Rebuilt,
    api_options,
    of_context,
    taken_from,
)
from gateway.translation.messages import Arrival
from gateway.translation.shape import TEXT, Members, Misfit
from gateway.types import Json

_PATH: Final = "/!$&'()*+,;=:@~"
"""What a path may hold as it is (RFC 3986, 3.3)."""


_TAKEN: Final = {**API_TAKEN, "stages": (*of_context("stage"), "/event/stageVariables")}
_TAKEN_V2: Final = {**_TAKEN, "routes": ("/event/routeKey", *of_context("routeKey"))}
_TAKEN_V1: Final = {**_TAKEN, "routes": of_context("resourceId")}


def from_http(event: Mapping[str, Any]) -> Rebuilt:
    """The request behind an HTTP API's event."""
    context = event["requestContext"]
    headers = dict(event["headers"])
    if event.get("cookies"):
        headers["cookie"] = "; ".join(event["cookies"])
    if "body" not in event and headers.get("content-length") == "0":
        del headers["content-length"]  # HTTP APIs add the length of no body
    # The event has the path decoded.
    request, trace_id = payload_v2.request_of(event, quote(event["rawPath"], safe=_PATH), headers)
    options = api_options(context, headers.get("host", ""))
    options["routes"] = [event["routeKey"]]
    options["stages"] = {context["stage"]: event.get("stageVariables") or {}}
    mask = ["/event/requestContext/requestId"]
    if "authentication" in context:
        mask.append("/event/requestContext/authentication")
    arrival = Arrival(NO_REQUEST_ID, context["timeEpoch"], trace_id)
    return Rebuilt("http", options, request, arrival, tuple(mask), taken_from(_TAKEN_V2, options))


def from_http_v1(event: Mapping[str, Any]) -> Rebuilt:
    """The request behind an HTTP API's event of format 1.0."""
    context = event["requestContext"]
    request, trace_id = payload_v1.request_of(event, event["path"])
    options = api_options(context, event["headers"].get("Host", ""))
    options["routes"] = [context["resourceId"]]
    options["stages"] = {context["stage"]: event.get("stageVariables") or {}}
    arrival = Arrival(NO_REQUEST_ID, context["requestTimeEpoch"], trace_id)
    mask = of_context("extendedRequestId", "requestId", *payload_v1.callers_members(context["identity"]))
    return Rebuilt("http-v1", options, request, arrival, mask, taken_from(_TAKEN_V1, options))


def _is_v2(event: Event, context: Event) -> bool:
    return event.get("version") == "2.0" and not payload_v2.is_of_function_url(context)


def _is_v1(event: Event, _context: Event) -> bool:
    return event.get("version") == "1.0"


def _v2_misfits(event: dict[str, Json]) -> Iterator[Misfit]:
    """HTTP APIs leave ``cookie`` out of ``headers``, where ``cookies`` has them; function URLs do not."""
    yield from payload_v2.other_version(event)
    headers = event.get("headers")
    if isinstance(headers, dict) and "cookie" in headers:
        yield Misfit("/headers/cookie", "is never sent by HTTP APIs: the values are in /cookies")


def _v1_misfits(event: dict[str, Json]) -> Iterator[Misfit]:
    yield from payload_v1.unpaired(event)
    if event.get("version") != "1.0":
        yield Misfit("/version", f"expected '1.0', got {event.get('version')!r}")


V2: Final = Contract(
    source=DEVELOPER_GUIDE + "http-api-develop-integrations-lambda.html",
    members=payload_v2.RESULT,
    shape=payload_v2.SHAPE,
    recognises=_is_v2,
    rebuild=from_http,
    infers=True,
    misfits=_v2_misfits,
)
V1: Final = Contract(
    source=V2.source,
    members=payload_v1.RESULT,
    shape=Members(
        {
            "version": TEXT,
            **payload_v1.MEMBERS,
            "requestContext": Members(payload_v1.CONTEXT, {"authorizer": payload_v1.OBJECT}),
        }
    ),
    recognises=_is_v1,
    rebuild=from_http_v1,
    misfits=_v1_misfits,
)
