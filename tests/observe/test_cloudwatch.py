"""Events out of a function's log."""

import json

import pytest

from gateway.observe.cloudwatch import captured, event_differences, events_of, nothing_found
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
    recording = captured(EVENT, "captured on AWS")
    assert isinstance(EVENT, dict)
    # A browser's header that the service spells in its own way would show up like this
    other = captured({**EVENT, "isBase64Encoded": True, "body": "eyJhIjoxfQ=="}, "captured on AWS")

    assert (recording.flavour, recording.source) == ("http", "captured on AWS")
    assert event_differences(recording) == []
    assert [place.pointer for place in event_differences(other)] == ["/event/body", "/event/isBase64Encoded"]


def test_an_empty_log_is_told_what_to_do() -> None:
    """The function must log its event."""
    assert "print(json.dumps(event))" in str(nothing_found("a.log"))
