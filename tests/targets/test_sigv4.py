"""Our signature against botocore's."""

from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from gateway.targets.sigv4 import Keys, Signer, TargetUri

NOW = 1_700_000_000
KEYS = Keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


def botocore_says(keys: Keys, uri: TargetUri, extra: list[tuple[bytes, bytes]], body: bytes, epoch_s: int) -> str:
    """The authorization that botocore writes for the same request."""
    url = f"https://{uri.host}{uri.path}" + (f"?{uri.query}" if uri.query else "")
    stamp = datetime.fromtimestamp(epoch_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": uri.host, "X-Amz-Date": stamp, **{name.decode(): value.decode() for name, value in extra}}
    if keys.token:
        headers["X-Amz-Security-Token"] = keys.token
    request = AWSRequest("POST", url, headers=headers, data=body)
    request.context["timestamp"] = stamp
    signer = SigV4Auth(Credentials(keys.access_key, keys.secret_key, keys.token or None), "lambda", "eu-west-1")
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    names = signer.signed_headers(signer.headers_to_sign(request))
    return f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={names}, Signature={signature}"


def ours(keys: Keys, uri: TargetUri, extra: list[tuple[bytes, bytes]], body: bytes, epoch_s: int) -> str:
    """The authorization that we write."""
    lines = dict(Signer(keys, "eu-west-1").headers(uri, extra, body, epoch_s))
    return lines[b"authorization"].decode()


@pytest.mark.parametrize("keys", [KEYS, KEYS._replace(token="IQoJb3JpZ2luX2VjE//+==")], ids=["keys", "token"])
@pytest.mark.parametrize("host", ["lambda.eu-west-1.amazonaws.com", "127.0.0.1:4566"])
@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/2015-03-31/functions/demo/invocations", ""),
        ("/2015-03-31/functions/demo/invocations", "Qualifier=%24LATEST"),
        ("/2021-11-15/functions/arn%3Aaws%3Alambda%3Ax/response-streaming-invocations", "Qualifier=live"),
    ],
)
@pytest.mark.parametrize(
    "extra",
    [
        [],
        [(b"x-amz-log-type", b"Tail")],
        [(b"x-amz-log-type", b"Tail"), (b"x-amz-client-context", b"e30=")],
    ],
    ids=len,
)
def test_the_signature_is_botocores(
    keys: Keys, host: str, path: str, query: str, extra: list[tuple[bytes, bytes]]
) -> None:
    """Every kind of call that an invocation makes."""
    uri = TargetUri(host, path, query)
    assert ours(keys, uri, extra, b'{"a":1}', NOW) == botocore_says(keys, uri, extra, b'{"a":1}', NOW)


@given(
    body=st.binary(),
    epoch_s=st.integers(1_600_000_000, 2_000_000_000),
    name=st.from_regex("[a-zA-Z0-9_-]{1,64}", fullmatch=True),
)
def test_any_body_at_any_time(body: bytes, epoch_s: int, name: str) -> None:
    """Whatever is sent whenever."""
    uri = TargetUri("localhost", f"/2015-03-31/functions/{name}/invocations")
    assert ours(KEYS, uri, [], body, epoch_s) == botocore_says(KEYS, uri, [], body, epoch_s)


def test_a_signer_goes_with_the_time() -> None:
    """The key of one day is not used on the next."""
    signer = Signer(KEYS, "eu-west-1")
    uri = TargetUri("localhost", "/")
    for epoch_s in (NOW, NOW, NOW + 1, NOW + 86_400):
        written = dict(signer.headers(uri, [], b"", epoch_s))[b"authorization"].decode()
        assert written == botocore_says(KEYS, uri, [], b"", epoch_s)


def test_the_lines_of_the_request_are_those_that_were_signed() -> None:
    """Host, date and token are there once each."""
    lines = Signer(KEYS._replace(token="t"), "eu-west-1").headers(TargetUri("localhost", "/"), [], b"", NOW)
    assert [name for name, _ in lines] == [b"host", b"x-amz-date", b"x-amz-security-token", b"authorization"]
