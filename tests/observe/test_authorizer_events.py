"""Events of Lambda authorizers."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.errors import UsageError
from gateway.observe.authorizer_events import is_of_authorizer, read_authorizer_event
from gateway.observe.cloudwatch import captured, compare, events_of
from gateway.translation.authorizers import request_event, request_event_v1, request_event_v2, token_event
from gateway.types import Json
from tests.observe.exchanges import REQUEST, recorded

ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/GET/pets/7"
GET = REQUEST._replace(method="GET", headers=[(b"Host", b"example.com"), (b"Authorization", b"x")], body=b"")
MADE: dict[str, Callable[[Any], dict[str, Json]]] = {
    "rest": lambda event: request_event(event, ARN),
    "http-v1": lambda event: request_event_v1(event, ARN, ["x", "y"]),
    "http": lambda event: request_event_v2(event, ARN, ["x", "y"]),
}


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("query", [b"", b"a=1&a=2"])
def test_an_event_of_a_request_authorizer_is_compared_too(name: str, query: bytes) -> None:
    """With the one that this gateway's authorizer gets for the same request."""
    event = MADE[name](recorded(name, GET._replace(raw_query=query)).event)

    capture = captured(event, "captured on AWS")

    assert is_of_authorizer(event)
    assert capture.recording.flavour == name
    assert compare(capture).differences == []
    other = captured({**event, "extra": 1}, "captured on AWS")
    assert [place.pointer for place in compare(other).differences] == ["/event/extra"]


@pytest.mark.parametrize(("name", "arn"), [("rest", "methodArn"), ("http-v1", "methodArn"), ("http", "routeArn")])
def test_what_it_was_asked_with_is_taken_from_it(name: str, arn: str) -> None:
    """Its ARN, and the values of its identity sources where it has them."""
    taken = read_authorizer_event(MADE[name](recorded(name, GET).event)).taken["authorizer"]

    assert taken[0] == f"/event/{arn}"
    assert ("/event/identitySource" in taken) is (name != "rest")


def test_without_an_identity_source_there_is_none() -> None:
    """In format 2.0."""
    event = request_event_v2(recorded("http", GET).event, ARN, None)  # type: ignore[arg-type]  # an object

    assert compare(captured(event, "")).differences == []


def test_an_event_of_a_token_authorizer_is_known() -> None:
    """Wherever it stands in a log; there is no request in it to be rebuilt."""
    event = token_event("Bearer x", ARN)

    assert [found for _, found in events_of(f"got {json.dumps({'message': json.dumps(event)})}")] == [event]
    with pytest.raises(UsageError, match="TOKEN authorizer"):
        captured(event, "captured on AWS")


@pytest.mark.parametrize(
    "event", [None, {}, {"type": "TOKEN"}, {"type": "REQUEST", "methodArn": 1}, {"methodArn": ARN}]
)
def test_what_is_none(event: Json) -> None:
    """A type and an ARN are what it has in any case."""
    assert not is_of_authorizer(event)
