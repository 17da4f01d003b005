"""Events out of a function's log."""

import json
from dataclasses import replace

import pytest

from gateway.observe.cloudwatch import Captured, captured, compare, events_of, nothing_found
from gateway.translation.instants import request_time
from gateway.types import Json
from tests.observe.exchanges import recorded

EVENT: Json = recorded("http").event
LINE = json.dumps(EVENT)


@pytest.mark.parametrize(
    "text",
    [
        LINE,
        f"START RequestId: 1\n2026-01-01T00:00:00Z\tabc\tINFO\t{LINE}\nEND RequestId: 1\n",
        json.dumps({"timestamp": "x", "level": "INFO", "message": EVENT}),
        json.dumps({"events": [{"message": f"[INFO] got {LINE} and more", "timestamp": 1}]}),
        json.dumps([[{"field": "@message", "value": LINE}]], indent=2),
        f"first\nevent {{not json}} {LINE}\n",
    ],
)
def test_an_event_is_found_however_it_was_saved(text: str) -> None:
    """Plain, behind text, in Lambda's JSON log, in what the AWS CLI gives."""
    assert [event for _, event in events_of(text)] == [EVENT]


def test_lines_are_counted() -> None:
    """So that a message can name them."""
    assert [line for line, _ in events_of(f"a\n{LINE}\n\n{LINE}{{\n{{")] == [2, 4]


def test_what_is_no_event_is_passed_over() -> None:
    """Also when it is deep or repeated."""
    assert list(events_of('{"a": {"b": "{}"}}\n{"requestContext": 1}\n[{[')) == []
    assert list(events_of(json.dumps([[[[[[EVENT]]]]]]))) == []


def test_a_captured_event_is_equal_or_its_differences_are_told() -> None:
    """From the event alone."""
    capture = captured(EVENT, "captured on AWS")
    assert isinstance(EVENT, dict)
    # A browser's header that the service spells in its own way would show up like this
    other = captured({**EVENT, "isBase64Encoded": True, "body": "eyJhIjoxfQ=="}, "captured on AWS")

    assert (capture.recording.flavour, capture.recording.source) == ("http", "captured on AWS")
    assert compare(capture).differences == []
    assert [place.pointer for place in compare(other).differences] == ["/event/body", "/event/isBase64Encoded"]


def test_what_was_taken_from_the_event_makes_nothing_the_same() -> None:
    """Of the members that are not compared it is said where they come from, also which only AWS can know."""
    assert isinstance(EVENT, dict)
    context = EVENT["requestContext"]
    assert isinstance(context, dict)
    capture = captured({**EVENT, "requestContext": {**context, "authorizer": {"lambda": {"a": 1}}}}, "captured on AWS")

    assert capture.taken["authorizer"] == ("/event/requestContext/authorizer",)
    assert compare(capture).notes == [
        (
            "taken from the event itself, so not compared: api_id (/event/requestContext/apiId), "
            "account_id (/event/requestContext/accountId), stages (/event/requestContext/stage), "
            "routes (/event/routeKey, /event/requestContext/routeKey), authorizer (/event/requestContext/authorizer)"
        ),
        "known to AWS alone, so not compared: /event/requestContext/requestId",
    ]


def test_a_member_that_was_taken_is_not_compared() -> None:
    """What the gateway writes there is what it was told."""
    recording, taken, _ = captured(EVENT, "captured on AWS")
    wrong = replace(recording, options={**recording.options, "api_id": "abcdefghij"})

    assert [place.pointer for place in compare(Captured(wrong, taken)).differences] == []
    assert [place.pointer for place in compare(Captured(wrong, {})).differences] == ["/event/requestContext/apiId"]


@pytest.mark.parametrize(
    ("epoch_ms", "same"), [(1_680_645_343_655, True), (1_704_103_200_000, True), (1_744_668_620_123, False)]
)
def test_a_member_that_is_newer_than_the_event_is_no_difference(epoch_ms: int, same: bool) -> None:
    """An event of 2023 has no deploymentId, nor need one of 2024 have it; one of 2025 that has none is another one."""
    event = json.loads(json.dumps(recorded("rest").event))
    context = event["requestContext"]
    del context["deploymentId"]
    context |= {"requestTimeEpoch": epoch_ms, "requestTime": request_time(epoch_ms)}

    found, notes = compare(captured(event, "captured on AWS"))
    aged = [note for note in notes if "since 2024" in note]

    pointer = "/event/requestContext/deploymentId"
    assert [place.pointer for place in found] == ([] if same else [pointer])
    year = context["requestTime"][7:11]
    assert aged == ([f"{pointer} is not compared: AWS sends it since 2024, this event is of {year}"] if same else [])


def test_a_member_that_only_the_event_has_is_a_difference_at_any_age() -> None:
    """AWS has sent it then."""
    event = json.loads(json.dumps(recorded("rest").event))
    context = event["requestContext"]
    context |= {"requestTimeEpoch": 1_577_880_000_000, "requestTime": request_time(1_577_880_000_000)}
    context["identity"]["cognitoAmr"] = None

    found = compare(captured(event, "captured on AWS")).differences

    assert [place.pointer for place in found] == ["/event/requestContext/identity/cognitoAmr"]


def reordered(value: Json, *, sort: bool = False) -> Json:
    """The same with the members of each object backwards, or by name."""
    if isinstance(value, dict):
        names = sorted(value) if sort else list(reversed(value))
        return {name: reordered(value[name], sort=sort) for name in names}
    return value


def test_the_order_of_members_is_compared() -> None:
    """Of the event and of what is in it, but for the headers of a Function URL."""
    for name in ("rest", "url"):
        found = [place.pointer for place in compare(captured(reordered(recorded(name).event), "")).differences]

        assert {"/event", "/event/requestContext"} <= set(found)
        assert ("/event/headers" in found) is (name == "rest")


def test_an_order_that_a_logger_has_made_is_not_compared() -> None:
    """Which is said."""
    found, notes = compare(captured(reordered(EVENT, sort=True), ""))

    assert found == []
    assert notes[-1:] == ["the order of members is not compared: the log has them sorted by name"]


def test_an_empty_log_is_told_what_to_do() -> None:
    """The function must log its event."""
    assert "print(json.dumps(event))" in str(nothing_found("a.log"))
