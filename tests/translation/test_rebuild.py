"""Events read backwards."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from gateway.errors import Fault, UsageError
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
