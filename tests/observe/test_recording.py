"""Recordings as JSON documents."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import UsageError
from gateway.observe.recording import Recording, from_document, from_text, to_document, to_text
from gateway.observe.redaction import Redaction
from gateway.translation.messages import Arrival, Request, Response, Tls
from gateway.translation.result import load_result
from tests.observe.exchanges import ARRIVAL, HTTP_FLAVOURS, REQUEST, recorded
from tests.translation.flavours.apigw_requests import json_values
from tests.translation.flavours.apigw_requests import requests as odd_requests


@pytest.mark.parametrize("name", HTTP_FLAVOURS)
def test_a_recording_comes_back_from_its_text(name: str) -> None:
    """Nothing is lost for any listener type; the result is equal as JSON."""
    recording = recorded(name)

    read = from_text(to_text(recording))

    assert read.payload is not None
    assert recording.payload is not None
    assert json.loads(read.payload) == json.loads(recording.payload)
    assert replace(read, payload=recording.payload) == replace(
        recording, response=recording.response and recording.response._replace(headers=[*recording.response.headers])
    )


@given(request=odd_requests())
def test_any_request_comes_back(request: Request) -> None:
    """Bytes that are no text too."""
    assert from_text(to_text(Recording("alb", {}, request))).request == request


@given(value=json_values())
def test_any_result_comes_back(value: Any) -> None:  # noqa: ANN401 - any JSON
    """As a listener reads it: NaN and lone surrogates are what AWS's Python runtime can write."""
    payload = json.dumps(value).encode()

    read = from_text(to_text(Recording("alb", {}, REQUEST, payload=payload))).payload

    assert read is not None
    assert json.dumps(load_result(read)) == json.dumps(load_result(payload))


@given(body=st.binary(max_size=40))
def test_a_body_is_text_or_base64_and_comes_back(body: bytes) -> None:
    """Control characters make it base64, as nobody can read them."""
    recording = Recording("alb", {}, REQUEST, response=Response(200, [], body))

    read = from_text(to_text(recording)).response

    assert read is not None
    assert read.body == body


def test_the_document_is_readable() -> None:
    """Texts are texts, pairs are pairs, secrets are gone."""
    document = to_document(recorded(), Redaction())

    assert document["request"] == {
        "method": "POST",
        "path": "/pets/7",
        "query": "page=2&token=redacted",
        "headers": [
            ["Host", "example.com"],
            ["Authorization", "Bearer redacted"],
            ["Cookie", "session=redacted; theme=redacted"],
            ["Content-Type", "application/json"],
            ["Content-Length", "7"],
        ],
        "body": '{"a":1}',
        "client": ["192.0.2.1", 50000],
        "server": ["192.0.2.2", 80],
        "scheme": "http",
        "http_version": "1.1",
    }
    assert b"abc" not in to_text(recorded(), Redaction())
    assert b"a=1; Path=/" not in to_text(recorded(), Redaction())


def test_facts_of_the_connection_come_back() -> None:
    """TLS, an absolute-form target, a closing connection, a masked pointer."""
    request = REQUEST._replace(
        tls=Tls("TLSv1.3", "TLS_AES_128_GCM_SHA256", "example.com", b"\x30\xff"),
        authority=b"a.example",
        keep_alive=False,
    )
    recording = Recording("alb", {}, request, mask=("/event/body",), recorded_at="2026-01-01T00:00:00Z", source="x")

    assert from_text(to_text(recording)) == recording


def test_a_stream_is_said_to_have_gone_by() -> None:
    """Its bytes were not kept."""
    recording = Recording("url-stream", {}, REQUEST, response=Response(200, []), streamed=True)

    assert b'"body_streamed": true' in to_text(recording)
    assert from_text(to_text(recording)).streamed


def test_a_result_that_is_no_json_is_kept_as_text() -> None:
    """It is what the 502 is about."""
    recording = Recording("alb", {}, REQUEST, payload=b"{oops")

    assert to_document(recording)["payload"] == "{oops"
    assert from_text(to_text(recording)).payload == b"{oops"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{oops", "it is not JSON"),
        (b"\xff", "it is not JSON"),
        (b"[]", "it is no recording"),
        (b"{}", "flavour is missing|request is missing"),
        (b'{"flavour":"alb","request":{"method":"GET"}}', "path is missing"),
        (b'{"flavour":"alb","request":{"method":"GET","path":"/","headers":[["a"]]}}', "it is no recording"),
        (b'{"flavour":"alb","request":{"method":"GET","path":"/","headers":[],"body_base64":"?"}}', "no recording"),
    ],
)
def test_what_is_no_recording_is_refused(text: bytes, message: str) -> None:
    """The message says what is missing."""
    with pytest.raises(UsageError, match=message):
        from_text(text)


def test_the_arrival_is_optional() -> None:
    """A HAR file knows no request id."""
    document = to_document(Recording("alb", {}, REQUEST))

    assert "arrival" not in document
    assert from_document(document).arrival is None
    assert isinstance(from_document({**document, "arrival": ARRIVAL._asdict()}).arrival, Arrival)
