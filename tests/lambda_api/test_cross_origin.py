"""The control port and web pages."""

import logging
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from starlette.types import ASGIApp

from gateway.functions.service import LambdaService
from gateway.invocation import Returned, Streamed
from gateway.lambda_api.app import build_control_app
from gateway.same_origin import allowed_callers
from tests.lambda_api.conftest import INVOKE, STREAM, ControlPort, Server, chunks_of

FRIEND = "http://localhost:5173"
PAGE = {"Origin": FRIEND, "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}
PREFLIGHT = {**PAGE, "Access-Control-Request-Method": "POST"}


@dataclass
class Friendly:
    """A control port that the pages of `FRIEND` may call."""

    control: ControlPort
    client: httpx.Client


@pytest.fixture
def friendly(control: ControlPort, serve: Callable[[ASGIApp], Server]) -> Iterator[Friendly]:
    """One with the function of the other."""

    async def reset() -> None:
        raise ValueError("it went wrong")

    allowed = allowed_callers(["control.example"], [FRIEND])
    server = serve(build_control_app(LambdaService([control.function]), reset, allowed=allowed))
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
        yield Friendly(control, client)


EVERYWHERE = [
    ("POST", INVOKE),
    ("POST", INVOKE.replace("demo-lambda", "nobody")),
    ("POST", STREAM),
    ("POST", "/2014-11-13/functions/demo-lambda/invoke-async"),
    ("GET", "/_gateway/health"),
    ("POST", "/_gateway/reset"),
    ("GET", "/_gateway/reset"),
    ("GET", "/nothing/here"),
    ("OPTIONS", INVOKE),
]


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"Host": "evil.example:3001"}, "--allow-host"),
        ({"Origin": "https://evil.example", "Content-Type": "text/plain"}, "--allow-origin"),
        ({"Origin": "null"}, "--allow-origin"),
        ({"Sec-Fetch-Site": "cross-site"}, "--allow-origin"),
    ],
)
def test_strangers_are_refused_everywhere(control: ControlPort, headers: dict[str, str], named: str) -> None:
    """403 in the words of Lambda, with the option, before the function or the page is looked for."""
    for method, path in EVERYWHERE:
        answer = control.client.request(method, path, headers=headers)

        assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (403, "AccessDeniedException"), path
        assert named in answer.json()["message"]
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert (control.target.seen, control.resets) == ([], [])


def test_a_refusal_does_not_wait_for_the_body(control: ControlPort) -> None:
    """Nothing is asked for, and nothing read, before the answer."""
    url = httpx.URL(control.url)
    head = f"POST {INVOKE} HTTP/1.1\r\nHost: evil.example\r\nExpect: 100-continue\r\nContent-Length: 9000000\r\n\r\n"

    with socket.create_connection((url.host, url.port or 0), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 403 ")


def test_a_refusal_is_one_line_in_the_log(control: ControlPort, caplog: pytest.LogCaptureFixture) -> None:
    """With the reason, without the query, and nothing in it that a terminal obeys."""
    with caplog.at_level(logging.WARNING, "gateway"):
        control.client.get("/a%1b?secret=1", headers={b"Host": b"evil.example\x9b" + b"x" * 1000})

    (record,) = (record for record in caplog.records if record.name == "gateway")
    line = record.getMessage()
    assert line.startswith("control port: GET '/a%1b' -> 403: the header Host names 'evil.example\\x9bxxx")
    assert (len(line) < 300, "\n" in line, "secret" in line) == (True, False, False)


def test_a_page_of_an_allowed_origin_invokes(friendly: Friendly) -> None:
    """The answer is its to read, with what Lambda says in headers."""
    friendly.control.target.outcome = Returned(b'"done"')

    answer = friendly.client.post(INVOKE, headers=PAGE)

    assert (answer.status_code, answer.text) == (200, '"done"')
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert answer.headers["vary"] == "Origin"
    assert "X-Amz-Function-Error" in answer.headers["access-control-expose-headers"].split(", ")
    assert "x-amzn-RequestId" in answer.headers["access-control-expose-headers"].split(", ")


def test_a_page_reads_streams(friendly: Friendly) -> None:
    """A streaming answer says the same at its head."""
    friendly.control.target.outcome = Streamed("text/plain", chunks_of(b"a", b"b"))

    answer = friendly.client.post(STREAM, headers=PAGE)

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, FRIEND)


def test_a_page_reads_errors(friendly: Friendly) -> None:
    """Refusals of Lambda and mistakes of ours are answers too."""
    for method, path, status in (
        ("POST", INVOKE.replace("demo-lambda", "nobody"), 404),
        ("GET", "/nothing", 404),
        ("POST", "/_gateway/reset", 500),
    ):
        answer = friendly.client.request(method, path, headers=PAGE)

        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, FRIEND)


def test_preflight(friendly: Friendly) -> None:
    """Whatever the SDK wants to send is allowed; it may be kept for ten minutes."""
    names = "amz-sdk-invocation-id,amz-sdk-request,authorization,content-type,x-amz-date,x-amz-invocation-type"

    answer = friendly.client.options(INVOKE, headers={**PREFLIGHT, "Access-Control-Request-Headers": names})

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert answer.headers["vary"] == "Origin"
    assert {"GET", "POST", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    assert answer.headers["access-control-allow-headers"] == names
    assert answer.headers["access-control-max-age"] == "600"
    assert "access-control-allow-private-network" not in answer.headers
    assert friendly.control.target.seen == []


def test_preflight_for_a_private_network(friendly: Friendly) -> None:
    """Chrome asks when the page came from elsewhere."""
    asked = {**PREFLIGHT, "Access-Control-Request-Private-Network": "true"}

    answer = friendly.client.options(INVOKE, headers=asked)

    assert answer.headers["access-control-allow-private-network"] == "true"


def test_preflight_for_what_are_no_names(friendly: Friendly) -> None:
    """They are not sent back."""
    for names in ("", "a b", "a,,b", "x-a;", "a" * 5000):
        answer = friendly.client.options(INVOKE, headers={**PREFLIGHT, "Access-Control-Request-Headers": names})

        assert answer.status_code == 204
        assert "access-control-allow-headers" not in answer.headers, names


def test_options_that_is_no_preflight(friendly: Friendly) -> None:
    """It is an operation that nobody has."""
    answer = friendly.client.options(INVOKE, headers=PAGE)

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (404, FRIEND)


def test_others_get_no_cors(friendly: Friendly) -> None:
    """A program's answer is as before; another origin stays out, also beside the allowed one."""
    program = friendly.client.post(INVOKE, headers={"Host": "control.example"})
    stranger = friendly.client.post(INVOKE, headers={"Origin": "http://localhost:5174"})
    both = friendly.client.post(INVOKE, headers=[("Origin", FRIEND), ("Origin", "null")])

    assert (program.status_code, stranger.status_code, both.status_code) == (200, 403, 403)
    assert not [name for name in (*program.headers, *stranger.headers) if name.startswith("access-control")]
