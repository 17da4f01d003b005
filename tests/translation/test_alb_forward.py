"""Lines between a client and an HTTP server behind a load balancer."""

import pytest

from gateway.errors import Fault, FaultKind
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.alb_forward import Framing, request_lines, response_lines, stream_length
from gateway.translation.messages import Arrival, Request, Tls

ARRIVAL = Arrival("6f7f0961-1234-4abc-8def-0123456789ab", 1_700_000_000_000, "1-6553f100-0123456789abcdef01234567")
ROOT = b"Root=1-6553f100-0123456789abcdef01234567"
DATE = b"Tue, 14 Nov 2023 22:13:20 GMT"
Lines = list[tuple[bytes, bytes]]


def request(*lines: tuple[bytes, bytes], port: int = 80, version: str = "1.1", authority: bytes = b"") -> Request:
    """A request with these lines."""
    return Request(
        "GET", b"/", b"", lines, b"", ("192.0.2.1", 4000), ("10.0.0.1", port), http_version=version, authority=authority
    )


def lines_for(*lines: tuple[bytes, bytes], attributes: AlbAttributes | None = None, port: int = 80) -> Lines:
    """What the server gets."""
    return request_lines(request(*lines, port=port), ARRIVAL, attributes or AlbAttributes())


def test_the_load_balancers_lines_stand_first() -> None:
    """The client's follow in their order and spelling, empty and repeated ones too."""
    assert lines_for((b"HOST", b"Example.com:80"), (b"X-One", b"1"), (b"x-one", b""), (b"X-Bytes", b"\xff")) == [
        (b"X-Forwarded-For", b"192.0.2.1"),
        (b"X-Forwarded-Proto", b"http"),
        (b"X-Forwarded-Port", b"80"),
        (b"Host", b"Example.com"),
        (b"X-Amzn-Trace-Id", ROOT),
        (b"X-One", b"1"),
        (b"x-one", b""),
        (b"X-Bytes", b"\xff"),
    ]


def test_what_the_client_claims_is_replaced_or_extended() -> None:
    """Addresses and trace are extended, protocol and port replaced."""
    lines = dict(
        lines_for(
            (b"x-forwarded-for", b"198.51.100.1"),
            (b"X-Forwarded-Proto", b"https"),
            (b"X-Forwarded-Port", b"69"),
            (b"X-Amzn-Trace-Id", b"Root=1-2-3"),
        )
    )
    assert lines == {
        b"X-Forwarded-For": b"198.51.100.1, 192.0.2.1",
        b"X-Forwarded-Proto": b"http",
        b"X-Forwarded-Port": b"80",
        b"X-Amzn-Trace-Id": b"Self=1-6553f100-0123456789abcdef01234567;Root=1-2-3",
    }


def test_long_headers_lose_the_clients_trace() -> None:
    """Over 7 KB the value becomes a lone Root."""
    lines = dict(lines_for((b"X-Amzn-Trace-Id", b"Root=1-2-3"), (b"X-Long", b"a" * 8000)))
    assert lines[b"X-Amzn-Trace-Id"] == ROOT


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (AlbAttributes(), [b"198.51.100.1, 192.0.2.1"]),
        (AlbAttributes(xff_client_port=True), [b"198.51.100.1, 192.0.2.1:4000"]),
        (AlbAttributes(xff_mode="preserve"), [b"198.51.100.1"]),
        (AlbAttributes(xff_mode="remove"), []),
    ],
)
def test_modes_of_x_forwarded_for(attributes: AlbAttributes, expected: list[bytes]) -> None:
    """As the attribute says."""
    lines = lines_for((b"X-Forwarded-For", b"198.51.100.1"), attributes=attributes)
    assert [value for name, value in lines if name == b"X-Forwarded-For"] == expected


def test_too_many_addresses_are_refused() -> None:
    """More than 30."""
    with pytest.raises(Fault) as fault:
        lines_for((b"X-Forwarded-For", b", ".join([b"192.0.2.9"] * 31)))
    assert fault.value.kind is FaultKind.TOO_MANY_ADDRESSES


@pytest.mark.parametrize(
    ("sent", "attributes", "port", "expected"),
    [
        ([b"Example.com"], AlbAttributes(), 8080, [b"Example.com:8080"]),
        ([b"a.com", b"b.com"], AlbAttributes(), 80, [b"a.com"]),
        ([b"A.com:1", b"b.com"], AlbAttributes(preserve_host=True), 80, [b"A.com:1", b"b.com"]),
        ([], AlbAttributes(), 80, []),
    ],
)
def test_host(sent: list[bytes], attributes: AlbAttributes, port: int, expected: list[bytes]) -> None:
    """Normalised, or byte for byte."""
    lines = lines_for(*((b"Host", value) for value in sent), attributes=attributes, port=port)
    assert [value for name, value in lines if name == b"Host"] == expected


def test_the_authority_of_the_target_is_the_host() -> None:
    """It takes the place of the header."""
    lines = request_lines(request((b"Host", b"other"), authority=b"Real.com"), ARRIVAL, AlbAttributes())
    assert dict(lines)[b"Host"] == b"Real.com"


def test_hop_by_hop_lines_stay_behind() -> None:
    """Those of the standard and those that the client's connection names, but not what the load balancer adds."""
    lines = lines_for(
        (b"Connection", b"close, X-Hop , content-length, x-amzn-oidc-identity, x-forwarded-for, x-amzn-trace-id"),
        (b"Keep-Alive", b"timeout=5"),
        (b"TE", b"trailers"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Upgrade", b"h2c"),
        (b"Expect", b"100-continue"),
        (b"X-Hop", b"1"),
        (b"Content-Length", b"3"),
        (b"x-amzn-oidc-identity", b"the user who has logged in"),
    )
    assert [name for name, _ in lines] == [
        b"X-Forwarded-For",
        b"X-Forwarded-Proto",
        b"X-Forwarded-Port",
        b"X-Amzn-Trace-Id",
        b"Content-Length",
        b"x-amzn-oidc-identity",
    ]


def test_the_client_cannot_say_what_the_load_balancer_says() -> None:
    """Neither of its certificate nor in a spelling that servers take for the same name."""
    attributes = AlbAttributes(mtls_passthrough=True)
    claimed = (b"X-Amzn-Mtls-Clientcert", b"forged"), (b"X_Forwarded_For", b"1"), (b"x_amzn-trace_id", b"Root=1")
    assert [name for name, _ in lines_for(*claimed, attributes=attributes)] == [
        b"X-Forwarded-For",
        b"X-Forwarded-Proto",
        b"X-Forwarded-Port",
        b"X-Amzn-Trace-Id",
    ]
    preserved = AlbAttributes(xff_mode="preserve")
    assert (b"X_Forwarded_For", b"1") in lines_for((b"X_Forwarded_For", b"1"), attributes=preserved)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([(b"content-length", b"2000000")], 2_000_000),
        ([], None),
        ([(b"Content-Length", b"3"), (b"Content-Length", b"3")], None),
        ([(b"Content-Length", b"3"), (b"Transfer-Encoding", b"chunked")], None),
        ([(b"Transfer-Encoding", b"chunked")], None),
        ([(b"Content-Length", b"+3")], None),
        ([(b"Content-Length", b"3" * 19)], None),
    ],
)
def test_the_length_of_a_stream(lines: Lines, expected: int | None) -> None:
    """What one line says and nothing contradicts."""
    assert stream_length(request(*lines)) == expected


def test_invalid_names_are_dropped_on_request() -> None:
    """With the attribute only letters, digits and hyphens pass."""
    attributes = AlbAttributes(drop_invalid_header_fields=True)
    assert (b"a_b", b"1") in lines_for((b"a_b", b"1"))
    assert (b"a_b", b"1") not in lines_for((b"a_b", b"1"), attributes=attributes)


def test_tls_is_told_on_request() -> None:
    """Under the listener's own names."""
    attributes = AlbAttributes(tls_headers=True, request_header_names={"x-amzn-tls-version": "X-Tls"})
    secure = request()._replace(tls=Tls("TLSv1.3", "TLS_AES_128_GCM_SHA256"), scheme="https")
    lines = dict(request_lines(secure, ARRIVAL, attributes))
    assert lines[b"X-Tls"] == b"TLSv1.3"
    assert lines[b"x-amzn-tls-cipher-suite"] == b"TLS_AES_128_GCM_SHA256"
    assert lines[b"X-Forwarded-Proto"] == b"https"


ANSWERED = [
    (b"server", b"uvicorn"),
    (b"content-type", b"text/html"),
    (b"X-Own", b"1"),
    (b"date", b"Mon, 01 Jan 2024 00:00:00 GMT"),
    (b"content-length", b"4"),
    (b"Connection", b"X-Hop"),
    (b"X-Hop", b"1"),
]
STICKY = [(b"Set-Cookie", b"AWSALB=x"), (b"Set-Cookie", b"AWSALBAPP-0=_remove_")]


def test_an_answer_begins_as_real_ones_do() -> None:
    """The server's own lines keep order and spelling behind the load balancer's."""
    lines = response_lines(ANSWERED, Framing(4), STICKY, request(), ARRIVAL, AlbAttributes())
    assert lines == [
        (b"Date", b"Mon, 01 Jan 2024 00:00:00 GMT"),
        (b"Content-Type", b"text/html"),
        (b"Content-Length", b"4"),
        (b"Connection", b"keep-alive"),
        (b"Set-Cookie", b"AWSALB=x"),
        (b"server", b"uvicorn"),
        (b"X-Own", b"1"),
        (b"Set-Cookie", b"AWSALBAPP-0=_remove_"),
    ]


@pytest.mark.parametrize(
    ("framing", "version", "expected"),
    [
        (Framing(None, chunked=True), "1.1", [(b"Transfer-Encoding", b"chunked"), (b"Connection", b"keep-alive")]),
        (Framing(None, chunked=True), "1.0", [(b"Connection", b"keep-alive")]),
        (Framing(None, chunked=True), "2", []),
        (Framing(0), "2", [(b"content-length", b"0")]),
        (Framing(None), "1.1", [(b"Connection", b"keep-alive")]),
    ],
)
def test_the_framing_is_the_clients(framing: Framing, version: str, expected: Lines) -> None:
    """Chunks are of HTTP/1.1 only; HTTP/2 frames by itself and has lower-case names."""
    lines = response_lines([], framing, [], request(version=version), ARRIVAL, AlbAttributes())
    assert [(name.lower(), value) for name, value in lines[:1]] == [(b"date", DATE)]
    assert list(lines[1:]) == expected


def test_the_listeners_attributes_touch_answers() -> None:
    """The server's name is hidden and lines are inserted."""
    attributes = AlbAttributes(server_header=False, response_headers=[(b"X-Own", b"listener")])
    lines = response_lines(ANSWERED, Framing(4), [], request(), ARRIVAL, attributes)
    assert [line for line in lines if line[0].lower() in {b"server", b"x-own"}] == [(b"X-Own", b"listener")]
