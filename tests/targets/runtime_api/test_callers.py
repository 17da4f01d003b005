"""Web pages, and processes of others, at the APIs of an execution environment."""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import pytest
import uvloop

from gateway.invocation import Invocation
from gateway.same_origin import allowed_callers
from gateway.targets.runtime_api.offer import Offer
from gateway.targets.runtime_api.peers import Peers, can_tell
from gateway.targets.runtime_api.server import RuntimeApi
from tests.targets.runtime_api.client import RawClient
from tests.targets.runtime_api.test_server import ARN, ERROR, ID, NEXT, RESPONSE, Heard, serving

pytestmark = pytest.mark.anyio
needs_to_tell = pytest.mark.skipif(not can_tell(), reason="this system does not say who is at the other end")

PATHS = [
    ("GET", "/2018-06-01/ping"),
    ("GET", NEXT),
    ("POST", RESPONSE),
    ("POST", ERROR),
    ("POST", "/2018-06-01/runtime/init/error"),
    ("POST", "/2020-01-01/extension/register"),
    ("GET", "/2020-01-01/extension/event/next"),
    ("PUT", "/2022-07-01/telemetry"),
    ("OPTIONS", RESPONSE),
    ("GET", "/nothing/here"),
]
PAGES = [
    ("Host: evil.example", "--allow-host"),
    ("Host: localhost\r\nHost: {address}", "--allow-host"),
    ("Host: {address}\r\nOrigin: https://evil.example", "--allow-origin"),
    ("Host: {address}\r\nOrigin: null", "--allow-origin"),
    ("Host: {address}\r\nSec-Fetch-Site: cross-site", "--allow-origin"),
    (
        "Host: {address}\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document",
        "--allow-origin",
    ),
]


@pytest.mark.parametrize(("lines", "named"), PAGES)
async def test_pages_are_refused(lines: str, named: str) -> None:
    """403 with the option, whatever they ask for: no invocation is taken away, none gets a result."""
    async with asyncio.timeout(10), serving() as served:
        await served.give(Invocation(b"{}", ID))
        before = list(served.heard.events)
        head = f"{lines.format(address=served.client.address)}\r\nContent-Length: 3\r\n\r\n[1]"
        for method, path in PATHS:
            async with RawClient(served.client.address) as page:
                page.send(f"{method} {path} HTTP/1.1\r\n{head}".encode())
                reply = await page.reply()
                closed = await page.is_closed()

            assert (reply.status, closed) == (403, True), path
            assert named in json.loads(reply.body)["errorMessage"]

    assert served.heard.events == before


async def test_a_refusal_does_not_wait_for_the_body() -> None:
    """A body is neither asked for nor read."""
    async with serving() as served, RawClient(served.client.address) as page:
        page.send(b"POST / HTTP/1.1\r\nHost: evil.example\r\nExpect: 100-continue\r\nContent-Length: 900000\r\n\r\n")
        reply = await page.reply()

    assert reply.status == 403


async def test_a_foreign_authority_is_refused() -> None:
    """An absolute target has a host of its own, whatever stands in Host."""
    async with serving() as served, RawClient(served.client.address) as page:
        page.get("http://evil.example/2018-06-01/ping")
        reply = await page.reply()

    assert reply.status == 403


async def test_a_refused_request_is_refused_again() -> None:
    """Also when it comes a second time with the same bytes, while a poll of the runtime keeps the answers waiting."""
    async with asyncio.timeout(10), serving() as served:
        served.client.get("/2018-06-01/ping")
        served.client.get(NEXT)
        await served.client.reply()
        for _ in range(2):
            served.client.send(f"GET {NEXT} HTTP/1.1\r\nHost: evil.example\r\n\r\n".encode())
            await until_read(served.client.address)
        events = list(served.heard.events)
        served.api.give(Offer(Invocation(b"{}", ID), ARN, "a1", 1))
        statuses = [(await served.client.reply()).status, (await served.client.reply()).status]
        closed = await served.client.is_closed()

    assert events == [("ready",)]
    assert (statuses, closed) == ([200, 403], True)


async def until_read(address: str) -> None:
    """Wait until the server has read what was sent before: it answers in the order of arrival."""
    async with RawClient(address) as other:
        other.get("/2018-06-01/ping")
        await other.reply()


@pytest.mark.parametrize("lines", ["Host: localhost", "Host: LOCALHOST:1", "Host: localhost\r\nSec-Fetch-Mode: cors"])
async def test_programs_pass(lines: str) -> None:
    """Under any name of this machine; ``fetch`` of Node.js sends a mode."""
    async with serving() as served, RawClient(served.client.address) as client:
        client.send(f"GET /2018-06-01/ping HTTP/1.1\r\n{lines}\r\n\r\n".encode())
        reply = await client.reply()

    assert (reply.status, reply.body) == (200, b"pong")


async def test_http_1_0_without_a_host() -> None:
    """No browser leaves it out."""
    async with serving() as served, RawClient(served.client.address) as client:
        client.send(b"GET /2018-06-01/ping HTTP/1.0\r\n\r\n")
        reply = await client.reply()

    assert reply.status == 200


async def test_allowed_callers_pass() -> None:
    """A runtime in a container knows this machine under another name."""
    api = RuntimeApi(Heard(), allowed_callers(["host.docker.internal"], ["http://localhost:5173"]))
    async with RawClient(await api.listen()) as client:
        lines = "Host: host.docker.internal:9001\r\nOrigin: http://localhost:5173\r\nSec-Fetch-Site: cross-site"
        client.send(f"GET /2018-06-01/ping HTTP/1.1\r\n{lines}\r\n\r\n".encode())
        reply = await client.reply()
    api.close()

    assert reply.status == 200


async def test_a_refusal_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """With the reason, and nothing in it that a terminal obeys."""
    with caplog.at_level(logging.WARNING, "gateway"):
        async with serving() as served, RawClient(served.client.address) as page:
            page.send(b"GET /" + b"a" * 1000 + b" HTTP/1.1\r\nHost: \x9bevil\r\n\r\n")
            await page.reply()

    (record,) = caplog.records
    line = record.getMessage()
    assert line.startswith("Runtime API: GET '/aaa")
    assert " -> 403: the header Host names '\\x9bevil', and " in line
    assert len(line) < 300


@needs_to_tell
async def test_a_process_of_the_environment_is_answered() -> None:
    """Here the process that runs the test is one."""
    async with listening(Peers(lambda: [os.getpid()])) as address, RawClient(address) as client:
        client.get("/2018-06-01/ping")
        reply = await client.reply()

    assert (reply.status, reply.body) == (200, b"pong")


@needs_to_tell
async def test_a_stranger_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """403 in the form of the Runtime API's errors, whatever it asks for, and one line in the log for the connection."""
    async with listening(Peers(list)) as address, RawClient(address) as client:
        client.post(RESPONSE, b"[1]")
        client.get("/2018-06-01/ping")
        reply = await client.reply()
        closed = await client.is_closed()

    reason = f"a process of user {os.getuid()} outside this function's execution environment"
    assert (reply.status, closed) == (403, True)
    assert json.loads(reply.body) == {"errorMessage": reason, "errorType": "AccessDeniedException"}
    assert caplog.messages == [f"Runtime API: a client is refused: {reason}"]


@needs_to_tell
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_process_that_is_quicker_than_the_news_of_it(run: Callable[[Coroutine[None, None, None]], None]) -> None:
    """Nothing is read from a client before it is known, and once it is known it is answered."""

    async def connect() -> None:
        known: list[int] = []
        async with listening(Peers(lambda: known)) as address, RawClient(address) as client:
            client.get("/2018-06-01/ping")
            reply = asyncio.ensure_future(client.reply())
            await asyncio.wait([reply], timeout=0.03)
            assert not reply.done()
            known.append(os.getpid())
            assert (await reply).status == 200

    run(connect())


async def test_everybody_is_answered_where_nobody_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without the means is no reason to refuse the runtime."""
    monkeypatch.setattr("gateway.targets.runtime_api.callers.can_tell", lambda: False)
    async with listening(Peers(list)) as address, RawClient(address) as client:
        client.get("/2018-06-01/ping")

        assert (await client.reply()).status == 200


@asynccontextmanager
async def listening(peers: Peers) -> AsyncIterator[str]:
    """The address of a Runtime API for these processes."""
    api = RuntimeApi(Heard())
    yield await api.listen(peers)
    api.close()
