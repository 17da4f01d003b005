"""Secrets are replaced wherever they stand, and the same way everywhere."""

import base64
import json
import re
import time
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.observe.differences import differences
from gateway.observe.recording import NO_REDACTION, to_text
from gateway.observe.redaction import Redaction, redaction_with
from gateway.translation.flavour_options import build_flavour
from gateway.translation.messages import Request
from gateway.types import Json
from tests.observe.exchanges import ARRIVAL, HTTP_FLAVOURS, REQUEST, recorded, requests

REDACTION = Redaction().redactor()


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("Authorization", "Bearer abc.def", "Bearer redacted"),
        ("authorization", "my own secret", "redacted"),
        ("authorization", "AWS4-HMAC-SHA256 Credential=a, Signature=b", "AWS4-HMAC-SHA256 redacted,redacted"),
        ("authorization", "AWS4-ECDSA-P256-SHA256 a", "AWS4-HMAC-SHA256 redacted"),
        ("authorization", "AWS4-", "AWS4-HMAC-SHA256 redacted"),
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
    own = Redaction(frozenset({"x-mine"}), frozenset({"mine"}), patterns=False).redactor()

    assert own.value("X-Mine", "abc") == "redacted"
    assert own.value("Authorization", "abc") == "abc"
    assert own.query("mine=1&token=2") == "mine=redacted&token=2"


@pytest.mark.parametrize("name", HTTP_FLAVOURS)
@settings(max_examples=60, deadline=None)
@given(request=requests())
def test_a_redacted_request_gives_the_redacted_event(name: str, request: Request) -> None:
    """So a redacted recording can be replayed, whatever is repeated or joined."""
    flavour = build_flavour(name)
    event: Json = json.loads(flavour.encode(request, ARRIVAL))
    query = REDACTION.query(request.raw_query.decode()).encode()
    redacted = request._replace(headers=REDACTION.lines(request.headers), raw_query=query)

    # Not equal in every case: of two lines that an event has joined, the secret of the first may reach to the end.
    assert differences(REDACTION.event(event), json.loads(flavour.encode(redacted, ARRIVAL)), "") == []


@settings(deadline=None)
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
    more = redaction_with(["X-Mine"], ["Mine"]).redactor()

    assert (more.value("x-mine", "abc"), more.value("x-api-key", "abc")) == ("redacted", "redacted")
    assert more.query("mine=1&token=2") == "mine=redacted&token=redacted"


KINDS = json.loads((Path(__file__).parents[1] / "data" / "redaction" / "kinds.json").read_text())
SECRET = "s3cr3t-v4lue"


def written(request: Request, result: Json = None) -> str:
    """What a recording of an exchange with the load balancer says."""
    payload = json.dumps({"statusCode": 200, "body": ""} if result is None else result).encode()
    return to_text(recorded("alb", request, payload), Redaction()).decode()


def with_headers(*pairs: tuple[str, str]) -> Request:
    """A request with these header lines."""
    lines = [(name.encode(), value.encode()) for name, value in pairs]
    return Request("POST", b"/a", b"", [(b"Host", b"x"), *lines], b"", ("192.0.2.1", 1), ("192.0.2.2", 80))


def with_body(body: str, kind: str) -> Request:
    """A request with a body of a type."""
    return with_headers(("Content-Type", kind))._replace(body=body.encode())


def multipart(name: str) -> Request:
    """A form with a field and a file."""
    parts = f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{SECRET}\r\n--x--\r\n'
    return with_body(parts, "multipart/form-data; boundary=x")


def in_json(name: str) -> list[Json]:
    """Ways in which a member of that name comes."""
    inner: Json = {name: SECRET}
    return [inner, [inner], {"a": {"b": [1, inner]}}, {name: [SECRET]}, {"log": f"got {{}}: {json.dumps(inner)}"}]


@pytest.mark.parametrize(("name", "value"), KINDS["request_headers"])
def test_headers_of_requests(name: str, value: str) -> None:
    """In request and event, whichever way the name is written."""
    for spelled in (name, name.lower(), name.upper()):
        text = written(with_headers((spelled, value.replace("{S}", SECRET))))
        assert SECRET not in text
        assert spelled in text


@pytest.mark.parametrize(("name", "value"), KINDS["response_headers"])
def test_headers_of_responses(name: str, value: str) -> None:
    """In result and response."""
    text = written(REQUEST, {"statusCode": 200, "headers": {name: value.replace("{S}", SECRET)}, "body": ""})

    assert SECRET not in text
    assert name in text


@pytest.mark.parametrize("name", KINDS["fields"])
def test_fields(name: str) -> None:
    """Of queries, forms, multipart forms and fragments."""
    pair = f"{name}={SECRET}"
    for request in (
        with_headers()._replace(raw_query=f"a=1&{pair}&b=2".encode()),
        with_body(f"a=1&{pair}&b=2", "application/x-www-form-urlencoded"),
        with_body(pair, "application/x-www-form-urlencoded"),
        with_headers(("Referer", f"https://example.com/?{pair}")),
        with_headers(("Referer", f"https://example.com/#a=1&{pair}")),
        *([] if "%" in name else [multipart(name)]),
    ):
        assert SECRET not in written(request), request


@pytest.mark.parametrize("name", KINDS["members"])
def test_members_of_json(name: str) -> None:
    """At any depth, in bodies of requests and results, as text and as base64."""
    for body in in_json(name)[:4]:
        text = json.dumps(body)
        for request in (with_body(text, "application/json"), with_body(text, "text/plain")):
            assert SECRET not in written(request)
        encoded = base64.b64encode(text.encode()).decode()
        results: list[Json] = [
            {"statusCode": 200, "body": text},
            {"statusCode": 200, "body": json.dumps({"again": text})},
            {"statusCode": 200, "isBase64Encoded": True, "body": encoded},
        ]
        for result in results:
            told = written(REQUEST, result)
            assert SECRET not in told
            assert encoded not in told


@pytest.mark.parametrize("value", KINDS["shapes"].values(), ids=KINDS["shapes"])
def test_secrets_that_show_by_their_shape(value: str) -> None:
    """Whatever name they have, and none."""
    secret = re.sub(r"https://|user:|example.com/|[?#].*=|Bearer |Basic |-----[A-Z ]*-----|[@\n]", "", value)
    assert len(secret) >= 10
    for request in (
        with_body(json.dumps({"note": value}), "application/json"),
        with_body(f"<a>{value}</a>", "text/xml"),
        with_body(f"note={quote(value)}&b=1", "application/x-www-form-urlencoded"),
        with_body(f"it is {value} and more", "text/plain"),
        with_headers(("X-Note", value.replace("\n", " "))),
        with_headers()._replace(raw_query=f"note={quote(value)}".encode()),
    ):
        assert secret not in unquote(written(request)), request


@pytest.mark.parametrize(("name", "value"), KINDS["harmless_headers"])
def test_harmless_headers(name: str, value: str) -> None:
    """A recording stays useful."""
    given = value.replace("{S}", "plain value")

    assert REDACTION.value(name, given) == given


@pytest.mark.parametrize("name", KINDS["harmless_fields"])
def test_harmless_fields(name: str) -> None:
    """Of queries and forms."""
    assert REDACTION.query(f"{name}=plain") == f"{name}=plain"


@pytest.mark.parametrize("name", KINDS["harmless_members"])
def test_harmless_members(name: str) -> None:
    """Of JSON; numbers too."""
    for value in ("plain", 7):
        body = json.dumps({name: value}).encode()
        assert REDACTION.body(body, []) == body
        assert REDACTION.json({name: value}) == {name: value}


def test_a_secret_is_found_again_under_other_names() -> None:
    """In path, body, event, result, response and error of the same exchange, encoded too."""
    secret = "open sesame/42+1"
    request = with_headers(("X-Api-Key", secret))._replace(
        raw_path=f"/a/{quote(secret, safe='')}/b".encode(), body=f"note: {secret}.".encode()
    )
    encoded = base64.b64encode(f"<{secret}>".encode()).decode()
    results: list[Json] = [
        {"statusCode": 200, "headers": {"X-Echo": secret}, "body": f"hello {secret}"},
        {"statusCode": 200, "isBase64Encoded": True, "body": encoded},
    ]
    for result in results:
        text = written(request, result)
        assert secret not in unquote(text)
        assert encoded not in text
        assert "/a/redacted/b" in text


def test_short_values_are_not_looked_for() -> None:
    """They stand in every second word."""
    text = written(with_headers(("X-Api-Key", "text"), ("Cookie", "theme=darkmode"), ("X-Note", "text in darkmode")))

    assert "text in darkmode" in text


def test_a_body_stays_as_it_was_but_for_its_secrets() -> None:
    """White space, order, numbers, escapes, doubled keys and broken ends."""
    body = '{ "a" : 1.50, "token":"x\\u00fcy", "a":[ {"pin":1234, "ok":true} ], "n":null, "s":"\\/ü" , "end":'.encode()

    assert REDACTION.body(body, []) == body.replace(b'"x\\u00fcy"', b'"redacted"').replace(b"1234", b'"redacted"')
    for kept in (
        b"",
        b"\xff\xfe",
        b"a=1&b=",
        b"plain",
        b'{"a": [1, 2}',
        b"{",
        b'"',
        b"<a b='c'>d</a>",
        b"\x1f\x8b\x08",
    ):
        assert REDACTION.body(kept, []) == kept


def test_a_file_in_a_form_stays() -> None:
    """Fields are redacted, other parts are kept byte for byte."""
    head = b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
    body = head % (b"file", b"\xff\xd8\r\n\r\n\x00") + head % (b"token", b"\xffabc") + b"--x--\r\n"
    lines = [(b"content-type", b'multipart/form-data; boundary="x"')]

    assert REDACTION.body(body, lines) == body.replace(b"\xffabc", b"redacted")


def test_stage_variables_and_authorizers_are_members_like_others() -> None:
    """Claims of a user stay, keys do not."""
    event: Json = {
        "stageVariables": {"dbPassword": SECRET, "table": "pets"},
        "requestContext": {
            "authorizer": {"jwt": {"claims": {"sub": "me", "auth_time": "1"}}, "iam": {"accessKey": SECRET}},
            "identity": {"accessKey": SECRET, "apiKeyId": "id"},
        },
    }

    text = json.dumps(REDACTION.event(event))
    assert SECRET not in text
    assert all(kept in text for kept in ('"pets"', '"sub": "me"', '"auth_time": "1"', '"apiKeyId": "id"'))


def test_nothing_is_touched_without_rules() -> None:
    """``--no-redaction`` writes everything."""
    request = with_headers(("Authorization", f"Bearer {SECRET}"))._replace(body=b'{"token":"abc"}')

    text = to_text(recorded("alb", request), NO_REDACTION).decode()
    assert f"Bearer {SECRET}" in text
    assert '{\\"token\\":\\"abc\\"}' in text


HOSTILE = [
    "eyJ" * 33_000,
    "eyJaaaaaa." * 10_000,
    "?a=" * 33_000,
    "?token=" * 16_000,
    "&" * 100_000,
    "://a:" * 20_000,
    "://" + "a" * 100_000,
    '{"a":' * 20_000,
    "[" * 100_000,
    '"' * 100_000,
    "\\" * 100_000,
    '{"a":"' + "\\" * 100_000,
    "<a " * 33_000,
    "<a>" * 33_000,
    "-----BEGIN PRIVATE KEY-----" * 3_000,
    "-----BEGIN " * 10_000,
    "Bearer " * 13_000,
    "a=" * 50_000,
    "a=b&" * 25_000,
    "%3D" * 33_000,
    "token" * 20_000 + "=x",
    "xoxb-" * 20_000,
    "SG." * 33_000,
    json.dumps({"a": json.dumps({"b": json.dumps({"c": json.dumps({"d": "x" * 33_000})})})}),
    "--x" * 33_000,
]


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: body[:12])
def test_hostile_bodies_take_linear_time(body: str) -> None:
    """100 KB of anything, as text, as a form, as part of a form and as a header."""
    begun = time.process_time()
    for kind in (b"text/plain", b"multipart/form-data; boundary=x"):
        REDACTION.body(body.encode(), [(b"content-type", kind)])
    REDACTION.value("X-Note", body[:20_000])
    REDACTION.query(body[:20_000])

    assert time.process_time() - begun < 5


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"application/json", b"multipart/form-data; boundary=a"]))
def test_any_body_can_be_written_down(body: bytes, kind: bytes) -> None:
    """Twice with the same outcome."""
    once = REDACTION.body(body, [(b"content-type", kind)])

    assert REDACTION.body(once, [(b"content-type", kind)]) == once
