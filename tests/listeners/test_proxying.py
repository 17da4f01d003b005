"""MOCK and HTTP_PROXY integrations of a REST API."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.config import apis
from gateway.config.doors import RestApiSettings
from gateway.listeners.rest_api import rest_api
from gateway.listeners.server import ListenerServer
from gateway.translation.messages import Response
from tests.listeners.doubles import EchoListener
from tests.listeners.scripted import Port, lines, opened
from tests.services import listener_context
from tests.targets.http_server import answering, ok

pytestmark = pytest.mark.anyio


@pytest.fixture
async def upstream() -> AsyncIterator[tuple[EchoListener, ListenerServer]]:
    """A server that describes what it got."""
    listener = EchoListener()
    server = ListenerServer(listener)
    await server.start()
    yield listener, server
    await server.stop(0)


async def test_mock() -> None:
    """The configured status, lines and body; no trace id."""
    mock = apis.Integration(
        "MOCK",
        status_code=204,
        response_parameters={
            "method.response.header.Access-Control-Allow-Origin": "'*'",
            "method.response.header.Transfer-Encoding": "'chunked'",
            "method.response.header.Content-Length": "'7'",
        },
    )
    teapot = apis.Integration("MOCK", status_code=418, response_templates={"text/plain": "short"})
    settings = RestApiSettings(
        0,
        routes={
            "OPTIONS /": apis.RestRoute(integration="mock"),
            "GET /tea": apis.RestRoute(integration="tea"),
        },
        integrations={"mock": mock, "tea": teapot},
    )
    async with opened(rest_api(settings, listener_context({}))) as port:
        options = await port.ask("/", "OPTIONS")
        tea = await port.ask("/tea")

    assert (options.status_code, options.headers["access-control-allow-origin"]) == (204, "*")
    assert (tea.status_code, tea.content, tea.headers["content-type"]) == (418, b"short", "text/plain")
    assert not options.headers.keys() & {"transfer-encoding", "content-length"}
    assert "x-amzn-trace-id" not in tea.headers
    assert "x-amzn-requestid" in tea.headers


def proxied(uri: str, timeout_in_millis: int = 5000, method: str = "") -> RestApiSettings:
    """An API whose every path under /a goes to a server."""
    integration = apis.Integration("HTTP_PROXY", uri, method, timeout_in_millis)
    return RestApiSettings(
        0, routes={"ANY /a/{proxy+}": apis.RestRoute(integration="i")}, integrations={"i": integration}
    )


async def test_request(upstream: tuple[EchoListener, ListenerServer]) -> None:
    """Path parameters, query, headers and body arrive; what API Gateway drops does not."""
    listener, server = upstream
    async with opened(rest_api(proxied(f"http://127.0.0.1:{server.port}/b/{{proxy}}"), listener_context({}))) as port:
        await port.ask("/a/c%20d?e=f", "POST", {"X-A": "1", "Content-MD5": "x", "Content-Encoding": "br"}, b"body")

    (request,) = listener.requests
    assert (request.method, request.raw_path, request.raw_query, request.body) == ("POST", b"/b/c%20d", b"e=f", b"body")
    headers = {name.lower(): value for name, value in request.headers}
    assert headers[b"host"] == f"127.0.0.1:{server.port}".encode()
    assert headers[b"x-a"] == b"1"
    assert not headers.keys() & {b"content-md5", b"content-encoding"}


async def test_the_framing_is_the_bodys(upstream: tuple[EchoListener, ListenerServer]) -> None:
    """Nothing that a server could read as another length goes on, and nothing comes behind an unclear request."""
    listener, server = upstream
    async with opened(rest_api(proxied(f"http://127.0.0.1:{server.port}/{{proxy}}"), listener_context({}))) as port:
        first = await port.ask("/a/b", "POST", {"Content_Length": "1", "transfer_encoding": "chunked"}, b"body")
        await port.ask("/a/b", "GET")

    unclear, clear = listener.requests
    assert unclear.body == b"body"
    names = [name.lower() for name, _ in unclear.headers]
    assert [name for name in names if b"length" in name or b"encoding" in name] == [
        b"accept-encoding",
        b"content-length",
    ]
    assert first.headers["connection"] == "close"
    assert (unclear.keep_alive, clear.keep_alive) == (False, True)


async def test_an_answer_for_the_next_request_is_nobodys() -> None:
    """A server that sends two answers to one request does not answer another client with the second."""
    two = ok(b"mine") + ok(b"stray")
    async with answering(two) as server, opened(rest_api(proxied(server.url), listener_context({}))) as port:
        answers = [(await port.ask("/a/x")).content for _ in range(3)]

    assert answers == [b"mine"] * 3
    assert server.connections == 3


async def test_response(upstream: tuple[EchoListener, ListenerServer]) -> None:
    """The upstream's own lines about itself are renamed, the others pass."""
    listener, server = upstream
    sent = [(b"Server", b"s"), (b"X-A", b"1"), (b"Content-Type", b"text/plain"), (b"Content-Length", b"2")]
    listener.answers[b"/x"] = lambda _: Response(201, sent, b"ok")
    async with opened(rest_api(proxied(f"http://127.0.0.1:{server.port}/{{proxy}}"), listener_context({}))) as port:
        answer = await port.ask("/a/x")

    assert (answer.status_code, answer.content) == (201, b"ok")
    assert lines(answer) == [
        ("Content-Type", "text/plain"),
        ("Content-Length", "2"),
        ("Connection", "keep-alive"),
        ("x-amzn-Remapped-Server", "s"),
        ("X-A", "1"),
        ("x-amzn-Remapped-Content-Length", "2"),
    ]


async def asked(settings: RestApiSettings) -> tuple[int, bytes]:
    """Status and body of one request."""
    async with opened(rest_api(settings, listener_context({}))) as port:
        return await status_and_body(port)


async def status_and_body(port: Port) -> tuple[int, bytes]:
    """Of one request."""
    answer = await port.ask("/a/x")
    return answer.status_code, answer.content


async def test_a_server_that_is_not_there() -> None:
    """The integration has failed."""
    assert await asked(proxied("http://127.0.0.1:1/")) == (502, b'{"message": "Internal server error"}')


async def test_a_slow_server(upstream: tuple[EchoListener, ListenerServer]) -> None:
    """The integration is timed out."""
    listener, server = upstream
    gate = listener.gates[b"/"] = asyncio.Event()
    answer = await asked(proxied(f"http://127.0.0.1:{server.port}/", 50))
    gate.set()

    assert answer == (504, b'{"message": "Endpoint request timed out"}')


async def test_after_the_end() -> None:
    """A request that comes when the connections are closed is an integration that fails, as one without a server is."""
    listener = rest_api(proxied("http://127.0.0.1:9/{proxy}"), listener_context({}))
    async with opened(listener) as port:
        assert (await port.ask("/a/b")).status_code == 502
        await listener.aclose()
        late = await port.ask("/a/b")

    assert (late.status_code, late.content) == (502, b'{"message": "Internal server error"}')
