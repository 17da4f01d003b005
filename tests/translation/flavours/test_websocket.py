"""The events of a WebSocket connection, its route selection and what ``$connect`` may answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import BadResult, Fault, FaultKind
from gateway.translation.flavours.websocket import (
    WebSocketApi,
    WebSocketConnection,
    failure_frame,
    forbidden_frame,
    select,
)
from gateway.translation.messages import Arrival
from gateway.translation.route import DEFAULT, Route, RouteMatch
from tests.translation.flavours.apigw_case import cases, mask, to_request
from tests.translation.flavours.apigw_requests import ARRIVAL, REQUEST

CONNECTION = WebSocketConnection("L0SM9cOFvHcCIhw=", 1744668600000, "192.0.2.1", "", "ws.example.com")


def _event(facts: dict[str, Any]) -> bytes:
    api = WebSocketApi(**facts["options"])
    arrival = Arrival(**{"trace_id": "1-67fd87cc-09a86408172acd0726c798d5", **facts["arrival"]})
    if "request" in facts:
        given = {name: facts.get(name) for name in ("authorizer", "identity")}
        match = RouteMatch(Route("ANY", DEFAULT), "", "", {}, api.stage, {}, **given)
        return api.encode(to_request(facts["request"]), arrival, match)
    connection = WebSocketConnection(**facts["connection"])
    if "message" in facts:
        return api.message(facts["message"], connection, arrival)
    code, reason = facts["disconnect"]
    return api.disconnect(code, reason, connection, arrival)


@pytest.mark.parametrize("path", cases("websocket"), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """Events are the recorded ones, key order included."""
    facts = json.loads(path.read_text("utf-8"))
    event, expected = json.loads(_event(facts)), facts["event"]

    for pointer in facts["mask"]:
        mask(event, pointer)
        mask(expected, pointer)

    assert json.dumps(event, indent=1) == json.dumps(expected, indent=1), facts["why"]


@pytest.mark.parametrize(
    ("expression", "text", "selected"),
    [
        ("$request.body.action", '{"action":"join"}', "join"),
        ("${request.body.action}", '{"action":"join"}', "join"),
        ("$request.body.a.b", '{"a":{"b":7}}', "7"),
        ("$request.body.action", '{"action":{"not":"text"}}', ""),
        ("$request.body.action", "not JSON", ""),
        ("$request.body.action", "[1]", ""),
        ("$request.header.x", '{"action":"join"}', ""),
    ],
)
def test_select(expression: str, text: str, selected: str) -> None:
    """The expression is a path into a JSON message; anything else selects nothing."""
    assert select(expression, text) == selected


def test_unmatched_message_goes_to_default_or_nowhere() -> None:
    """Without a $default route the message has no route and the client reads a Forbidden frame."""
    with_default = WebSocketApi(route_keys=frozenset({"join", DEFAULT}))
    without = WebSocketApi(route_keys=frozenset({"join"}))

    assert with_default.route_key('{"action":"join"}') == "join"
    assert with_default.route_key('{"action":"leave"}') == DEFAULT
    with pytest.raises(KeyError):
        without.route_key('{"action":"leave"}')
    assert json.loads(forbidden_frame(CONNECTION, ARRIVAL))["message"] == "Forbidden"
    assert json.loads(failure_frame(CONNECTION, ARRIVAL))["connectionId"] == CONNECTION.connection_id


def test_client_cannot_select_connect() -> None:
    """A message that names $connect is an ordinary message."""
    assert WebSocketApi().route_key('{"action":"$connect"}') == DEFAULT


def test_connect_accepts_with_subprotocol() -> None:
    """A 2xx is an upgrade; of its headers only the subprotocol goes out."""
    payload = b'{"statusCode":200,"headers":{"Sec-WebSocket-Protocol":"chat","X-Other":"1"},"body":"hello"}'

    response = WebSocketApi().decode(payload, REQUEST, ARRIVAL)

    assert response.status == 101
    assert list(response.headers) == [(b"Sec-WebSocket-Protocol", b"chat")]


def test_connect_refuses_with_its_own_status() -> None:
    """Another status reaches the client and there is no connection."""
    response = WebSocketApi().decode(b'{"statusCode":403,"body":"no"}', REQUEST, ARRIVAL)

    assert (response.status, response.body) == (403, b"no")


@pytest.mark.parametrize("payload", [b"{}", b"null", b'{"statusCode":"x"}', b'{"statusCode":400,"body":{}}'])
def test_connect_needs_a_status(payload: bytes) -> None:
    """A result without an acceptable statusCode is no answer."""
    with pytest.raises(BadResult):
        WebSocketApi().decode(payload, REQUEST, ARRIVAL)


def test_failed_connect_is_refused() -> None:
    """A function that fails during $connect ends the handshake with a gateway response."""
    response = WebSocketApi().refuse(Fault(FaultKind.FUNCTION_ERROR), REQUEST, ARRIVAL)

    assert response.status == 502
    assert (b"x-amzn-ErrorType", b"InternalServerErrorException") in response.headers


def test_authorizer_and_stage_variables_stay_with_the_connection() -> None:
    """What the authorizer of $connect said is in later events too."""
    api = WebSocketApi(stage_variables={"color": "blue"})
    connection = CONNECTION._replace(authorizer={"principalId": "me", "half": "\ud800"})

    event = json.loads(api.message("hi", connection, ARRIVAL))

    assert event["requestContext"]["authorizer"] == {"principalId": "me", "half": "?"}
    assert event["stageVariables"] == {"color": "blue"}


def test_a_host_of_aws_names_the_api() -> None:
    """As it does for other APIs."""
    asked = REQUEST._replace(headers=[(b"Host", b"x1y2z3.execute-api.eu-west-1.amazonaws.com")])

    assert json.loads(WebSocketApi().encode(asked, ARRIVAL))["requestContext"]["apiId"] == "x1y2z3"


def test_only_connect_tells_how_long_the_authorizer_took() -> None:
    """What a connection keeps is the rest; in each event it stands behind the route key."""
    api = WebSocketApi()
    match = api.route(REQUEST)._replace(authorizer={"role": "x", "principalId": "me", "integrationLatency": 3})
    connection = api.open(REQUEST, ARRIVAL, match)

    events = [
        api.encode(REQUEST, ARRIVAL, match),
        api.message("hi", connection, ARRIVAL),
        api.disconnect(1000, "", connection, ARRIVAL),
    ]
    contexts = [json.loads(event)["requestContext"] for event in events]

    assert [list(context)[:2] for context in contexts] == [["routeKey", "authorizer"]] * 3
    kept = {"role": "x", "principalId": "me"}
    assert [it["authorizer"] for it in contexts] == [{**kept, "integrationLatency": 3}, kept, kept]


def test_query_of_the_handshake() -> None:
    """CONNECT has the query twice, as REST events do."""
    event = json.loads(WebSocketApi().encode(REQUEST, ARRIVAL))

    assert event["queryStringParameters"] == {"page": "2", "tag": "b"}
    assert event["multiValueQueryStringParameters"] == {"page": ["2"], "tag": ["a", "b"]}
