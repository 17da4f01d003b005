"""A load balancer's access log: one line for each request, whatever came of it."""

import asyncio
import shlex

import pytest

from gateway.invocation import Failed, Outcome, Returned, Throttled, TimedOut, Unavailable
from gateway.listeners.alb.access_log import AccessLog
from gateway.listeners.arrivals import arrive
from gateway.listeners.pipeline import PipelineListener
from gateway.listeners.server import ListenerServer
from gateway.observe.record import Exchange, Transfer
from gateway.translation.messages import Request, Response, Tls
from gateway.types import Json
from tests.listeners.alb.doubles import ARN, FORWARD, ScriptedTarget, get, listener
from tests.listeners.alb.stacks import alb, rule
from tests.listeners.doubles import Client
from tests.listeners.observers import observed

pytestmark = pytest.mark.anyio

NAMES = [
    "type", "time_us", "elb", "client", "target", "request_processing_s", "target_processing_s",
    "response_processing_s", "elb_status", "target_status", "received_bytes", "sent_bytes", "request", "user_agent",
    "ssl_cipher", "ssl_protocol", "target_group_arn", "trace_id", "domain_name", "chosen_cert_arn",
    "matched_rule_priority", "created_us", "actions", "redirect_url", "error_reason", "target_list",
    "target_status_list", "classification", "classification_reason", "connection_trace_id", "transformed_host",
    "transformed_uri", "request_transform_status",
]  # fmt: skip
"""The fields in the order of the AWS ELB user guide, in our own names."""

TRANSFER = Transfer(
    received_bytes=50,
    sent_bytes=200,
    created_at=100.0,
    head_complete_at=100.1,
    complete_at=100.2,
    responded_at=101.0,
    sent_at=101.5,
)
FINE = Returned(b'{"statusCode":201,"body":"hi"}')


def fields_of(line: bytes) -> dict[str, str]:
    """The fields of a line by their names."""
    assert line.endswith(b"\n")
    values = shlex.split(line.decode())
    assert len(values) == len(NAMES)
    return dict(zip(NAMES, values, strict=True))


@pytest.fixture(autouse=True)
def _quick_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions take no time, however busy the machine is."""
    monkeypatch.setattr("gateway.observe.record.perf_counter", lambda: 1000.0)


async def logged(subject: PipelineListener, request: Request, transfer: Transfer = TRANSFER) -> dict[str, str]:
    """What is logged of a request to a listener."""
    lines: list[bytes] = []
    _, exchange = await observed(subject, request)
    exchange.transfer = transfer
    AccessLog(lines.append, "app/name/id").ended(exchange)
    (line,) = lines
    return fields_of(line)


def forwarding(outcome: Outcome = FINE) -> PipelineListener:
    """A load balancer in front of a function with this outcome."""
    return listener(alb(groups=["group"], default_actions=FORWARD), group=ScriptedTarget(outcome))


async def test_forwarded_request() -> None:
    """Everything that is known of an ordinary request stands in its line."""
    request = get(headers=((b"Host", b"h.example"), (b"User-Agent", b'curl "8"')))._replace(raw_query=b"x=%20")
    found = await logged(forwarding(), request)

    assert found | {"time_us": "", "created_us": "", "trace_id": "", "target_processing_s": ""} == {
        **dict.fromkeys(NAMES, "-"),
        "type": "http",
        "time_us": "",
        "elb": "app/name/id",
        "client": "127.0.0.1:4711",
        "elb_status": "201",
        "received_bytes": "50",
        "sent_bytes": "200",
        "request": "GET http://h.example:8000/a?x=%20 HTTP/1.1",
        "created_us": "",
        "request_processing_s": "1.000",
        "target_processing_s": "",
        "response_processing_s": "0.500",
        "target_status": "201",
        "user_agent": r"curl \x228\x22",
        "target_group_arn": ARN,
        "trace_id": "",
        "matched_rule_priority": "0",
        "actions": "forward",
    }
    assert found["trace_id"].startswith("Root=1-")
    assert 0 <= float(found["target_processing_s"]) < 1
    assert found["created_us"] < found["time_us"]


FAULTS = [
    (Failed(b"{}", "KeyError", "'a'"), 502, "LambdaUnhandled"),
    (TimedOut(b"{}", 3000), 502, "LambdaUnhandled"),
    (Throttled("ReservedFunctionConcurrentInvocationLimitExceeded"), 502, "LambdaThrottling"),
    (Returned(b"null"), 502, "LambdaInvalidResponse"),
    (Returned(b'{"statusCode":200,"body":"' + b"x" * (1 << 20) + b'"}'), 502, "LambdaResponseTooLarge"),
    (Unavailable("AccessDeniedException", "no"), 502, "LambdaAccessDenied"),
    (Unavailable("ResourceNotFoundException", "no"), 502, "LambdaResourceNotFound"),
    (Unavailable("ServiceException", "no"), 502, "LambdaServiceException"),
    (Unavailable("ConnectionError", "no"), 502, "LambdaConnectionError"),
    (Unavailable("ConnectionTimeout", "no"), 504, "LambdaConnectionTimeout"),
]


@pytest.mark.parametrize(
    ("outcome", "status", "reason"), FAULTS, ids=[f"{type(it[0]).__name__}-{it[2]}" for it in FAULTS]
)
async def test_fault_of_the_function(outcome: Outcome, status: int, reason: str) -> None:
    """The reason stands in the line; there is no status of the target, and the answer took it no time."""
    found = await logged(forwarding(outcome), get())

    assert (found["elb_status"], found["target_status"], found["error_reason"]) == (str(status), "-", reason)
    assert (found["request_processing_s"], found["response_processing_s"]) == ("1.000", "-1")
    assert (found["actions"], found["target_group_arn"]) == ("forward", ARN)


UNTAKEN = [
    (get()._replace(raw_path=b"/\xff"), 502, "LambdaBadRequest"),
    (get(body=b"x" * ((1 << 20) + 1)), 413, "LambdaRequestTooLarge"),
    (
        get(headers=((b"Host", b"h"), (b"Connection", b"upgrade"), (b"Upgrade", b"websocket"))),
        400,
        "LambdaWebsocketNotSupported",
    ),
    (get()._replace(method="TRACE"), 405, "-"),
]


@pytest.mark.parametrize(("request_", "status", "reason"), UNTAKEN, ids=[it[2] for it in UNTAKEN])
async def test_request_that_no_function_gets(request_: Request, status: int, reason: str) -> None:
    """A request that cannot become an event took no target any time: -1 for all three."""
    found = await logged(forwarding(), request_)

    assert (found["elb_status"], found["target_status"], found["error_reason"]) == (str(status), "-", reason)
    assert {found[name] for name in NAMES if name.endswith("_processing_s")} == {"-1"}


async def test_redirect_and_fixed_response() -> None:
    """The line names the rule, what it did, and where a redirect led."""
    path: Json = {"field": "path-pattern", "values": ["/a"]}
    moved: Json = {"type": "redirect", "host": "new.example.com", "status_code": "HTTP_302"}
    subject = listener(alb([rule(path, priority=7, actions=[moved])]))
    redirected, fixed = await logged(subject, get()), await logged(subject, get(b"/b"))

    assert (redirected["elb_status"], redirected["matched_rule_priority"], redirected["actions"]) == (
        "302",
        "7",
        "redirect",
    )
    assert redirected["redirect_url"] == "http://new.example.com:8000/a"
    assert (fixed["elb_status"], fixed["matched_rule_priority"], fixed["actions"]) == ("404", "0", "fixed-response")
    assert {found["target_group_arn"] for found in (redirected, fixed)} == {"-"}
    assert {found["target_processing_s"] for found in (redirected, fixed)} == {"-1"}


async def test_transformed_request() -> None:
    """Host and path as the target got them; the request itself as the client sent it."""
    rewrites: Json = [
        {"type": "url-rewrite", "rewrites": [{"regex": "^/a", "replace": "/b"}]},
        {"type": "host-header-rewrite", "rewrites": [{"regex": "^h$", "replace": "inner"}]},
    ]
    given = rule({"field": "path-pattern", "values": ["/a*"]}, actions=FORWARD, transforms=rewrites)
    subject = listener(alb([given], ["group"]), group=ScriptedTarget(FINE))
    found = await logged(subject, get())

    assert found["request"] == "GET http://h:8000/a HTTP/1.1"
    assert (found["transformed_host"], found["transformed_uri"]) == ("inner", "/b")
    assert found["request_transform_status"].startswith("TransformSucc")


async def test_forged_stickiness_cookie() -> None:
    """AWSALBTGCookieInvalid is the reason; nothing was forwarded."""
    sticky: Json = [
        {
            "type": "forward",
            "target_groups": [{"target_group": "group"}],
            "target_group_stickiness_config": {"enabled": True, "duration_seconds": 60},
        }
    ]
    subject = listener(alb(groups=["group"], default_actions=sticky), group=ScriptedTarget(FINE))
    found = await logged(subject, get(headers=((b"Host", b"h"), (b"Cookie", b"AWSALBTG=forged"))))

    assert (found["elb_status"], found["error_reason"], found["actions"]) == ("500", "AWSALBTGCookieInvalid", "-")


async def test_desync_finding() -> None:
    """The classification and its reason, for a request that is forwarded and for one that is refused."""
    twice = ((b"Host", b"h"), (b"Content-Length", b"1"), (b"Content-Length", b"2"))
    refused = await logged(forwarding(), get(headers=twice))
    passed = await logged(forwarding(), get(headers=((b"Host", b"h"), (b"Content-Length", b"0"))))

    assert (refused["elb_status"], refused["classification"]) == ("400", "Severe")
    assert refused["classification_reason"] == "MultipleContentLength"
    assert (passed["elb_status"], passed["classification"]) == ("201", "Acceptable")


@pytest.mark.parametrize(
    ("request_", "kind", "line"),
    [
        (get()._replace(scheme="https"), "https", "GET https://h:8000/a HTTP/1.1"),
        (
            get(headers=())._replace(scheme="https", http_version="2", authority=b"h:443"),
            "h2",
            "GET https://h:443/a HTTP/2.0",
        ),
        (get(headers=((b"Host", b"[::1]"),)), "http", "GET http://[::1]:8000/a HTTP/1.1"),
        (get(headers=((b"Host", b"[::1]:80"),)), "http", "GET http://[::1]:80/a HTTP/1.1"),
        (get(headers=())._replace(http_version="1.0"), "http", "GET http://-:8000/a HTTP/1.0"),
    ],
)
async def test_request_line(request_: Request, kind: str, line: str) -> None:
    """Scheme, host and port are put before the target, and the version is the one that was spoken."""
    found = await logged(forwarding(), request_)

    assert (found["type"], found["request"]) == (kind, line)


async def test_tls() -> None:
    """Cipher, protocol and the name that the client asked for."""
    found = await logged(forwarding(), get()._replace(scheme="https", tls=Tls("TLSv1.3", "TLS_AES", "h.example")))

    assert (found["ssl_cipher"], found["ssl_protocol"], found["domain_name"]) == ("TLS_AES", "TLSv1.3", "h.example")


async def test_client_that_left() -> None:
    """An answer that could not be sent is 460, as for a client that closed its connection early."""
    found = await logged(forwarding(), get(), TRANSFER._replace(broken=True))

    assert (found["elb_status"], found["target_status"]) == ("460", "201")


async def test_bytes_that_are_no_request() -> None:
    """They have a line as well, with nothing of a request in it."""
    lines: list[bytes] = []
    exchange = Exchange(arrive())
    exchange.response, exchange.transfer = Response(400, []), TRANSFER
    AccessLog(lines.append, "app/name/id").ended(exchange)
    found = fields_of(lines[0])

    assert (found["elb_status"], found["request"], found["actions"]) == ("400", "- http://-:0- -", "-")


@pytest.mark.parametrize(("response", "transfer"), [(Response(200, []), None), (None, TRANSFER)])
def test_what_has_no_line(response: Response | None, transfer: Transfer | None) -> None:
    """Nothing is written of what no client of the load balancer sent, such as a health check."""
    lines: list[bytes] = []
    log = AccessLog(lines.append)
    exchange = Exchange(arrive(), get(), "health check")
    exchange.response, exchange.transfer = response, transfer
    log.began(exchange)
    log.ended(exchange)

    assert lines == []


async def test_a_line_for_each_exchange() -> None:
    """Behind a real port: two requests of a connection and one that is none are three lines."""
    lines: list[bytes] = []
    third = asyncio.Event()

    def write(line: bytes) -> None:
        lines.append(line)
        if len(lines) == 3:
            third.set()

    subject = forwarding()
    subject.observer = AccessLog(write, "app/name/id")
    server = ListenerServer(subject)
    await server.start()
    client = await Client.connect(server.port)
    for data in (b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n", b"GET /2 HTTP/1.1\r\nHost: h\r\n\r\n", b"nonsense\r\n\r\n"):
        await client.ask(data)
    await asyncio.wait_for(third.wait(), 10)
    await client.close()
    await server.stop(0)

    assert [fields_of(line)["elb_status"] for line in lines] == ["201", "201", "400"]
    assert [fields_of(line)["received_bytes"] for line in lines[:2]] == ["28", "28"]
