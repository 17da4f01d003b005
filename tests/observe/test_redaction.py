"""Secrets are replaced wherever they stand, and the same way everywhere."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.observe.redaction import Redaction, redaction_with
from gateway.translation.flavours.table import FLAVOURS
from gateway.translation.messages import Request
from gateway.types import Json
from tests.observe.exchanges import ARRIVAL, HTTP_FLAVOURS, REQUEST, requests

REDACTION = Redaction()


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("Authorization", "Bearer abc.def", "Bearer redacted"),
        ("authorization", "my own secret", "redacted"),
        ("authorization", "AWS4-HMAC-SHA256 Credential=a, Signature=b", "AWS4-HMAC-SHA256 redacted,redacted"),
        ("Cookie", "session=abc; theme=dark", "session=redacted; theme=redacted"),
        ("Set-Cookie", "id=abc; Path=/; HttpOnly", "id=redacted; Path=/; HttpOnly"),
        ("x-api-key", "abc", "redacted"),
        ("x-api-key", "", ""),
        ("X-Amz-Security-Token", "abc", "redacted"),
        ("Referer", "https://example.com/?a=1&token=abc", "https://example.com/?a=1&token=redacted"),
        ("Location", "/next?code=abc", "/next?code=redacted"),
        ("Accept", "text/html", "text/html"),
    ],
)
def test_header_values(name: str, value: str, written: str) -> None:
    """The shape stays, the secret does not."""
    assert REDACTION.value(name, value) == written


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ("a=1&token=abc", "a=1&token=redacted"),
        ("%54oken=abc&X-Amz-Signature=1", "%54oken=redacted&X-Amz-Signature=redacted"),
        ("token&token=", "token&token="),
        ("", ""),
    ],
)
def test_query_values(query: str, written: str) -> None:
    """Keys are compared decoded and without case; a key without a value hides nothing."""
    assert REDACTION.query(query) == written


def test_an_event_holds_no_secret_in_any_of_its_members() -> None:
    """Maps of both kinds, cookies, raw query and the identity's keys are covered."""
    event: Json = {
        "headers": {"Authorization": "Bearer abc", "accept": "abc-is-fine"},
        "multiValueHeaders": {"cookie": ["a=abc", "b=abc"]},
        "cookies": ["a=abc"],
        "queryStringParameters": {"token": "abc"},
        "multiValueQueryStringParameters": {"token": ["abc", "abc"]},
        "requestContext": {"identity": {"apiKey": "abc", "sourceIp": "192.0.2.1"}},
    }

    written = json.dumps(REDACTION.event(event)).replace("abc-is-fine", "")

    assert "abc" not in written
    assert '"sourceIp": "192.0.2.1"' in written


def test_a_result_holds_no_cookie_and_what_is_no_response_is_kept() -> None:
    """``cookies`` of payload 2.0 are Set-Cookie values, with attributes."""
    result: Json = {"statusCode": 200, "cookies": ["a=abc; Secure"], "headers": {"x-api-key": "abc"}}

    assert REDACTION.result(result) == {
        "statusCode": 200,
        "cookies": ["a=redacted; Secure"],
        "headers": {"x-api-key": "redacted"},
    }
    assert REDACTION.result(["abc"]) == ["abc"]


def test_the_names_can_be_chosen() -> None:
    """What is not named is written."""
    own = Redaction(frozenset({"x-mine"}), frozenset({"mine"}))

    assert own.value("X-Mine", "abc") == "redacted"
    assert own.value("Authorization", "abc") == "abc"
    assert own.query("mine=1&token=2") == "mine=redacted&token=2"


@pytest.mark.parametrize("name", HTTP_FLAVOURS)
@given(request=requests())
def test_a_redacted_request_gives_the_redacted_event(name: str, request: Request) -> None:
    """So a redacted recording can be replayed, whatever is repeated or joined."""
    flavour = FLAVOURS[name]()
    event: Json = json.loads(flavour.encode(request, ARRIVAL))
    query = REDACTION.query(request.raw_query.decode()).encode()
    redacted = request._replace(headers=REDACTION.lines(request.headers), raw_query=query)

    assert json.loads(flavour.encode(redacted, ARRIVAL)) == REDACTION.event(event)


@given(value=st.text(max_size=30))
def test_redacting_twice_changes_nothing_more(value: str) -> None:
    """A file that was written once can be written again."""
    once = [REDACTION.value(name, value) for name in ("authorization", "cookie", "set-cookie", "x-api-key")]

    assert [
        REDACTION.value(name, text)
        for name, text in zip(("authorization", "cookie", "set-cookie", "x-api-key"), once, strict=True)
    ] == once


def test_lines_keep_every_byte_that_is_no_secret() -> None:
    """Values outside of UTF-8 too."""
    lines = [(b"X-Odd", b"\xff"), (b"Authorization", b"Basic \xff")]

    assert REDACTION.lines(lines) == [(b"X-Odd", b"\xff"), (b"Authorization", b"Basic redacted")]
    assert REDACTION.lines(REQUEST.headers)[0] == REQUEST.headers[0]


def test_names_are_added_to_the_default_ones() -> None:
    """In any spelling."""
    more = redaction_with(["X-Mine"], ["Mine"])

    assert (more.value("x-mine", "abc"), more.value("x-api-key", "abc")) == ("redacted", "redacted")
    assert more.query("mine=1&token=2") == "mine=redacted&token=redacted"
