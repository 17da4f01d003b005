"""HAR files as recordings."""

import json
from typing import Any

import pytest

from gateway.errors import UsageError
from gateway.observe.har import from_har


def har(**members: Any) -> bytes:  # noqa: ANN401 - members of request, or response
    """A file with one entry, as Chrome saves it."""
    response = members.pop("response", {"status": 200, "headers": []})
    request = {"method": "GET", "url": "https://example.com/a%20b?c=d%26#e", "httpVersion": "HTTP/1.1", "headers": []}
    entry = {"startedDateTime": "2026-01-01T00:00:00Z", "request": request | members, "response": response}
    return json.dumps({"log": {"entries": [entry]}}).encode()


def test_a_request_and_its_response_are_read() -> None:
    """Target byte for byte without the fragment; pseudo headers are no headers."""
    headers = [{"name": ":method", "value": "POST"}, {"name": "accept", "value": "*/*"}]
    posted = {"mimeType": "application/json", "text": '{"ä":1}'}
    response = {
        "status": 201,
        "headers": [
            {"name": "content-encoding", "value": "gzip"},
            {"name": "content-length", "value": "5"},
            {"name": "set-cookie", "value": "a=1\nb=2"},
        ],
        "content": {"size": 2, "text": "aGk=", "encoding": "base64"},
    }

    (read,) = from_har(
        har(method="POST", headers=headers, httpVersion="h2", postData=posted, response=response), "rest"
    )

    assert read.flavour == "rest"
    assert (read.request.method, read.request.raw_path, read.request.raw_query) == ("POST", b"/a%20b", b"c=d%26")
    assert read.request.headers == [(b"host", b"example.com"), (b"accept", b"*/*")]
    assert (read.request.body, read.request.http_version) == ('{"ä":1}'.encode(), "2")
    assert (read.request.scheme, read.request.server[1]) == ("https", 443)
    assert read.response is not None
    assert (read.response.status, read.response.body) == (201, b"hi")
    assert read.response.headers == [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    assert read.recorded_at == "2026-01-01T00:00:00Z"


def test_a_form_and_a_port_are_read() -> None:
    """Fields without their text are encoded anew; a Host that is there stays."""
    posted = {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a", "value": "b c"}, {"name": "d"}]}
    host = [{"name": "Host", "value": "other.example"}]

    (read,) = from_har(
        har(url="http://u:p@localhost:8080", headers=host, postData=posted, httpVersion="http/1.0"), "alb"
    )

    assert read.request.body == b"a=b+c&d="
    assert (read.request.raw_path, read.request.server[1]) == (b"/", 8080)
    assert read.request.headers == [(b"Host", b"other.example")]
    assert read.request.http_version == "1.0"


def test_a_body_that_was_not_saved_is_not_compared() -> None:
    """Browsers leave large ones out."""
    (read,) = from_har(har(response={"status": 200, "headers": [], "content": {"size": 5}}), "alb")

    assert read.streamed


@pytest.mark.parametrize(
    "members", [{"url": "data:text/plain,a"}, {"url": "wss://example.com/"}, {"response": {"status": 0, "headers": []}}]
)
def test_what_was_no_exchange_is_left_out(members: dict[str, Any]) -> None:
    """Blocked requests have status 0."""
    assert list(from_har(har(**members), "alb")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{", "it is no HAR file"),
        (b"[]", "it is no HAR file"),
        (b'{"log":{}}', "it is no HAR file.*entries"),
        (b'{"log":{"entries":[{}]}}', "entry 0 of the HAR file cannot be read"),
    ],
)
def test_other_files_are_refused(text: bytes, message: str) -> None:
    """With where it went wrong."""
    with pytest.raises(UsageError, match=message):
        list(from_har(text, "alb"))
