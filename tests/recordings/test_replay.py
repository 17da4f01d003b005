"""Recordings sent again in this process."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Fault, FaultKind, UsageError
from gateway.invocation import Failed, Outcome, Returned, Throttled, TimedOut, Unavailable
from gateway.observe.recording import NOT_INVOKED, Recording, to_text
from gateway.observe.redaction import Redaction
from gateway.recordings.replay import ReplayCase, compare_response, is_replayable, outcome_of, read_cases, replay_cases
from gateway.translation.flavour_options import build_flavour
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Request, Response
from gateway.types import Json
from tests.observe.exchanges import ARRIVAL, HTTP_FLAVOURS, REQUEST, RESULT, recorded


def same(event: object, context: object) -> object:  # noqa: ARG001 - a handler's signature
    """What was recorded."""
    return json.loads(RESULT)


def other(event: object, context: object) -> object:  # noqa: ARG001 - a handler's signature
    """Another body and a new cookie."""
    cookie = {"Content-Type": "text/plain", "Set-Cookie": "a=2; Path=/"}
    return {"statusCode": 200, "headers": cookie, "body": "ho"}


def broken(event: object, context: object) -> object:
    """A handler that raises."""
    raise ValueError(type(event), type(context))


def case(recording: Recording) -> ReplayCase:
    """A recording as if it were read from a file."""
    return ReplayCase(Path("0001-POST-pets-7.json"), recording)


# The result of url-stream is the response's body as it stands, where nothing is redacted.
@pytest.mark.parametrize("name", [name for name in HTTP_FLAVOURS if name != "url-stream"])
def test_the_same_handler_does_the_same(name: str, tmp_path: Path) -> None:
    """For every listener type, from a redacted file, with and without the handler."""
    (tmp_path / "0001-a.json").write_bytes(to_text(recorded(name), Redaction()))

    (read,) = replay_cases(tmp_path)

    assert str(read) == "0001-a"
    assert read.differences() == []
    assert read.differences(same) == []


def test_another_answer_is_shown_in_result_and_response() -> None:
    """By pointer; ``ignore`` leaves a place out."""
    found = case(recorded()).differences(other)

    assert [place.pointer for place in found] == [
        "/result/headers/Set-Cookie",
        "/result/body",
        "/response/headers/set-cookie/0",
        "/response/body",
    ]
    assert case(recorded()).differences(other, ["/*/headers", "/*/body"]) == []


def test_a_check_that_fails_says_what_differs() -> None:
    """The message is for people."""
    case(recorded()).check(same)
    with pytest.raises(AssertionError) as caught:
        case(recorded()).check(broken)

    assert str(caught.value).startswith("0001-POST-pets-7.json is not as recorded:\n/outcome/kind\n    recorded")
    assert "failed: ValueError" in str(caught.value)


def test_an_event_that_is_made_otherwise_is_shown() -> None:
    """That is what a recording of another gateway would tell."""
    recording = recorded()
    assert isinstance(recording.event, dict)
    event: Json = {**recording.event, "path": "/pets/8"}

    found = case(replace(recording, event=event)).differences(same)

    assert [(place.pointer, place.recorded, place.now) for place in found] == [
        ("/event/path", '"/pets/8"', '"/pets/7"')
    ]
    assert case(replace(recording, event=event, mask=("/event/path",))).differences(same) == []


@pytest.mark.parametrize("name", ["rest", "http", "http-v1", "url"])
def test_what_an_authorizer_said_is_said_again(name: str) -> None:
    """It is not in the request, only in the event."""
    recording = recorded(name)
    assert isinstance(recording.event, dict)
    context = recording.event["requestContext"]
    assert isinstance(context, dict)
    authorizer: Json = {"lambda": {"user": "7"}}
    # Members of requestContext have no order here: they are compared by name.
    event: Json = {**recording.event, "requestContext": {**context, "authorizer": authorizer}}
    options = {"auth_type": "AWS_IAM"} if name == "url" else {}
    if name == "url":
        event = {
            **recording.event,
            "requestContext": {**context, "authorizer": authorizer, "accountId": "123456789012"},
        }

    assert case(replace(recording, event=event, options=options)).differences() == []


HANDSHAKE = Request(
    "GET",
    b"/prod",
    b"",
    [
        (b"Host", b"example.com"),
        (b"Upgrade", b"websocket"),
        (b"Connection", b"Upgrade"),
        (b"Sec-WebSocket-Version", b"13"),
        (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ],
    b"",
    ("192.0.2.1", 50000),
    ("192.0.2.2", 443),
    "https",
)


def test_a_websocket_connection_keeps_its_authorizer(caplog: pytest.LogCaptureFixture) -> None:
    """$connect is asked once, with what the authorizer had said; the connection that it opens is never there."""
    flavour = build_flavour("websocket")
    authorizer: dict[str, Json] = {"principalId": "me", "user": "7"}
    match = flavour.route(HANDSHAKE)._replace(authorizer=authorizer)
    event: Json = json.loads(flavour.encode(HANDSHAKE, ARRIVAL, match))
    accepted = Response(
        101,
        [
            (b"Connection", b"upgrade"),
            (b"Upgrade", b"websocket"),
            (b"Sec-WebSocket-Accept", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ],
    )
    recording = Recording(
        "websocket", {}, HANDSHAKE, ARRIVAL, event, {"kind": "returned"}, b'{"statusCode":200}', accepted
    )
    events: list[dict[str, Any]] = []

    def connect(event: dict[str, Any], context: object) -> object:  # noqa: ARG001 - a handler's signature
        events.append(event)
        return {"statusCode": 200}

    assert case(recording).differences() == []
    assert case(recording).differences(connect) == []
    assert [it["requestContext"]["authorizer"] for it in events] == [authorizer]
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("members", "outcome"),
    [
        ({"kind": "returned"}, Returned(RESULT)),
        ({"kind": "failed", "error_type": "E", "message": "m"}, Failed(b"", "E", "m")),
        ({"kind": "timed out", "after_ms": 3000}, TimedOut(b"", 3000)),
        ({"kind": "throttled", "reason": "r"}, Throttled("r")),
        ({"kind": "unavailable", "error": "ServiceException", "message": "m"}, Unavailable("ServiceException", "m")),
    ],
)
def test_a_recorded_outcome_stands_for_the_function(members: dict[str, Json], outcome: Outcome) -> None:
    """So failures are replayed without a handler that fails."""
    assert outcome_of(replace(recorded(), outcome=members)) == outcome


def test_a_failure_is_replayed_as_its_page() -> None:
    """And a handler that works now is a difference."""
    fault = build_flavour("alb").refuse(Fault(FaultKind.FUNCTION_ERROR), REQUEST, ARRIVAL)
    recording = replace(recorded(), outcome={"kind": "failed"}, payload=None, response=fault)

    assert case(recording).differences() == []
    assert case(recording).differences(broken) == []
    assert case(recording).differences(same)[0].pointer == "/outcome/kind"


def test_only_the_event_of_a_stream_is_compared() -> None:
    """The bytes were not kept."""
    recording = replace(recorded("url-stream"), outcome={"kind": "streamed"}, payload=None, streamed=True)

    assert case(recording).differences() == []


def test_a_request_without_an_arrival_is_compared_without_ids_and_dates() -> None:
    """As a HAR file has it."""
    recording = replace(recorded("rest"), arrival=None, event=None)

    assert case(recording).differences(same) == []


def test_a_result_that_is_no_json_is_compared_as_text() -> None:
    """It made a 502."""
    recording = replace(recorded(), payload=b"{oops", response=None)

    assert [place.pointer for place in case(recording).differences(same)] == ["/result"]
    assert case(recording).differences() == []


def test_what_the_listener_answered_by_itself_needs_no_function() -> None:
    """A redirect has no event; a refused request is refused again."""
    assert not is_replayable(replace(recorded(), outcome={"kind": NOT_INVOKED}))
    assert is_replayable(replace(recorded(), outcome={"kind": NOT_INVOKED, "fault": "too large"}))
    for fault in (str(Refused(Cause.QUOTA, "of app")), "the function may not be invoked: GET / matches no resource"):
        assert not is_replayable(replace(recorded(), outcome={"kind": NOT_INVOKED, "fault": fault}))
    assert is_replayable(recorded())


def test_streamed_bodies_and_missing_responses_are_not_compared() -> None:
    """What is not known cannot differ."""
    assert compare_response(replace(recorded(), response=None), Response(500, [])) == []
    streamed = replace(recorded(), response=Response(200, []), streamed=True)
    assert compare_response(streamed, Response(200, [], b"abc")) == []
    assert [place.pointer for place in compare_response(streamed, Response(201, []))] == ["/response/status"]


def test_files_and_folders_are_read_in_order(tmp_path: Path) -> None:
    """Folders give their files by name."""
    for number in (2, 1):
        (tmp_path / f"000{number}-a.json").write_bytes(to_text(recorded()))

    assert [str(read) for read in read_cases([tmp_path / "0002-a.json", tmp_path])] == ["0002-a", "0001-a", "0002-a"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "", "holds no recording; make some with gateway record"),
        ("a.json", "{", "a.json: it is not JSON"),
        ("a.json", "{}", "a.json: it is no recording: flavour is missing"),
    ],
)
def test_what_cannot_be_replayed_is_refused(name: str, text: str, message: str, tmp_path: Path) -> None:
    """With the file's name."""
    (tmp_path / name).write_text(text)

    with pytest.raises(UsageError, match=message):
        replay_cases(tmp_path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_cases([tmp_path / "a.json"])
