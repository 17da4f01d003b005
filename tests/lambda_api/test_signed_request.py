"""The canonical forms of requests, held against botocore's signer."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.lambda_api.errors import ApiError
from gateway.lambda_api.signature import SignatureCheck
from gateway.lambda_api.signed_request import signed_request

Headers = list[tuple[bytes, bytes]]

HOST = (b"host", b"example.com")
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
PATHS = st.lists(st.one_of(WORDS.map(quote), st.sampled_from(["", ".", "..", "%2F", "a+b", "~", "@:!$'()*,;="]))).map(
    lambda segments: "/" + "/".join(segments)
)
PAIRS = st.tuples(WORDS, WORDS).map(lambda pair: "=".join(quote(word, safe="-_.~") for word in pair))
QUERIES = st.lists(PAIRS, max_size=4).map("&".join)
VALUES = st.text("abc ,\t=;", max_size=12)
LINES = st.dictionaries(st.sampled_from(["X-Amz-Invocation-Type", "X-Amz-A", "Content-Type", "A_b"]), VALUES)


def signed(method: str, url: str, lines: dict[str, str], body: bytes) -> Headers:
    """The header lines that botocore sends."""
    request = AWSRequest(method=method, url=f"http://example.com{url}", headers=lines, data=body)
    SigV4Auth(Credentials("AKID", "secret"), "lambda", "us-east-1").add_auth(request)
    return [(name.lower().encode(), str(value).encode()) for name, value in request.headers.items()] + [HOST]


def taken(method: str, url: str, headers: Headers, body: bytes) -> bool:
    """Whether a request is believed."""
    path, _, query = url.encode().partition(b"?")
    check = SignatureCheck({"AKID": "secret"}, "us-east-1")
    try:
        return check.check(method, (path, query), headers, body) == "AKID"
    except ApiError:
        return False


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["GET", "POST", "DELETE"]), PATHS, QUERIES, LINES, st.binary(max_size=20))
def test_what_botocore_signs_is_believed(
    method: str, path: str, query: str, lines: dict[str, str], body: bytes
) -> None:
    """Whatever stands in path, query, headers and body; and nothing of it can be changed."""
    url = f"{path}?{query}" if query else path
    headers = signed(method, url, lines, body)

    assert taken(method, url, headers, body)
    assert not any(
        [
            taken("PUT", url, headers, body),
            taken(method, f"{path}/x?{query}", headers, body),
            taken(method, f"{path}?{query}&x=1", headers, body),
            taken(method, url, headers, body + b"x"),
            *(taken(method, url, changed(headers, name), body) for name in lines),
        ]
    )


def changed(headers: Headers, name: str) -> Headers:
    """The same with another value of one header."""
    return [(key, value + b"x" if key == name.lower().encode() else value) for key, value in headers]


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        (b"/", b"/"),
        (b"", b"/"),
        (b"//", b"/"),
        (b"/a//b/", b"/a/b/"),
        (b"/a/./b", b"/a/b"),
        (b"/a/../b", b"/b"),
        (b"/../../b", b"/b"),
        (b"/a%2Fb", b"/a%252Fb"),
        (b"/\xff", b"/%FF"),
    ],
)
def test_canonical_paths(path: bytes, canonical: bytes) -> None:
    """Without empty and dot segments, and encoded once more."""
    made = next(signed_request("GET", (path, b""), [HOST]).canonical(["host"], "hash"))

    assert made.split(b"\n")[1] == canonical


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        (b"", [b""]),
        (b"b=1&a=2&a=1", [b"a=1&a=2&b=1"]),
        (b"a", [b"a="]),
        (b"a=b*c", [b"a=b%2Ac", b"a=b*c"]),
        (b"a=%2f%7e", [b"a=%2F~", b"a=%2f%7e"]),
        (b"a=b=c", [b"a=b%3Dc", b"a=b=c"]),
        (b"X-Amz-Signature=1&a=1", [b"a=1"]),
    ],
)
def test_canonical_queries(query: bytes, canonical: list[bytes]) -> None:
    """Sorted; encoded as AWS does it, and as it is written where that differs."""
    made = signed_request("GET", (b"/", query), [HOST]).canonical(["host"], "hash")

    assert [text.split(b"\n")[2] for text in made] == canonical


def test_lines_of_one_name_are_joined() -> None:
    """With a comma, in their order; spaces around a value and runs of them do not count."""
    lines = [(b"a", b"  1 \t 2 "), (b"b", b"3"), (b"a", b"\xa0 4")]

    assert signed_request("GET", (b"/", b""), lines).lines == {"a": "1 2,\xa0 4", "b": "3"}


def test_a_date_header_is_as_good_as_that_of_aws() -> None:
    """Where there is no ``x-amz-date``, in the same form."""
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    authorization = b"AWS4-HMAC-SHA256 Credential=A/1/2/3/4, SignedHeaders=Date;host, Signature=0"
    request = signed_request("GET", (b"/", b""), [(b"authorization", authorization), (b"date", stamp.encode())])

    assert request.given() == ("A", "1/2/3/4", stamp, ("date", "host"), "0", "")
