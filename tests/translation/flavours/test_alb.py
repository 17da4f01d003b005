"""Cases of the Application Load Balancer, one file per edge, and what holds for all of them."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadResult, Fault, FaultKind
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.client_certificate import ClientCertificate
from gateway.translation.flavour_options import build_flavour
from gateway.translation.flavours.alb import Alb, error_reason
from gateway.translation.messages import Arrival, Request, Response, Tls
from gateway.types import Json

CASES = sorted((Path(__file__).parents[2] / "data" / "flavours" / "alb").glob("*.json"))
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/demo/0123456789abcdef"
ARRIVAL = Arrival("00000000-0000-4000-8000-000000000000", 1_705_047_552_000, "1-65a0f5c0-0123456789abcdef01234567")
MIB = 1024 * 1024

Case = Mapping[str, Any]  # a parsed file; its shape is checked by what reads it


def load(path: Path) -> Case:
    """The case in a file."""
    case: Case = json.loads(path.read_text("utf-8"))
    return case


def raw(value: str | Mapping[str, str]) -> bytes:
    """Text as UTF-8, or bytes that no text can hold: ``{"hex": "ff"}``."""
    return value.encode() if isinstance(value, str) else bytes.fromhex(value["hex"])


def flavour_of(case: Case) -> Alb:
    """The load balancer with the case's options."""
    options = dict(case.get("options", {}))
    attributes = dict(options.pop("attributes", {}))
    if "response_headers" in attributes:
        attributes["response_headers"] = [(raw(name), raw(value)) for name, value in attributes["response_headers"]]
    return Alb(**{"target_group_arn": ARN, "attributes": AlbAttributes(**attributes), **options})


def request_of(case: Case) -> Request:
    """The case's request; what it leaves out is a plain HTTP/1.1 one."""
    given = dict(case["request"])
    tls = given.pop("tls", None)
    if tls:
        verified = tls.pop("verified", None)
        if verified:
            verified = ClientCertificate(**{**verified, "der": raw(verified["der"])})
        tls = Tls(**{**tls, "client_certificate": raw(tls.get("client_certificate", "")), "verified": verified})
    return Request(
        method=given.pop("method"),
        raw_path=raw(given.pop("path")),
        raw_query=raw(given.pop("query", "")),
        headers=[(raw(name), raw(value)) for name, value in given.pop("headers")],
        body=raw(given.pop("body", "")),
        client=tuple(given.pop("client", ("203.0.113.7", 50000))),
        server=tuple(given.pop("server", ("10.0.0.1", 80))),
        authority=raw(given.pop("authority", "")),
        tls=tls,
        **given,
    )


def plain_request(method: str = "GET", body: bytes = b"") -> Request:
    """A request of a client on port 80."""
    return Request(method, b"/", b"", [(b"Host", b"example.com")], body, ("203.0.113.7", 50000), ("10.0.0.1", 80))


def arrival_of(case: Case) -> Arrival:
    """The case's arrival."""
    return ARRIVAL._replace(**case.get("arrival", {}))


def payload_of(case: Case) -> bytes:
    """The result as the function's runtime wrote it."""
    return raw(case["payload"]) if "payload" in case else json.dumps(case["result"]).encode()


def run(flavour: Alb, case: Case) -> None:
    """Decode the case's result when it has one, else encode its request."""
    if "result" in case or "payload" in case:
        flavour.decode(payload_of(case), request_of(case), arrival_of(case))
    else:
        flavour.encode(request_of(case), arrival_of(case))


@pytest.mark.parametrize("path", [p for p in CASES if "event" in load(p)], ids=lambda path: path.stem)
def test_the_event_is_the_known_one_byte_for_byte(path: Path) -> None:
    """Key order, sorting and values are the load balancer's."""
    case = load(path)

    event = flavour_of(case).encode(request_of(case), arrival_of(case))

    assert event == orjson.dumps(case["event"]), case["why"]


@pytest.mark.parametrize("path", [p for p in CASES if "response" in load(p)], ids=lambda path: path.stem)
def test_the_response_is_the_known_one(path: Path) -> None:
    """Status line, header order and body are the load balancer's."""
    case = load(path)
    expected = case["response"]

    response = flavour_of(case).decode(payload_of(case), request_of(case), arrival_of(case))

    assert response == Response(
        expected["status"],
        [(raw(name), raw(value)) for name, value in expected["headers"]],
        raw(expected["body"]),
        raw(expected["reason"]),
        expected["close"],
    ), case["why"]


@pytest.mark.parametrize("path", [p for p in CASES if "fault" in load(p)], ids=lambda path: path.stem)
def test_the_fault_and_its_page_are_the_known_ones(path: Path) -> None:
    """What cannot be forwarded or accepted gets the load balancer's status and error_reason."""
    case = load(path)
    flavour, request, arrival = flavour_of(case), request_of(case), arrival_of(case)

    with pytest.raises(Fault) as caught:
        run(flavour, case)

    expected = case["fault"]
    assert caught.value.kind is FaultKind[expected["kind"]], case["why"]
    assert error_reason(caught.value) == expected["error_reason"]
    assert flavour.refuse(caught.value, request, arrival).status == expected["status"]
    if isinstance(caught.value, BadResult):
        assert caught.value.pointer == expected["pointer"]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_case_says_why_and_from_where(path: Path) -> None:
    """A case without a source proves nothing."""
    case = load(path)

    assert case["why"]
    assert case["source"]
    assert case["evidence"] in {"captured", "documented", "inferred", "unknown"}
    assert {"event", "response", "fault"} & set(case)


@pytest.mark.parametrize("multi", [False, True])
def test_a_body_of_one_mebibyte_is_forwarded_and_one_byte_more_is_not(multi: bool) -> None:
    """The limit counts the bytes before base64."""
    flavour = Alb(ARN, multi)

    event = json.loads(flavour.encode(plain_request("POST", b"x" * MIB), ARRIVAL))

    assert len(event["body"]) == (MIB + 2) // 3 * 4
    with pytest.raises(Fault) as caught:
        flavour.encode(plain_request("POST", b"x" * (MIB + 1)), ARRIVAL)
    assert caught.value.kind is FaultKind.REQUEST_TOO_LARGE
    assert error_reason(caught.value) == "LambdaRequestTooLarge"
    assert flavour.refuse(caught.value, plain_request(), ARRIVAL).status == 413


def test_a_result_of_one_mebibyte_is_accepted_and_one_byte_more_is_not() -> None:
    """The limit counts the JSON document, base64 and braces included."""
    opening, end = b'{"statusCode":200,"body":"', b'"}'
    room = MIB - len(opening) - len(end)

    response = Alb(ARN).decode(opening + b"x" * room + end, plain_request(), ARRIVAL)

    assert response.body == b"x" * room
    with pytest.raises(Fault) as caught:
        Alb(ARN).decode(opening + b"x" * (room + 1) + end, plain_request(), ARRIVAL)
    assert caught.value.kind is FaultKind.RESULT_TOO_LARGE
    assert error_reason(caught.value) == "LambdaResponseTooLarge"


@pytest.mark.parametrize("multi", [False, True])
def test_more_than_32_kb_of_response_headers_are_refused(multi: bool) -> None:
    """Many short lines count as much as a long one."""
    name = "multiValueHeaders" if multi else "headers"
    values: dict[str, Json] = {f"x-{i}": ["y" * 20] if multi else "y" * 20 for i in range(1200)}
    result = orjson.dumps({"statusCode": 200, name: values})

    with pytest.raises(BadResult) as caught:
        Alb(ARN, multi).decode(result, plain_request(), ARRIVAL)

    assert caught.value.pointer == "/" + name
    few = orjson.dumps({"statusCode": 200, name: dict(list(values.items())[:1000])})
    assert len(Alb(ARN, multi).decode(few, plain_request(), ARRIVAL).headers) == 1005


def test_the_long_name_of_many_values_counts_each_time() -> None:
    """In multi mode a short result can make a long header block."""
    result = orjson.dumps({"statusCode": 200, "multiValueHeaders": {"x" * 1000: ["1"] * 40}})

    with pytest.raises(BadResult):
        Alb(ARN, multi_value_headers=True).decode(result, plain_request(), ARRIVAL)


@pytest.mark.parametrize(
    ("status", "reason", "length"),
    [
        (301, "Moved Permanently", 134),
        (302, "Found", 110),
        (400, "Bad Request", 122),
        (401, "Authorization Required", 144),
        (403, "Forbidden", 118),
        (405, "Not Allowed", 122),
        (408, "Request Time-out", 132),
        (413, "Request Entity Too Large", 148),
        (414, "Request-URI Too Large", 142),
        (500, "Internal Server Error", 142),
        (501, "Not Implemented", 130),
        (502, "Bad Gateway", 122),
        (503, "Service Temporarily Unavailable", 162),
        (504, "Gateway Time-out", 132),
        (505, "HTTP Version Not Supported", 152),
    ],
)
def test_error_pages_have_nginx_reasons_and_lengths(status: int, reason: str, length: int) -> None:
    """The page is the one that real load balancers send, CRLF included."""
    response = Alb(ARN).error_page(status, ARRIVAL.epoch_ms, keep_alive=True)

    assert (response.status, response.reason) == (status, reason.encode())
    assert response.headers == [
        (b"Server", b"awselb/2.0"),
        (b"Date", b"Fri, 12 Jan 2024 08:19:12 GMT"),
        (b"Content-Type", b"text/html"),
        (b"Content-Length", str(length).encode()),
        (b"Connection", b"keep-alive"),
    ]
    assert isinstance(response.body, bytes)
    assert len(response.body) == length


def test_the_page_of_502_is_the_captured_one() -> None:
    """Byte for byte, as recorded from a real load balancer."""
    fault = Fault(FaultKind.FUNCTION_ERROR)

    assert Alb(ARN).refuse(fault, plain_request(), ARRIVAL).body == (
        b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
        b"<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
    )


def test_a_parse_error_closes_and_a_redirect_names_its_location_last() -> None:
    """The two ways in which a page's head differs."""
    closed = Alb(ARN).error_page(400, ARRIVAL.epoch_ms, keep_alive=False)
    moved = Alb(ARN).error_page(301, ARRIVAL.epoch_ms, keep_alive=True, location=b"https://example.com:443/")

    assert closed.close
    assert closed.headers[-1] == (b"Connection", b"close")
    assert moved.headers[-1] == (b"Location", b"https://example.com:443/")


def test_head_gets_the_page_without_its_bytes() -> None:
    """Content-Length still tells the page's length."""
    response = Alb(ARN).refuse(Fault(FaultKind.TIMED_OUT), plain_request("HEAD"), ARRIVAL)

    assert response.body == b""
    assert (b"Content-Length", b"122") in response.headers


def test_a_status_without_a_page_has_an_empty_body() -> None:
    """463 is AWS's own, nginx has no words for it."""
    response = Alb(ARN).error_page(463, ARRIVAL.epoch_ms, keep_alive=True)

    assert (response.reason, response.body) == (b"", b"")


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        (FaultKind.FUNCTION_ERROR, 502, "LambdaUnhandled"),
        (FaultKind.TIMED_OUT, 502, "LambdaUnhandled"),
        (FaultKind.THROTTLED, 502, "LambdaThrottling"),
        (FaultKind.ACCESS_DENIED, 502, "LambdaAccessDenied"),
        (FaultKind.NOT_FOUND, 502, "LambdaResourceNotFound"),
        (FaultKind.CONNECTION_ERROR, 502, "LambdaConnectionError"),
        (FaultKind.CONNECTION_TIMEOUT, 504, "LambdaConnectionTimeout"),
        (FaultKind.SERVICE_ERROR, 502, "LambdaServiceException"),
    ],
)
def test_the_function_s_failures_have_their_status_and_reason(kind: FaultKind, status: int, reason: str) -> None:
    """A timeout is 502, not 504; only a service that does not answer is 504."""
    fault = Fault(kind)

    assert Alb(ARN).refuse(fault, plain_request(), ARRIVAL).status == status
    assert error_reason(fault) == reason


@pytest.mark.parametrize(
    ("multi", "maps"),
    [
        (False, {"queryStringParameters": {}, "headers": {"user-agent": "ELB-HealthChecker/2.0"}}),
        (True, {"multiValueQueryStringParameters": {}, "multiValueHeaders": {"user-agent": ["ELB-HealthChecker/2.0"]}}),
    ],
)
def test_a_health_check_has_one_header_only(multi: bool, maps: dict[str, Json]) -> None:
    """No host, no x-forwarded-*, no trace id (awslabs/aws-lambda-rust-runtime, alb_health_check.json, captured)."""
    event = Alb(ARN, multi).health_check_event("/health")

    assert event == orjson.dumps(
        {
            "requestContext": {"elb": {"targetGroupArn": ARN}},
            "httpMethod": "GET",
            "path": "/health",
            **maps,
            "body": "",
            "isBase64Encoded": False,
        }
    )


def test_a_streamed_request_body_is_too_large() -> None:
    """A load balancer buffers the whole body before it invokes."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"

    with pytest.raises(Fault) as caught:
        Alb(ARN).encode(plain_request()._replace(stream=chunks()), ARRIVAL)

    assert caught.value.kind is FaultKind.REQUEST_TOO_LARGE


def test_the_names_on_the_command_line_are_the_two_modes() -> None:
    """``alb`` is AWS's default mode, ``alb-multi`` the other one."""
    arn = {"target_group_arn": ARN}

    assert build_flavour("alb", arn) == Alb(ARN, multi_value_headers=False)
    assert build_flavour("alb-multi", arn) == Alb(ARN, multi_value_headers=True)


SINGLE = ["requestContext", "httpMethod", "path", "queryStringParameters", "headers", "body", "isBase64Encoded"]
MULTI = [
    "requestContext",
    "httpMethod",
    "path",
    "multiValueQueryStringParameters",
    "multiValueHeaders",
    "body",
    "isBase64Encoded",
]

bytes_of_text = st.text(max_size=20).map(lambda text: text.encode("utf-8", "replace"))
requests = st.builds(
    Request,
    method=st.sampled_from(["GET", "POST", "PUT", "PROPFIND"]),
    raw_path=bytes_of_text,
    raw_query=bytes_of_text,
    headers=st.lists(
        st.tuples(
            st.sampled_from([b"Host", b"X-Forwarded-For", b"X-Amzn-Trace-Id", b"Content-Type", b"Expect"])
            | bytes_of_text,
            bytes_of_text | st.sampled_from([b"text/plain", b"100-continue", b"Root=1;Self=2"]),
        ),
        max_size=8,
    ),
    body=st.binary(max_size=30) | bytes_of_text,
    client=st.just(("203.0.113.7", 1)),
    server=st.just(("10.0.0.1", 80)),
    http_version=st.sampled_from(["1.0", "1.1", "2"]),
    authority=st.sampled_from([b"", b"Example.com:80"]),
    tls=st.none(),
    stream=st.none(),
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text(st.characters(categories=["Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
members = st.fixed_dictionaries(
    {},
    optional={
        "statusCode": st.integers(190, 610) | json_values,
        "statusDescription": st.text() | json_values,
        "headers": st.dictionaries(st.text(), st.text(st.characters()) | json_values, max_size=4) | json_values,
        "multiValueHeaders": st.dictionaries(st.text(), st.lists(st.text()), max_size=4) | json_values,
        "body": st.text(st.characters()) | json_values,
        "isBase64Encoded": st.booleans() | json_values,
    },
)


@given(request=requests, multi=st.booleans())
def test_any_request_gives_the_seven_keys_in_order_or_a_fault(request: Request, multi: bool) -> None:
    """Nothing that a client sends gets another shape, and the maps are sorted."""
    try:
        event = json.loads(Alb(ARN, multi).encode(request, ARRIVAL))
    except Fault:
        return

    assert list(event) == (MULTI if multi else SINGLE)
    for name in list(event)[3:5]:
        assert list(event[name]) == sorted(event[name])


@given(result=members | json_values, multi=st.booleans())
def test_any_json_result_gives_a_response_or_a_bad_result(result: Json, multi: bool) -> None:
    """Nothing that a function returns can break the front door or the wire."""
    try:
        response = Alb(ARN, multi).decode(json.dumps(result).encode(), plain_request(), ARRIVAL)
    except BadResult:
        return

    assert 200 <= response.status <= 599
    for name, value in response.headers:
        assert not set(b"\r\n\0") & set(name + value)


@given(payload=st.binary(max_size=60))
def test_any_bytes_as_result_give_a_response_or_a_bad_result(payload: bytes) -> None:
    """A runtime may write anything."""
    with pytest.raises(BadResult):
        Alb(ARN).decode(payload, plain_request(), ARRIVAL)
