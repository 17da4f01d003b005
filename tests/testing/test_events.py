"""Events for unit tests."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.errors import Fault, UsageError
from gateway.testing import each_flavour, make_event


@each_flavour("alb", "alb-multi", "rest", "http", "http-v1", "url", "url-stream", "websocket")
def test_events_are_the_same_every_time(as_: str) -> None:
    """A unit test can compare whole events."""
    assert make_event(as_, "GET", "/pets?x=1") == make_event(as_, "GET", "/pets?x=1")


def test_a_load_balancers_event() -> None:
    """Method, URL, headers and body are where the listener puts them."""
    event = make_event("alb", "POST", "/pets?tag=a", {"Content-Type": "application/json"}, '{"name": "Rex"}')

    assert (event["httpMethod"], event["path"], event["queryStringParameters"]) == ("POST", "/pets", {"tag": "a"})
    assert event["headers"] == {
        "content-length": "15",
        "content-type": "application/json",
        "host": "gateway.test",
        "x-amzn-trace-id": "Root=1-67fd87cc-09a86408172acd0726c798d5",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-port": "80",
        "x-forwarded-proto": "http",
    }
    assert (event["body"], event["isBase64Encoded"]) == ('{"name": "Rex"}', False)


def test_ids_and_time() -> None:
    """What a listener would draw can be given."""
    event = make_event("rest", time=datetime(2026, 1, 2, tzinfo=UTC), request_id="r-1", trace_id="1-6-7")

    assert event["requestContext"]["requestTimeEpoch"] == 1767312000000
    assert event["requestContext"]["requestId"] == "r-1"
    assert event["headers"]["X-Amzn-Trace-Id"] == "Root=1-6-7"


def test_the_trace_id_follows_the_time() -> None:
    """A trace id begins with the second."""
    event = make_event("alb", time=1_767_312_000_123)

    assert event["headers"]["x-amzn-trace-id"] == "Root=1-69570a80-09a86408172acd0726c798d5"


@pytest.mark.parametrize(
    ("as_", "claims"), [("rest", {"sub": "me"}), ("http", {"jwt": {}}), ("url", {"iam": {}}), ("websocket", {})]
)
def test_an_authorizer(as_: str, claims: dict[str, object]) -> None:
    """What an authorizer gave is in the context."""
    options: dict[str, Any] = {"auth_type": "AWS_IAM"} if as_ == "url" else {}

    assert make_event(as_, authorizer=claims, **options)["requestContext"]["authorizer"] == claims


def test_repeated_headers_and_whole_urls() -> None:
    """Pairs repeat a header; a URL gives host and port."""
    event = make_event("alb-multi", "GET", "https://shop.example:8443/", [("X-A", "1"), ("x-a", "2")])

    assert event["multiValueHeaders"]["x-a"] == ["1", "2"]
    assert event["multiValueHeaders"]["host"] == ["shop.example:8443"]
    assert event["multiValueHeaders"]["x-forwarded-port"] == ["8443"]


def test_what_the_listener_refuses() -> None:
    """No event is made of a request that would not reach the function."""
    with pytest.raises(Fault, match="TRACE"):
        make_event("alb", "TRACE")
    with pytest.raises(UsageError, match="no authorizers"):
        make_event("alb", authorizer={})
