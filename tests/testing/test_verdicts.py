"""Assertions about results and events."""

from collections.abc import Callable
from decimal import Decimal

import pytest

import gateway.testing
from gateway import listener_types
from gateway.testing import (
    Verdict,
    assert_alb_multi_result,
    assert_alb_result,
    assert_event_shape,
    assert_http_result,
    assert_http_v1_result,
    assert_rest_result,
    assert_result,
    assert_url_result,
    assert_websocket_result,
    each_flavour,
    make_event,
    verdict,
)


@pytest.mark.parametrize(
    ("check", "status"),
    [
        (assert_alb_result, 201),
        (assert_alb_multi_result, 201),
        (assert_rest_result, 201),
        (assert_http_result, 201),
        (assert_http_v1_result, 201),
        (assert_url_result, 201),
        (assert_websocket_result, 101),
    ],
)
def test_one_assertion_for_each_listener_type(check: Callable[[object], Verdict], status: int) -> None:
    """A good result passes and shows the response; a bad one fails with pointer and source."""
    assert check({"statusCode": 201, "body": "made"}).response.status == status
    with pytest.raises(AssertionError, match=r"/statusCode: expected .*\n  source: "):
        check({"statusCode": 42})


def test_the_message() -> None:
    """A failing test says what AWS would answer, what is wrong and where that is written."""
    with pytest.raises(AssertionError) as failed:
        assert_result("alb", {"statusCode": 200, "headers": {"X-Count": 7}})

    assert str(failed.value) == (
        "alb answers 502: /headers/X-Count: expected a string, got 7\n"
        "  source: serverless-express issues 563 and 688, aws-lambda-go issue 529, against real load balancers"
    )


def test_options_count() -> None:
    """Options of the listener change the verdict."""
    result = {"statusCode": 200, "body": "x", "isBase64Encoded": True}

    assert verdict("rest", result).accepted
    assert not verdict("rest", result, binary_media_types=("*/*",)).accepted


def test_results_are_encoded_as_lambda_does() -> None:
    """A Decimal is a number; a set has no JSON form, whatever the listener."""
    assert verdict("http", {"statusCode": 200, "headers": {"x-price": Decimal("1.50")}}).accepted
    with pytest.raises(AssertionError, match="MarshalError"):
        assert_alb_result({"statusCode": 200, "body": {1}})


@each_flavour()
def test_made_events_have_their_shape(as_: str) -> None:
    """What make_event gives passes."""
    assert_event_shape(as_, make_event(as_, "POST", "/?a=1", {"Cookie": "a=1"}, "body"))


def test_a_wrong_event() -> None:
    """All differences are told at once."""
    with pytest.raises(AssertionError) as failed:
        assert_event_shape("alb", {**make_event("alb"), "body": None, "multiValueHeaders": {}})

    assert str(failed.value).splitlines() == [
        "alb never sends this event:",
        "  /multiValueHeaders: is what the other mode sends (alb-multi); a load balancer never sends both",
        "  /body: expected a string, got None",
    ]


def test_everything_public_is_there() -> None:
    """Every flavour has its assertion by itself, under its own name."""
    for name in listener_types.FLAVOURS:
        check = f"assert_{name.replace('-', '_')}_result"
        assert getattr(gateway.testing, check).__name__ == check
    with pytest.raises(AttributeError, match="no attribute 'assert_nlb_result'"):
        _ = gateway.testing.assert_nlb_result
