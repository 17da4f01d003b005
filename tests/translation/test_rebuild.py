"""Events read backwards."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from gateway.errors import Fault, UsageError
from gateway.observe.cloudwatch import captured as captured_event
from gateway.observe.cloudwatch import compare
from gateway.observe.differences import ignored
from gateway.translation.flavour_options import build_flavour
from gateway.translation.flavours.alb import Alb
from gateway.translation.messages import Request
from gateway.translation.rebuild import flavour_of, rebuild
from gateway.types import Json
from tests.observe.exchanges import ARRIVAL, REQUEST
from tests.translation.contracts.events import again, requests

NAMES = ("alb", "alb-multi", "rest", "http", "http-v1", "url")
DATA = Path(__file__).parents[1] / "data" / "flavours"


@pytest.mark.parametrize("name", NAMES)
@given(request=requests())
def test_event_to_request_to_event_is_the_identity(name: str, request: Request) -> None:
    """Whatever the client sent, the rebuilt request gives the very same event, and with it the same request again."""
    try:
        event: Json = json.loads(build_flavour(name).encode(request, ARRIVAL))
    except Fault:
        return  # nothing was invoked

    assert flavour_of(event) == name
    assert again(event) == []
    assert rebuild(event).request.method == request.method


@pytest.mark.parametrize("name", NAMES)
def test_what_the_client_sent_comes_back(name: str) -> None:
    """Method, target, headers but for their spelling, body and address; nothing that the front door added."""
    request = REQUEST._replace(raw_query=b"page=2&tag=a%20b", server=("192.0.2.2", 443))

    rebuilt = rebuild(json.loads(build_flavour(name).encode(request, ARRIVAL)))

    got = rebuilt.request
    assert (got.method, got.raw_path, got.raw_query) == ("POST", b"/pets/7", b"page=2&tag=a%20b")
    sent = {n.lower(): v for n, v in request.headers}
    dropped = {b"content-length"} if name == "rest" else set[bytes]()
    assert {n.lower(): v for n, v in got.headers} == {n: v for n, v in sent.items() if n not in dropped}
    assert (got.body, got.client[0]) == (request.body, "192.0.2.1")
    assert rebuilt.arrival.trace_id == ARRIVAL.trace_id


def captured() -> list[Path]:
    """The whole events that were captured on AWS."""
    found = []
    for path in sorted(DATA.glob("*/*.json")):
        case: dict[str, Any] = json.loads(path.read_text("utf-8"))
        whole = case.get("compare", "exact") in {"exact", "ordered"}
        if case["evidence"] == "captured" and "event" in case and whole and path.parent.name != "websocket":
            found.append(path)
    return found


@pytest.mark.parametrize("path", captured(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_captured_events_are_made_again(path: Path) -> None:
    """From the event alone, without the case's request and options."""
    case = json.loads(path.read_text("utf-8"))
    masked = [f"/event{pointer}" for pointer in case.get("mask", ())]

    assert [place for place in again(case["event"]) if not ignored(place.pointer, masked)] == [], case["why"]
    if case.get("compare") == "ordered":
        found, _ = compare(captured_event(case["event"], "captured"))
        assert [place for place in found if not ignored(place.pointer, masked)] == [], case["why"]


REST_EVENT = json.loads(build_flavour("rest").encode(REQUEST, ARRIVAL))


def changed(pointer: str, value: Json) -> Json:
    """The event of a REST API with another value in one place."""
    event = json.loads(json.dumps(REST_EVENT))
    *way, last = pointer.split("/")[1:]
    inner = event
    for step in way:
        inner = inner[step]
    inner[last] = value
    return event  # type: ignore[no-any-return]  # JSON


@pytest.mark.parametrize(
    ("pointer", "value", "message"),
    [
        ("/requestContext/requestTimeEpoch", "1680645343655", "/requestContext/requestTimeEpoch: expected an integer"),
        ("/requestContext/requestTimeEpoch", 10**18, "1000000000000000000 is no time of a request"),
        ("/requestContext/requestTimeEpoch", -1, "-1 is no time of a request"),
        ("/requestContext/identity/sourceIp", 7, "/requestContext/identity/sourceIp: expected a string, got 7"),
        ("/multiValueHeaders/Host", "a", "/multiValueHeaders/Host: expected a list"),
        ("/requestContext/identity", None, "/requestContext/identity: expected an object, got None"),
        ("/resource", "x", "'ANY x' is no route"),
    ],
)
def test_a_member_that_cannot_be_read_is_named(pointer: str, value: Json, message: str) -> None:
    """Whatever its kind, instead of a failure when the event is made again."""
    with pytest.raises(UsageError) as error:
        rebuild(changed(pointer, value))

    assert message in str(error.value)


def test_a_null_where_aws_leaves_a_member_out_can_be_read() -> None:
    """It is a difference like others."""
    assert [place.pointer for place in again(changed("/requestContext/operationName", None))] == [
        "/event/requestContext/operationName"
    ]


def test_an_event_of_a_websocket_with_members_of_a_rest_api_is_known() -> None:
    """By its connection."""
    assert flavour_of(changed("/requestContext/connectionId", "a")) == "websocket"


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ([], "no requestContext"),
        ({"Records": []}, "no requestContext"),
        ({"requestContext": {}}, "neither elb, version nor resource"),
        ({"requestContext": {"connectionId": "x"}}, "WebSocket"),
        ({"requestContext": {"elb": {}}}, "looks like an event of alb, but headers is missing"),
        ({"requestContext": {}, "version": "2.0", "headers": 1}, "looks like an event of url, but it cannot be read"),
        (json.loads(Alb().health_check_event("/health")), "health check"),
    ],
)
def test_what_no_client_caused_is_refused(event: Json, message: str) -> None:
    """With what it looks like."""
    with pytest.raises(UsageError, match=message):
        rebuild(event)
