"""Strict mode: which answer a wrong signature gets."""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

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


def made_at(stamp: str) -> datetime:
    """When a request was signed, so that no test depends on the clock; any time for a stamp that is none."""
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return NOW


def check(lines: Lines, body: bytes = b"{}", at: datetime | None = None) -> None:
    """Verify a request at a given time."""
    check_lines(list(lines.items()), body, at)


def check_lines(lines: list[tuple[str, str]], body: bytes = b"{}", at: datetime | None = None) -> None:
    """The same for header lines of which some have one name."""
    headers = [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in lines]
    now = at or made_at(dict(lines).get("x-amz-date", ""))
    checked = SignatureCheck({"AKID": "secret"}, "us-east-1", lambda: now)
    assert checked.check("POST", (PATH, b"Qualifier=1"), headers, body) == "AKID"


def refusal(lines: Lines, body: bytes = b"{}", at: datetime | None = None) -> tuple[str, str]:
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
        (
            signed() | {"authorization": signed()["authorization"].replace("SHA256", "SHA1")},
            "IncompleteSignatureException",
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'",
        ),
        (
            signed() | {"authorization": signed()["authorization"].replace("/us-east-1", "")},
            "IncompleteSignatureException",
            "Credential must have exactly 5 slash-delimited elements",
        ),
        (
            signed() | {"authorization": signed()["authorization"] + ", Credential=OTHER/a/b/c/d"},
            "IncompleteSignatureException",
            "Authorization=AWS4",
        ),
        (
            {"authorization": "Bearer abc"},
            "IncompleteSignatureException",
            "'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer abc'.",
        ),
        ({"authorization": "Basic abc="}, "IncompleteSignatureException", "Authorization header requires 'Credential'"),
        ({"authorization": "abc"}, "IncompleteSignatureException", "Authorization header requires 'Credential'"),
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


def resigned(names: str, **changes: str) -> Lines:
    """A request whose signature names other headers; the signature is that of `signed`."""
    lines = signed()
    scope, _, rest = lines["authorization"].partition("SignedHeaders=")
    return lines | changes | {"authorization": f"{scope}SignedHeaders={names}, {rest.partition(', ')[2]}"}


NOT_SIGNED = [
    ("x-amz-invocation-type", "Event"),
    ("x-amz-log-type", "Tail"),
    ("x-amz-client-context", "e30="),
    ("x-amz-content-sha256", hashlib.sha256(b"{}").hexdigest()),
    ("x-amz-anything", ""),
]


@pytest.mark.parametrize(("name", "value"), NOT_SIGNED)
def test_a_header_of_aws_must_be_signed(name: str, value: str) -> None:
    """Nothing can be added to a signed request that would be obeyed."""
    text = f"'{name.title()}' must be a 'SignedHeader' in the AWS Authorization."

    assert refusal(signed() | {name: value}) == ("InvalidSignatureException", text)


def test_headers_of_others_need_no_signature() -> None:
    """SDKs never sign the trace, and proxies add lines of their own."""
    check(signed() | {"x-amzn-trace-id": "Root=1-2-3", "x-forwarded-for": "192.0.2.1", "amz-sdk-request": "attempt=1"})


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (resigned("x-amz-date;x-amz-security-token"), "'Host' or ':authority' must be a 'SignedHeader'"),
        (resigned(";host;x-amz-date;x-amz-security-token"), "The request signature we calculated"),
        (resigned("absent;host;x-amz-date;x-amz-security-token"), "The request signature we calculated"),
        (resigned("host;host;x-amz-date;x-amz-security-token"), "The request signature we calculated"),
        (resigned("host;x-amz-date"), "'X-Amz-Security-Token' must be a 'SignedHeader'"),
        (resigned("host;user-agent;x-amz-date;x-amz-security-token"), "The request signature we calculated"),
    ],
    ids=["no host", "an empty name", "an absent name", "a name twice", "no token", "one more"],
)
def test_the_names_of_signed_headers_count(lines: Lines, text: str) -> None:
    """Each must be there, and be among those that were signed."""
    code, got = refusal(lines)

    assert code == "InvalidSignatureException"
    assert got.startswith(text)


@pytest.mark.parametrize("name", ["x-amz-date", "host", "x-amz-security-token", "authorization"])
@pytest.mark.parametrize("place", ["before", "behind"])
def test_a_second_line_of_a_signed_header_counts(name: str, place: str) -> None:
    """Whichever of two lines a reader takes, both were signed or the request is refused."""
    lines = list(signed().items())
    lines.insert(0 if place == "before" else len(lines), (name, "another"))

    with pytest.raises(ApiError):
        check_lines(lines)


def own_hash(body: bytes, declared: str, signer: type[SigV4Auth] = SigV4Auth) -> Lines:
    """A request of a client that declares a hash of its own and signs it."""
    request = AWSRequest(
        method="POST",
        url=f"http://127.0.0.1:3001{PATH.decode()}?Qualifier=1",
        data=body,
        headers={"X-Amz-Content-SHA256": declared},
    )
    signer(Credentials("AKID", "secret"), "lambda", "us-east-1").add_auth(request)
    return {name.lower(): str(value) for name, value in request.headers.items()} | {"host": "127.0.0.1:3001"}


@pytest.mark.parametrize(
    ("body", "declared", "taken"),
    [
        (b"{}", hashlib.sha256(b"{}").hexdigest(), True),
        (b"", "UNSIGNED-PAYLOAD", True),
        (b"{}", "UNSIGNED-PAYLOAD", False),
        (b"{}", "unsigned-payload", False),
        (b"", "unsigned-payload", False),
        (b"{}", hashlib.sha256(b"[]").hexdigest(), False),
        (b"{}", hashlib.sha256(b"{}").hexdigest().upper(), False),
        (b"{}", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", False),
        (b"{}", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", False),
        (b"", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", False),
        (b"{}", "", False),
        (b"{}", "0", False),
    ],
)
def test_the_body_is_signed(body: bytes, declared: str, *, taken: bool) -> None:
    """Only a request without a body needs no hash of it; a signed promise is no hash."""
    if taken:
        check(own_hash(body, declared), body)
    else:
        assert refusal(own_hash(body, declared), body)[0] == "InvalidSignatureException"


class HashOfTheBody(SigV4Auth):  # type: ignore[misc]  # botocore has no types
    """Signs the hash of the body, whatever the request declares."""

    def canonical_request(self, request: AWSRequest) -> str:
        """The request, with another last line."""
        before = str(super().canonical_request(request)).rpartition("\n")[0]
        return f"{before}\n{hashlib.sha256(request.body).hexdigest()}"


def test_a_declared_hash_counts_beside_the_signed_one() -> None:
    """Whoever reads only one of them must not be told something else."""
    good, bad = (own_hash(b"{}", hashlib.sha256(body).hexdigest(), HashOfTheBody) for body in (b"{}", b"[]"))

    check(good)
    assert refusal(bad)[0] == "InvalidSignatureException"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.upper(),
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda _: "é" * 64,
        lambda _: "0" * 64,
    ],
)
def test_a_signature_is_64_lower_case_digits(change: Callable[[str], str]) -> None:
    """Everything else is a mismatch, texts beyond ASCII too."""
    lines = signed()
    before, _, signature = lines["authorization"].rpartition("=")

    assert refusal(lines | {"authorization": f"{before}={change(signature)}"})[0] == "InvalidSignatureException"


@pytest.mark.parametrize(
    "stamp", ["", "now", "2026-01-01T00:00:00Z", "20261301T000000Z", "20260101T1 2 3Z", "2026111T010203Z"]
)
def test_odd_dates(stamp: str) -> None:
    """A date that is none is incomplete, in words that say so."""
    code, text = refusal(signed() | {"x-amz-date": stamp})

    assert code == "IncompleteSignatureException"
    assert "'X-Amz-Date'" in text or "Date must be in ISO-8601" in text


def presigned(expires: int = 60, **changes: str) -> tuple[bytes, bytes, Lines]:
    """Path, query and headers of a presigned URL; ``changes`` replace parts of the query."""
    request = AWSRequest(method="POST", url="http://127.0.0.1:3001/a%20b?c=d%20e")
    SigV4QueryAuth(Credentials("AKID", "secret", "token"), "lambda", "us-east-1", expires=expires).add_auth(request)
    query = request.url.partition("?")[2]
    for name, value in changes.items():
        query = re.sub(rf"X-Amz-{name}=[^&]*", value, query)
    return b"/a%20b", query.encode(), {"host": "127.0.0.1:3001"}


def check_url(url: tuple[bytes, bytes, Lines], later_s: int = 0, body: bytes = b"") -> str:
    """Verify a presigned URL some seconds later."""
    path, query, lines = url
    found = re.search("X-Amz-Date=([^&]*)", query.decode())
    stamp = found[1] if found else lines.get("x-amz-date", "")
    at = made_at(stamp) + timedelta(seconds=later_s)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines.items()]
    return SignatureCheck({"AKID": "secret"}, "us-east-1", lambda: at).check("POST", (path, query), headers, body)


def test_a_presigned_url_passes_until_it_expires() -> None:
    """For the seconds that it names, and without a body that nobody signed."""
    assert check_url(presigned(3600), 3500) == "AKID"
    with pytest.raises(ApiError, match="Signature expired"):
        check_url(presigned(60), 62)
    with pytest.raises(ApiError, match="does not match"):
        check_url(presigned(60), body=b"{}")


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (presigned(604_801), "X-Amz-Expires must be a number"),
        (presigned(0), "X-Amz-Expires must be a number"),
        (presigned(-1), "X-Amz-Expires must be a number"),
        (presigned(Expires="X-Amz-Expires=9999"), "does not match"),
        (presigned(Expires="X-Amz-Expires=1e3"), "X-Amz-Expires must be a number"),
        (presigned(Signature="X-Amz-Signature="), "must include 'X-Amz-Signature'"),
        (presigned(Signature="X-Amz-Signature=a&X-Amz-Signature=b"), "must include 'X-Amz-Signature'"),
        (presigned(Date="X-Amz-Dat=1"), "must include 'X-Amz-Date'"),
        (presigned(Algorithm="X-Amz-Algorithm=AWS4"), "Unsupported AWS 'algorithm': 'AWS4'"),
        (presigned(Credential="X-Amz-Credential=AKID/a/b"), "exactly 5 slash-delimited elements"),
        (presigned(SignedHeaders="X-Amz-SignedHeaders=user-agent"), "'Host' or ':authority' must be"),
        ((*presigned()[:2], {"host": "x", "authorization": "Bearer x"}), "Found both 'X-Amz-Algorithm'"),
        ((*presigned()[:2], {"host": "127.0.0.1:3001", "x-amz-a": "x"}), "'X-Amz-A' must be a 'SignedHeader'"),
    ],
)
def test_a_presigned_url_that_was_changed(url: tuple[bytes, bytes, Lines], text: str) -> None:
    """Each mistake has its text."""
    with pytest.raises(ApiError, match=text):
        check_url(url)


def test_a_query_that_only_looks_presigned() -> None:
    """A key that ends like one of AWS's is the caller's own."""
    request = AWSRequest(method="POST", url="http://127.0.0.1:3001/?not-X-Amz-Algorithm=1", data=b"")
    SigV4Auth(Credentials("AKID", "secret"), "lambda", "us-east-1").add_auth(request)
    lines = {name.lower(): str(value) for name, value in request.headers.items()} | {"host": "127.0.0.1:3001"}

    assert check_url((b"/", b"not-X-Amz-Algorithm=1", lines)) == "AKID"
