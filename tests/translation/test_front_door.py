"""The wire around answers, and what the front doors have in common: limits, streams, hosts, connections."""

import json
from typing import Any

import pytest

from gateway.errors import Fault, FaultKind
from gateway.translation.flavours.function_url import FunctionUrl
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.flavours.http_api_v1 import HttpApiV1
from gateway.translation.flavours.rest_api import RestApi
from gateway.translation.flavours.websocket import WebSocketApi
from gateway.translation.front_door import MAX_EVENT, bare_host
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.headers import values_of
from gateway.translation.messages import Tls
from gateway.translation.route import ANY, DEFAULT, Route, RouteMatch, RouteTable
from gateway.translation.stream_prelude import Prelude
from tests.translation.flavours.apigw_requests import ARRIVAL, REQUEST

Door = RestApi | HttpApi | HttpApiV1 | FunctionUrl
DOORS: list[Door] = [RestApi(), HttpApi(), HttpApiV1(), FunctionUrl()]


@pytest.mark.parametrize(
    ("host", "bare"),
    [("a.example", "a.example"), ("a.example:8080", "a.example"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]")],
)
def test_bare_host(host: str, bare: str) -> None:
    """A domain name has no port."""
    assert bare_host(host) == bare


@pytest.mark.parametrize("door", DOORS, ids=lambda door: type(door).__name__)
def test_event_over_lambdas_limit(door: Door) -> None:
    """A body that fits the front door but not Lambda is a 413."""
    request = REQUEST._replace(method="POST", body=b"x" * (MAX_EVENT - 10))

    with pytest.raises(Refused) as raised:
        door.encode(request, ARRIVAL)

    assert raised.value.cause is Cause.TOO_LARGE
    assert door.refuse(raised.value, request, ARRIVAL).status == 413


@pytest.mark.parametrize("door", [RestApi(), HttpApi(), HttpApiV1()], ids=lambda door: type(door).__name__)
def test_head_over_the_limit(door: RestApi | HttpApi) -> None:
    """Header values over 10240 bytes do not reach the function."""
    with pytest.raises(Refused) as raised:
        door.route(REQUEST._replace(headers=[(b"X-Long", b"a" * 10241)]))

    assert raised.value.cause is Cause.HEADERS_TOO_LARGE


@pytest.mark.parametrize("door", DOORS, ids=lambda door: type(door).__name__)
def test_close(door: Door) -> None:
    """A connection that ends says so, and an answer to no request closes it."""
    closing = door.decode(b'{"statusCode":200}', REQUEST._replace(keep_alive=False), ARRIVAL)
    rejected = door.refuse(Fault(FaultKind.MALFORMED), None, ARRIVAL)

    assert closing.close
    assert (b"Connection", b"close") in closing.headers
    assert rejected.close
    assert rejected.status == 400


@pytest.mark.parametrize("door", DOORS, ids=lambda door: type(door).__name__)
def test_without_a_host(door: Door) -> None:
    """A client without Host, or with an absolute target, still gives a host to the event."""
    bare = json.loads(door.encode(REQUEST._replace(headers=[]), ARRIVAL))
    absolute = json.loads(door.encode(REQUEST._replace(authority=b"a.example:81"), ARRIVAL))

    assert bare["requestContext"]["domainName"].endswith((".amazonaws.com", ".on.aws"))
    assert absolute["requestContext"]["domainName"] == "a.example"
    assert absolute["headers"].get("host") or absolute["headers"]["Host"] == "a.example:81"


@pytest.mark.parametrize("door", DOORS, ids=lambda door: type(door).__name__)
def test_forwarded_for(door: Door) -> None:
    """The peer joins what the client sent, and the source address is always the peer."""
    event = json.loads(door.encode(REQUEST._replace(headers=[(b"X-Forwarded-For", b"10.0.0.1")]), ARRIVAL))

    context: dict[str, Any] = event["requestContext"]
    assert {name.lower(): value for name, value in event["headers"].items()}["x-forwarded-for"] == "10.0.0.1, 192.0.2.1"
    assert (context.get("identity") or context["http"])["sourceIp"] == "192.0.2.1"


@pytest.mark.parametrize("door", DOORS, ids=lambda door: type(door).__name__)
def test_ids_are_derived(door: Door) -> None:
    """The same options and the same arrival give the same bytes; other options another API id."""
    assert door.encode(REQUEST, ARRIVAL) == type(door)().encode(REQUEST, ARRIVAL)
    other = json.loads(type(door)(region="eu-west-1").encode(REQUEST, ARRIVAL))
    assert other["requestContext"]["apiId"] != json.loads(door.encode(REQUEST, ARRIVAL))["requestContext"]["apiId"]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: type(door).__name__)
def test_a_host_of_aws_names_the_api(door: Door) -> None:
    """In every capture ``apiId``, ``domainPrefix`` and the first label of ``domainName`` are one."""
    suffix = "lambda-url.eu-west-1.on.aws" if isinstance(door, FunctionUrl) else "execute-api.eu-west-1.amazonaws.com"
    asked = REQUEST._replace(headers=[(b"Host", f"x1y2z3.{suffix}:8443".encode())])

    context = json.loads(door.encode(asked, ARRIVAL))["requestContext"]

    assert (context["apiId"], context["domainPrefix"]) == ("x1y2z3", "x1y2z3")
    assert context["domainName"] == f"x1y2z3.{suffix}"


def test_stages() -> None:
    """A path without its stage or base path has no front door."""
    with pytest.raises(Refused) as rest:
        RestApi(addressing="execute-api").route(REQUEST)
    with pytest.raises(Refused) as based:
        RestApi(base_path="b").route(REQUEST)
    with pytest.raises(Refused) as http:
        HttpApi(stages={"dev": {}}).route(REQUEST)

    assert {raised.value.cause for raised in (rest, based, http)} == {Cause.NO_STAGE}
    assert HttpApi(stages={DEFAULT: {}, "dev": {}}).route(REQUEST._replace(raw_path=b"/dev")).stage == "dev"


def test_root_of_a_stage() -> None:
    """The stage alone is the root resource, with or without a slash behind it."""
    api = RestApi(addressing="execute-api")

    matches = [api.route(REQUEST._replace(raw_path=raw)) for raw in (b"/prod", b"/prod/", b"//prod//")]

    assert [(match.route.path, match.path) for match in matches] == [("/", "/")] * 3
    assert [match.context_path for match in matches] == ["/prod", "/prod/", "/prod//"]


def test_rest_stream() -> None:
    """Metadata makes the head, and the stream is chunked."""
    prelude = Prelude(201, [(b"X-A", b"1"), (b"Content-Type", b"text/html"), (b"Server", b"s")], [b"c=1"])

    chunked = RestApi().begin(prelude, REQUEST, ARRIVAL)

    assert chunked.status == 201
    assert [name for name, _ in chunked.headers] == [
        b"Date",
        b"Content-Type",
        b"Transfer-Encoding",
        b"Connection",
        b"x-amzn-RequestId",
        b"x-amz-apigw-id",
        b"X-A",
        b"x-amzn-Remapped-Server",
        b"set-cookie",
        b"X-Amzn-Trace-Id",
    ]


def test_streams_without_chunks() -> None:
    """HTTP/1.0 knows no chunks, and a 204 has no body."""
    old = RestApi().begin(Prelude(200, [], []), REQUEST._replace(http_version="1.0"), ARRIVAL)
    empty = RestApi().begin(Prelude(204, [(b"Content-Length", b"5")], []), REQUEST, ARRIVAL)
    head = RestApi().begin(Prelude(200, [], []), REQUEST._replace(method="HEAD"), ARRIVAL)

    for response in (old, empty, head):
        assert not dict(response.headers).keys() & {b"Transfer-Encoding", b"Content-Length"}
    # Only the end of the connection shows the end of the body.
    assert (old.close, dict(old.headers)[b"Connection"]) == (True, b"close")


@pytest.mark.parametrize("door", [RestApi(), FunctionUrl()], ids=lambda door: type(door).__name__)
@pytest.mark.parametrize("lengths", [["5"], ["5", "6"], ["five"], ["-5"], ["5" * 19]])
def test_a_length_that_the_function_gives_frames_nothing(door: RestApi | FunctionUrl, lengths: list[str]) -> None:
    """It comes out under another name, and the body has a length of its own or goes in chunks, which need none."""
    lines = [(b"content-length", length.encode()) for length in lengths]
    renamed = [(b"x-amzn-Remapped-content-length", length.encode()) for length in lengths]

    for method in ("GET", "HEAD"):
        streamed = door.begin(Prelude(200, lines, []), REQUEST._replace(method=method), ARRIVAL).headers
        assert [line for line in streamed if line[0].lower().endswith(b"length")] == renamed
        assert values_of(streamed, b"transfer-encoding") == [b"chunked"] * (method == "GET")

    result = {"statusCode": 200, "headers": {"content-length": lengths[0]}, "body": "four"}
    whole = door.decode(json.dumps(result).encode(), REQUEST, ARRIVAL).headers
    assert [line for line in whole if line[0].lower().endswith(b"length")] == [(b"Content-Length", b"4"), renamed[0]]


def test_function_url_stream() -> None:
    """The head of a streamed response has the function's lines and cookies and no length."""
    prelude = Prelude(200, [(b"Content-Type", b"text/event-stream")], [b"c=1"])

    head = FunctionUrl(invoke_mode="RESPONSE_STREAM").begin(prelude, REQUEST, ARRIVAL)

    lines = dict(head.headers)
    assert lines[b"Content-Type"] == b"text/event-stream"
    assert lines[b"Transfer-Encoding"] == b"chunked"
    assert lines[b"set-cookie"] == b"c=1"
    assert b"Content-Length" not in lines


def test_tls_of_the_connection() -> None:
    """A Function URL tells the function the connection's own TLS session where there is one."""
    request = REQUEST._replace(tls=Tls("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256"))

    headers = json.loads(FunctionUrl().encode(request, ARRIVAL))["headers"]

    assert headers["x-amzn-tls-version"] == "TLSv1.2"
    assert headers["x-amzn-tls-cipher-suite"] == "ECDHE-RSA-AES128-GCM-SHA256"


def test_iam_identity() -> None:
    """IAM callers and API keys are members of the identity, which has another order then."""
    api = RestApi()
    match = api.route(REQUEST)._replace(identity={"apiKey": "k", "apiKeyId": "i", "user": "u"})

    identity = json.loads(api.encode(REQUEST, ARRIVAL, match))["requestContext"]["identity"]

    assert (identity["apiKey"], identity["apiKeyId"], identity["user"]) == ("k", "i", "u")
    assert list(identity)[:4] == ["cognitoIdentityPoolId", "cognitoIdentityId", "apiKey", "principalOrgId"]


@pytest.mark.parametrize("door", [HttpApi(), HttpApiV1(), RestApi()], ids=lambda door: type(door).__name__)
@pytest.mark.parametrize("body", [{}, [], 7, True])
def test_body_that_is_no_text(door: HttpApi | RestApi, body: object) -> None:
    """Behind API Gateway a body has to be a string."""
    with pytest.raises(Fault) as raised:
        door.decode(json.dumps({"statusCode": 200, "body": body}).encode(), REQUEST, ARRIVAL)

    assert raised.value.kind is FaultKind.RESULT_INVALID


def test_no_content_has_no_length() -> None:
    """A 204 has neither body nor length whatever the function returned."""
    for door in DOORS:
        response = door.decode(b'{"statusCode":204,"body":"x"}', REQUEST, ARRIVAL)

        assert response.body == b""
        assert b"Content-Length" not in dict(response.headers)


@pytest.mark.parametrize(
    ("door", "body_bytes"),
    [
        (RestApi(), 10 * 1024 * 1024),
        (HttpApi(), 10 * 1024 * 1024),
        (HttpApiV1(), 10 * 1024 * 1024),
        (FunctionUrl(), MAX_EVENT),
        (WebSocketApi(), 128 * 1024),
    ],
    ids=lambda value: type(value).__name__,
)
def test_limits(door: Door | WebSocketApi, body_bytes: int) -> None:
    """Bodies are cut off where the AWS quotas say."""
    assert door.limits.request_body == body_bytes


@pytest.mark.parametrize("door", DOORS[1:], ids=lambda door: type(door).__name__)
def test_length_of_a_chunked_body(door: Door) -> None:
    """A body that came in chunks has a length in the event, save behind a REST API, which drops the header."""
    headers = json.loads(door.encode(REQUEST._replace(body=b"12345", headers=[]), ARRIVAL))["headers"]

    assert {name.lower(): value for name, value in headers.items()}["content-length"] == "5"


def test_what_a_match_adds() -> None:
    """Client certificates, JWT claims and operation names reach their members of the event."""
    http, old = HttpApi(), HttpApiV1()
    rest = RestApi(routes=RouteTable([Route("GET", "/{proxy+}", operation_name="GetPet")]))

    two = http.encode(REQUEST, ARRIVAL, http.route(REQUEST)._replace(identity={"clientCert": {"subjectDN": "CN=me"}}))
    one = old.encode(REQUEST, ARRIVAL, old.route(REQUEST)._replace(authorizer={"claims": {}, "scopes": None}))

    assert json.loads(two)["requestContext"]["authentication"] == {"clientCert": {"subjectDN": "CN=me"}}
    assert json.loads(one)["requestContext"]["authorizer"] == {"claims": {}, "scopes": None}
    assert json.loads(rest.encode(REQUEST, ARRIVAL))["requestContext"]["operationName"] == "GetPet"


def test_account_of_an_iam_caller() -> None:
    """Behind AWS_IAM the account is the caller's."""
    url = FunctionUrl(auth_type="AWS_IAM")
    match = RouteMatch(Route(ANY, DEFAULT), "", "", {}, DEFAULT, {}, authorizer={"iam": {"accountId": "999999999999"}})

    context = json.loads(url.encode(REQUEST, ARRIVAL, match))["requestContext"]

    assert context["accountId"] == "999999999999"
    assert context["authorizer"] == {"iam": {"accountId": "999999999999"}}
