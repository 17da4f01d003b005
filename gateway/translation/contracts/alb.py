"""Application Load Balancer: its verdicts, the shape of its events, and the request behind one.

- It sends one pair of maps, never both and never null; header names are in lower case.
- Of a request read from an event the load balancer's own headers are taken away again; what they say of client, port,
  scheme and trace is kept.
"""

from collections.abc import Mapping
from typing import Any, Final

from gateway.errors import UsageError
from gateway.translation import host
from gateway.translation.contracts.contract import Contract, Event
from gateway.translation.contracts.rebuilt import NO_REQUEST_ID, Lines, Rebuilt, body_of, line, of_context
from gateway.translation.messages import Arrival, Request, Tls
from gateway.translation.shape import FLAG, TEXT, ListOf, MapOf, Members, Shape
from gateway.types import Address, Json

_SHOWN_IN: Final = {
    "preserve_host": ("host",),
    "xff_mode": ("x-forwarded-for",),
    "xff_client_port": ("x-forwarded-for",),
    "tls_headers": ("x-amzn-tls-version", "x-amzn-tls-cipher-suite"),
}
"""The headers that the attributes of a load balancer are about."""
_TLS = ("x-amzn-tls-version", "x-amzn-tls-cipher-suite")


def from_alb(event: Mapping[str, Any]) -> Rebuilt:
    """The request, in either mode.

    Raises:
        UsageError: The event is a health check.
    """
    multi = "multiValueHeaders" in event
    values = _values(event)
    if "x-forwarded-port" not in values:
        raise UsageError("this is an event of a health check: no client sent a request")
    scheme, port = values["x-forwarded-proto"].pop(), int(values["x-forwarded-port"].pop())
    attributes: dict[str, Json] = {}
    client = _client(values, attributes, multi=multi)
    trace_id = _trace(values, multi=multi)
    tls = _tls(values, scheme, attributes)
    hosts = values.get("host", [])
    if [host.normalised(sent, port) for sent in hosts] != hosts:
        attributes["preserve_host"] = True
    body = body_of(event)
    options: dict[str, Json] = {"target_group_arn": event["requestContext"]["elb"]["targetGroupArn"]}
    if attributes:
        options["attributes"] = attributes
    request = Request(
        method=event["httpMethod"],
        raw_path=event["path"].encode() or b"*",
        raw_query=_query(event),
        headers=_lines(values),
        body=body,
        client=client,
        server=("127.0.0.1", port),
        scheme=scheme,
        # An empty body is base64 over HTTP/2 only.
        http_version="2" if event["isBase64Encoded"] and not body else "1.1",
        tls=tls,
    )
    arrival = Arrival(NO_REQUEST_ID, 0, trace_id)
    taken = _taken(attributes, "/event/multiValueHeaders/" if multi else "/event/headers/", request)
    return Rebuilt("alb-multi" if multi else "alb", options, request, arrival, taken=taken)


def _taken(attributes: Mapping[str, Json], headers: str, request: Request) -> dict[str, tuple[str, ...]]:
    """What was chosen to fit, and where it shows."""
    shown = {name: tuple(headers + line for line in _SHOWN_IN[name]) for name in attributes}
    shown["target_group_arn"] = of_context("elb/targetGroupArn")
    if request.http_version == "2":
        shown["http_version"] = ("/event/isBase64Encoded",)
    return shown


def _values(event: Mapping[str, Any]) -> dict[str, list[str]]:
    if "multiValueHeaders" in event:
        return {name: list(values) for name, values in event["multiValueHeaders"].items()}
    return {name: [value] for name, value in event["headers"].items()}


def _query(event: Mapping[str, Any]) -> bytes:
    if "multiValueQueryStringParameters" in event:
        grouped = event["multiValueQueryStringParameters"].items()
        return "&".join(f"{key}={value}" for key, values in grouped for value in values).encode()
    return "&".join(f"{key}={value}" for key, value in event["queryStringParameters"].items()).encode()


def _lines(values: Mapping[str, list[str]]) -> Lines:
    return [line(name, value) for name, each in values.items() for value in each]


def _client(values: dict[str, list[str]], attributes: dict[str, Json], *, multi: bool) -> Address:
    """The TCP peer: the last item of X-Forwarded-For, which is taken away."""
    if "x-forwarded-for" not in values:
        attributes["xff_mode"] = "remove"
        return "127.0.0.1", 0
    before, _, peer = values["x-forwarded-for"].pop().rpartition(", ")
    # In multi mode the client's own lines stand in front.
    if before and not multi:
        values["x-forwarded-for"].append(before)
    name, colon, port = peer.rpartition(":")
    if colon and port.isdigit() and (name.endswith("]") or ":" not in name):
        attributes["xff_client_port"] = True
        return name.strip("[]"), int(port)
    return peer, 0


def _trace(values: dict[str, list[str]], *, multi: bool) -> str:
    """The load balancer's trace id; a client's own fields stay."""
    value = values["x-amzn-trace-id"].pop()
    fields = value.split(";")
    names = [field.partition("=")[0] for field in fields]
    own = "Self" if "Self" in names else "Root"
    trace_id = fields[names.index(own)].partition("=")[2]
    if multi:
        return trace_id
    if own == "Root" or (names[0] == "Self" and "Root" in names and names.count("Self") == 1):
        fields = fields[1:]
    if fields:
        values["x-amzn-trace-id"].append(";".join(fields))
    return trace_id


def _tls(values: dict[str, list[str]], scheme: str, attributes: dict[str, Json]) -> Tls | None:
    if scheme != "https" or any(len(values.get(name, ())) != 1 for name in _TLS):
        return None
    attributes["tls_headers"] = True
    version, cipher = (values[name].pop() for name in _TLS)
    return Tls(version, cipher)


_MEMBERS: Final[dict[str, Shape]] = {
    "requestContext": Members({"elb": Members({"targetGroupArn": TEXT})}),
    "httpMethod": TEXT,
    "path": TEXT,
    "body": TEXT,
    "isBase64Encoded": FLAG,
}
_SINGLE_MAPS: Final[dict[str, Shape]] = {"queryStringParameters": MapOf(TEXT), "headers": MapOf(TEXT, lower=True)}
_MULTI_MAPS: Final[dict[str, Shape]] = {
    "multiValueQueryStringParameters": MapOf(ListOf(TEXT)),
    "multiValueHeaders": MapOf(ListOf(TEXT), lower=True),
}


def _other(maps: Mapping[str, Shape], mode: str) -> dict[str, str]:
    """What is said of the maps of the other mode."""
    return dict.fromkeys(maps, f"is what the other mode sends ({mode}); a load balancer never sends both")


def _is_single(event: Event, context: Event) -> bool:
    return "elb" in context and "multiValueHeaders" not in event


def _is_multi(event: Event, context: Event) -> bool:
    return "elb" in context and "multiValueHeaders" in event


_RESULT: Final = frozenset({"statusCode", "statusDescription", "body", "isBase64Encoded"})

SINGLE: Final = Contract(
    source="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html",
    members=_RESULT | {"headers"},
    shape=Members(_MEMBERS | _SINGLE_MAPS, never=_other(_MULTI_MAPS, "alb-multi")),
    recognises=_is_single,
    rebuild=from_alb,
    reports={
        "statusCode": "apig-wsgi issue 52, against a real load balancer",
        "statusDescription": "aws-lambda-dotnet issue 507, against a real load balancer",
        "headers": "serverless-express issues 563 and 688, aws-lambda-go issue 529, against real load balancers",
        "multiValueHeaders": "serverless-express issue 688 and aws-lambda-go issue 529, against real load balancers",
        "body": "Powertools for Python issue 4671, against a real load balancer",
    },
)
MULTI: Final = SINGLE._replace(
    members=_RESULT | {"multiValueHeaders"},
    shape=Members(_MEMBERS | _MULTI_MAPS, never=_other(_SINGLE_MAPS, "alb")),
    recognises=_is_multi,
)
