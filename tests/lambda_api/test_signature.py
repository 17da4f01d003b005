"""Strict mode: which answer a wrong signature gets."""

import sys
from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from gateway.errors import UsageError
from gateway.lambda_api.errors import ApiError
from gateway.lambda_api.signature import SignatureCheck

NOW = datetime.now(UTC).replace(microsecond=0)
PATH = b"/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/invocations"
Lines = dict[str, str]


def signed(body: bytes = b"{}", *, service: str = "lambda") -> Lines:
    """The headers that botocore sends for one request."""
    request = AWSRequest(method="POST", url=f"http://127.0.0.1:3001{PATH.decode()}?Qualifier=1", data=body)
    SigV4Auth(Credentials("AKID", "secret", "token"), service, "us-east-1").add_auth(request)
    lines = {name.lower(): str(value) for name, value in request.headers.items()}
    return lines | {"host": "127.0.0.1:3001", "user-agent": "not signed"}


def check(lines: Lines, body: bytes = b"{}", at: datetime = NOW) -> None:
    """Verify a request at a given time."""
    keys = {"AKID": "secret"}
    headers = [(name.encode(), value.encode()) for name, value in lines.items()]
    SignatureCheck(keys, "us-east-1", lambda: at).check("POST", (PATH, b"Qualifier=1"), headers, body)


def refusal(lines: Lines, body: bytes = b"{}", at: datetime = NOW) -> tuple[str, str]:
    """Exception and text of a refused request, which is always a 403."""
    with pytest.raises(ApiError) as raised:
        check(lines, body, at)
    assert raised.value.status == 403
    return raised.value.code, raised.value.message or ""


def test_a_signed_request_passes() -> None:
    """Session token, encoded path and query are part of what botocore signs."""
    check(signed())


def test_a_signed_hash_must_be_of_the_body() -> None:
    """A client may send the hash of the body; it must be right."""
    wrong = signed() | {"x-amz-content-sha256": "0" * 64}

    assert refusal(wrong)[0] == "InvalidSignatureException"


@pytest.mark.parametrize(
    ("lines", "code", "text"),
    [
        ({}, "MissingAuthenticationTokenException", "Missing Authentication Token"),
        ({"authorization": "Basic abc"}, "IncompleteSignatureException", "Authorization header requires 'Credential'"),
        (
            signed(service="sqs"),
            "InvalidSignatureException",
            "Credential should be scoped to correct service: 'lambda'.",
        ),
        (signed() | {"x-amz-date": "20200101T000000Z"}, "InvalidSignatureException", "Date in Credential scope"),
        (signed() | {"x-amz-date": NOW.strftime("%Y%m%d")}, "IncompleteSignatureException", "Date must be in ISO-8601"),
        (
            signed() | {"authorization": signed()["authorization"].replace("aws4_request", "aws5_request")},
            "InvalidSignatureException",
            "Credential should be scoped with a valid terminator",
        ),
        (
            signed() | {"host": "127.0.0.2"},
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided.",
        ),
    ],
)
def test_a_wrong_request_gets_the_answer_of_aws(lines: Lines, code: str, text: str) -> None:
    """Each mistake has its own exception and text."""
    got_code, got_text = refusal(lines)

    assert got_code == code
    assert got_text.startswith(text)


def test_a_changed_body_is_noticed() -> None:
    """The signature covers the body without a header for it."""
    assert refusal(signed(), b"[]")[0] == "InvalidSignatureException"


def test_the_clock_may_differ_by_five_minutes() -> None:
    """A stamp that is too old or too new names both times."""
    lines = signed()
    stamp = datetime.strptime(lines["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    limit = timedelta(minutes=5)
    check(lines, at=stamp + limit)
    check(lines, at=stamp - limit)

    late = stamp + limit + timedelta(seconds=1)
    expired = refusal(lines, at=late)
    early = refusal(lines, at=stamp - limit - timedelta(seconds=1))

    earliest = late - limit
    assert expired[1] == (
        f"Signature expired: {lines['x-amz-date']} is now earlier than {earliest:%Y%m%dT%H%M%SZ} "
        f"({late:%Y%m%dT%H%M%SZ} - 5 min.)"
    )
    assert early[1].startswith("Signature not yet current: ")


def test_strict_mode_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without botocore the message names the extra."""
    monkeypatch.setitem(sys.modules, "botocore.auth", None)

    with pytest.raises(UsageError, match=r"install lambda-http-gateway\[aws\]"):
        SignatureCheck({}, "us-east-1")
