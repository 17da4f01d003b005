"""Would a front door accept this result, and if not, which rule does it break?

The rules are those of the flavours' own ``decode``; here they get the page, or the report, that says so.
"""

import contextlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from gateway.errors import BadResult, Fault, UsageError
from gateway.listener_types import named_flavour
from gateway.translation.flavour import Flavour
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.result import load_result
from gateway.translation.sample import SAMPLE_ARRIVAL, sample_request
from gateway.types import Json

_DEVELOPER_GUIDE: Final = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"
_SOURCES: Final[Mapping[str, str]] = {
    "alb": "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html",
    "rest": _DEVELOPER_GUIDE + "set-up-lambda-proxy-integrations.html",
    "http": _DEVELOPER_GUIDE + "http-api-develop-integrations-lambda.html",
    "url": "https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html",
    "websocket": _DEVELOPER_GUIDE + "apigateway-websocket-api-route-keys-connect-disconnect.html",
}
"""Where the format of a result is described, by the part of the name before the first hyphen."""

_REPORTS: Final[Mapping[tuple[str, str], str]] = {
    ("alb", "statusCode"): "apig-wsgi issue 52, against a real load balancer",
    ("alb", "statusDescription"): "aws-lambda-dotnet issue 507, against a real load balancer",
    ("alb", "headers"): "serverless-express issues 563 and 688, aws-lambda-go issue 529, against real load balancers",
    (
        "alb",
        "multiValueHeaders",
    ): "serverless-express issue 688 and aws-lambda-go issue 529, against real load balancers",
    ("alb", "body"): "Powertools for Python issue 4671, against a real load balancer",
    ("rest", "statusCode"): "recorded from AWS: aws/aws-lambda-dotnet@f5e639feb, 2025",
    ("rest", ""): "recorded from AWS: localstack/localstack@8b9a79f0, 2024",
    ("url", "statusCode"): "recorded from AWS: localstack/localstack@8b9a79f0, 2025",
}
"""Better evidence than the page, by front door and first member of the pointer."""

_MEMBERS: Final[Mapping[str, frozenset[str]]] = {
    "alb": frozenset({"statusCode", "statusDescription", "headers", "body", "isBase64Encoded"}),
    "alb-multi": frozenset({"statusCode", "statusDescription", "multiValueHeaders", "body", "isBase64Encoded"}),
    "rest": frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}),
    "http": frozenset({"statusCode", "headers", "cookies", "body", "isBase64Encoded"}),
    "http-v1": frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}),
    "url": frozenset({"statusCode", "headers", "cookies", "body", "isBase64Encoded"}),
    "websocket": frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}),
}
"""What each front door reads of a result; ``url-stream`` sends a whole result as it is."""


class Verdict(NamedTuple):
    """What becomes of a result.

    Attributes:
        accepted: The client gets the function's answer.
        response: The HTTP response, the function's or the front door's own.
        pointer: RFC 6901 pointer to what is wrong, "" when all of it is, or nothing.
        rule: What was expected and what was found, "" when it was accepted.
        source: Where the rule is from, "" when it was accepted.
        notes: What was accepted and may still surprise.
    """

    accepted: bool
    response: Response
    pointer: str = ""
    rule: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()


def judge(
    name: str,
    flavour: Flavour,
    payload: bytes,
    request: Request | None = None,
    arrival: Arrival = SAMPLE_ARRIVAL,
) -> Verdict:
    """What a front door makes of a result.

    Args:
        name: The front door's name, a key of `FLAVOURS`.
        flavour: The front door.
        payload: The result as JSON.
        request: What is answered; None for ``GET /``, which takes any media type.
        arrival: Gives the date and the ids of the response.
    """
    if request is None:
        request = sample_request("GET", "/", {"Accept": "*/*"}, scheme=named_flavour(name).scheme)
    try:
        response = flavour.decode(payload, request, arrival)
    except Fault as fault:
        pointer = fault.pointer if isinstance(fault, BadResult) else ""
        refused = flavour.refuse(fault, request, arrival)
        return Verdict(False, refused, pointer, fault.detail, source_of(name, pointer))
    return Verdict(True, response, notes=_notes(name, payload, response))


def source_of(name: str, pointer: str) -> str:
    """Where the rule about a member is from."""
    family = name.partition("-")[0]
    if family not in _SOURCES:
        raise UsageError(f"there is no front door {name!r}")
    first = pointer[1:].partition("/")[0]
    return _REPORTS.get((family, first)) or _SOURCES[family]


def _notes(name: str, payload: bytes, response: Response) -> tuple[str, ...]:
    members = _MEMBERS.get(name)
    if members is None:
        return ("a buffered result behind RESPONSE_STREAM reaches the client as the JSON that it is",)
    result: Json = None
    with contextlib.suppress(BadResult):
        result = load_result(payload)
    if not isinstance(result, dict) or (name in {"http", "url"} and "statusCode" not in result):
        return ("without statusCode the whole result is the body of a 200 with application/json",)
    notes = [f"/{key} is ignored" for key in result if key not in members]
    if response.status == 204 and result.get("body"):
        notes.append("/body is ignored: a 204 has none")
    return tuple(notes)
