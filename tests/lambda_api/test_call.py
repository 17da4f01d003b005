"""What a call is refused for, byte for byte."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from gateway.lambda_api.call import CLIENT_CONTEXT_LIMIT, EVENT_LIMIT, LEGACY_EVENT_LIMIT, SYNC_LIMIT
from tests.lambda_api.conftest import INVOKE, STREAM, ControlPort

CASES = json.loads((Path(__file__).parent.parent / "data/lambda_api/refusals.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_a_refusal_is_exact(control: ControlPort, case: dict[str, Any]) -> None:
    """Status, exception and body are AWS's; the function is not called."""
    url = f"/2015-03-31/functions/{quote(case['name'], safe='')}/invocations"
    body = bytes.fromhex(case.get("payload_hex", ""))

    answer = control.client.post(url, params=case.get("query"), headers=case.get("headers"), content=body)

    assert answer.content.decode() == case["body"], case["why"]
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (case["status"], case["type"])
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.headers["x-amzn-requestid"]) == 36
    assert control.target.seen == []


def body_of(size: int) -> bytes:
    """A JSON string of exactly ``size`` bytes."""
    return b'"' + b"a" * (size - 2) + b'"'


def test_a_synchronous_event_may_have_6_mib(control: ControlPort) -> None:
    """The limit itself passes, one byte more is refused with the text of AWS."""
    assert control.client.post(INVOKE, content=body_of(SYNC_LIMIT)).status_code == 200

    refused = control.client.post(INVOKE, content=body_of(SYNC_LIMIT + 1))

    assert (refused.status_code, refused.headers["x-amzn-errortype"]) == (413, "RequestEntityTooLargeException")
    expected = b'{"message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}'
    assert refused.content == expected
    assert len(control.target.seen) == 1


@pytest.mark.parametrize(
    ("path", "limit"),
    [(INVOKE, EVENT_LIMIT), ("/2014-11-13/functions/demo-lambda/invoke-async", LEGACY_EVENT_LIMIT)],
)
def test_an_asynchronous_event_may_have_less(control: ControlPort, path: str, limit: int) -> None:
    """1 MiB, in the legacy operation 256 KiB; the refusal names the size and the limit."""
    headers = {"X-Amz-Invocation-Type": "Event"}
    assert control.client.post(path, content=body_of(limit), headers=headers).status_code == 202

    refused = control.client.post(path, content=body_of(limit + 1), headers=headers)

    text = f"{limit + 1} byte payload is too large for the Event invocation type (limit {limit} bytes)"
    assert (refused.status_code, refused.json()) == (413, {"message": text})


def test_a_client_context_has_a_limit(control: ControlPort) -> None:
    """3583 bytes of base64 pass as far as their length goes, more do not."""
    refused = control.client.post(INVOKE, headers={"X-Amz-Client-Context": "A" * (CLIENT_CONTEXT_LIMIT + 1)})

    assert (refused.status_code, refused.headers["x-amzn-errortype"]) == (400, "InvalidRequestContentException")
    assert "3583" in refused.json()["message"]


def test_a_stream_cannot_be_asynchronous(control: ControlPort) -> None:
    """The streaming operation knows two invocation types."""
    refused = control.client.post(STREAM, headers={"X-Amz-Invocation-Type": "Event"})

    assert refused.status_code == 400
    assert refused.json()["message"].endswith("Member must satisfy enum value set: [RequestResponse, DryRun]")


@pytest.mark.parametrize("payload", [b'"\\ud800"', b"\xef\xbb\xbf{}"])
def test_what_the_parser_of_aws_accepts_passes(control: ControlPort, payload: bytes) -> None:
    """A lone surrogate in an escape and a byte order mark reach the function unchanged."""
    assert control.client.post(INVOKE, content=payload).status_code == 200

    assert control.target.seen[0].payload == payload


def test_any_content_type_will_do(control: ControlPort) -> None:
    """SDKs send none at all; curl sends a form's."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    assert control.client.post(INVOKE, content=b"{}", headers=headers).status_code == 200
