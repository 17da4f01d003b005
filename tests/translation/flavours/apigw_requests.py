"""Requests and results that the property tests of the API Gateway front doors draw from."""

from typing import Any, Final

from hypothesis import strategies as st

from gateway.translation.messages import Arrival, Request

ARRIVAL: Final = Arrival("8af0f750-fdfc-4b2e-bf85-0218623df93e", 1744668620123, "1-67fd87cc-09a86408172acd0726c798d5")

BROWSER: Final = [
    (b"Host", b"localhost:8080"),
    (b"Connection", b"keep-alive"),
    (b"Cache-Control", b"max-age=0"),
    (b"Upgrade-Insecure-Requests", b"1"),
    (b"User-Agent", b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"),
    (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
    (b"Sec-Fetch-Site", b"none"),
    (b"Sec-Fetch-Mode", b"navigate"),
    (b"Sec-Fetch-User", b"?1"),
    (b"Sec-Fetch-Dest", b"document"),
    (b"Accept-Encoding", b"gzip, deflate, br, zstd"),
    (b"Accept-Language", b"en-GB,en;q=0.9"),
    (b"Cookie", b"session=abc123; theme=dark"),
]

REQUEST: Final = Request(
    method="GET",
    raw_path=b"/pets/7",
    raw_query=b"page=2&tag=a&tag=b",
    headers=BROWSER,
    body=b"",
    client=("192.0.2.1", 50000),
    server=("192.0.2.2", 443),
)

_names = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ-", min_size=1, max_size=12).map(str.encode) | st.sampled_from(
    [name for name, _ in BROWSER] + [b"content-type", b"x-forwarded-for", b"X-Amzn-Trace-Id", b"Content-Length"]
)
_values = st.binary(max_size=20).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b""))


def requests() -> st.SearchStrategy[Request]:
    """Any request that a server could have read, bytes outside ASCII included."""
    return st.tuples(
        st.sampled_from(["GET", "POST", "PURGE"]),
        st.binary(max_size=30).map(lambda raw: b"/" + raw.replace(b"?", b"")),
        st.binary(max_size=30),
        st.lists(st.tuples(_names, _values), max_size=6),
        st.binary(max_size=40),
    ).map(lambda drawn: Request(*drawn, client=("192.0.2.1", 50000), server=("192.0.2.2", 443)))


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON value, with numbers and text that AWS's Python runtime can write."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    return st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


def results() -> st.SearchStrategy[dict[str, Any]]:
    """Results whose members have the right names and any value."""
    status = st.integers(100, 700) | st.sampled_from(["200", 0, 200.5]) | json_values()
    headers = st.dictionaries(st.text(max_size=6), json_values(), max_size=3) | json_values()
    return st.fixed_dictionaries(
        {},
        optional={
            "statusCode": status,
            "headers": headers,
            "multiValueHeaders": headers,
            "cookies": json_values(),
            "body": st.text() | json_values(),
            "isBase64Encoded": st.booleans() | json_values(),
        },
    )
