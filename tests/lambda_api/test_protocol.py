"""The control port's HTTP/1.1."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest

from gateway.lambda_api.server import ControlServer
from tests.lambda_api.conftest import INVOKE, ScriptedTarget
from tests.lambda_api.test_server import HeldTarget, server_of
from tests.targets.hosting import eventually

pytestmark = pytest.mark.anyio
CALL = f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}".encode()
CHUNKED = f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


async def status_of(server: ControlServer, head: str) -> str:
    """The status line that a head without a body gets."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(head.encode())
    line = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    return line.decode().split(" ")[1]


async def test_authority_of_an_absolute_target() -> None:
    """It is looked at, whatever stands in Host; one of this machine is as good as none."""
    target = ScriptedTarget()
    server = server_of(target)
    await server.start()
    try:
        rest = f"{INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
        statuses = [
            await status_of(server, f"POST {where}{rest}") for where in ("http://evil.example", "", "http://[::1]")
        ]
    finally:
        await server.stop(5)

    assert statuses == ["403", "200", "200"]
    assert len(target.seen) == 2


async def test_http_1_0_without_a_host() -> None:
    """No browser speaks it, so it is no page that asks."""
    server = server_of(ScriptedTarget())
    await server.start()
    try:
        status = await status_of(server, "GET /_gateway/health HTTP/1.0\r\n\r\n")
    finally:
        await server.stop(5)

    assert status == "200"


async def test_an_upgrade_is_a_request_like_any_other(caplog: pytest.LogCaptureFixture) -> None:
    """The log has no advice of uvicorn's about WebSocket packages."""
    server = server_of(ScriptedTarget())
    await server.start()
    try:
        upgrade = "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        status = await status_of(server, f"GET /_gateway/health HTTP/1.1\r\n{upgrade}")
    finally:
        await server.stop(5)

    assert (status, [record for record in caplog.records if record.name.startswith("uvicorn")]) == ("200", [])


NONSENSE = [
    (b"NONSENSE / HTTP/1.1\r\n\r\n", 400, "Invalid method encountered"),
    (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400, "Invalid character in Content-Length"),
    (b"GET /\xc3\xbc HTTP/1.1\r\n\r\n", 400, "Invalid char in url path"),
    (b"GET http://[ HTTP/1.1\r\n\r\n", 400, "invalid url"),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400, "it begins as TLS does, and this port speaks plain HTTP"),
    (b"GET / HTTP/1.1\r\nA: " + b"a" * 70_000, 431, "is over 65536 bytes"),
    (b"GET / HTTP/1.1\r\nA: " + b"a" * 70_000 + b"\r\n\r\n", 431, "is over 65536 bytes"),
    (CHUNKED + b"1;" + b"a" * 70_000, 431, "is over 65536 bytes"),
    (CHUNKED + b"0\r\n" + b"A: a\r\n" * 12_000, 431, "is over 65536 bytes"),
    (CHUNKED + b"x\r\n", 400, "Invalid character in chunk size"),
]
HALVES = [
    (b"G", "head"),
    (b"POST / HTTP/1.1\r\nHost: localhost\r\n", "head"),
    (f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{{".encode(), "body"),
    (CHUNKED + b"1\r\n{\r\n", "body"),
]


async def test_what_is_no_request(caplog: pytest.LogCaptureFixture) -> None:
    """The client and the log are told what is wrong, in one line of bounded length, and the connection ends."""
    async with serving() as (server, _):
        for sent, status, reason in NONSENSE:
            caplog.clear()
            received = await answer_to(server, sent)
            head, _, body = received.partition(b"\r\n\r\n")
            if received or status != 431:  # a client that is still sending may not get to see its answer
                assert head.startswith(b"HTTP/1.1 %d " % status), sent
                assert reason in json.loads(body)["message"]
            (line,) = caplog.messages
            assert line.startswith(f"control port: a client's request -> {status}: ")
            assert reason in line
            assert len(line) < 300


async def test_half_a_request_ends(caplog: pytest.LogCaptureFixture) -> None:
    """A client that does not send the rest is told so, and its function is not called."""
    async with serving(patience_s=0.05) as (server, target):
        for sent, half in HALVES:
            caplog.clear()
            assert (await answer_to(server, sent)).startswith(b"HTTP/1.1 408 ")
            assert caplog.messages == [
                f"control port: a client's request -> 408: the rest of its {half} did not come within 0.05 s"
            ]
        assert target.seen == []


async def test_a_silent_client_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    """Without an answer or a line: it has asked for nothing."""
    async with serving(patience_s=0.05) as (server, _):
        assert await answer_to(server, b"") == b""
    assert caplog.messages == []


async def test_a_head_that_comes_drop_by_drop_ends() -> None:
    """Each byte is no new patience."""
    server = server_of(ScriptedTarget(), patience_s=0.1)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    async with asyncio.timeout(10):
        answer = asyncio.ensure_future(reader.readline())
        writer.write(b"GET / HTTP/1.1\r\nA: ")
        while not answer.done():
            writer.write(b"a")
            await asyncio.wait([answer], timeout=0.01)
    writer.close()
    await server.stop(5)

    assert answer.result().startswith(b"HTTP/1.1 408 ")


async def test_an_answer_that_is_under_way_is_not_overtaken(caplog: pytest.LogCaptureFixture) -> None:
    """Half a request behind it is not answered; the one before it is, and is the last."""
    target = HeldTarget()
    server = server_of(target, patience_s=0.05)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    async with asyncio.timeout(10):
        writer.write(CALL + b"GET / HT")
        await eventually(lambda: bool(caplog.messages))
        target.let.set()
        received = await reader.read()
    writer.close()
    await server.stop(5)

    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.endswith(b'\r\n\r\n"done"')


async def test_a_body_may_be_longer_than_a_head() -> None:
    """Only what stands between its pieces is bounded as a head is."""
    piece = b"%x\r\n%b\r\n" % (50_000, b" " * 50_000)
    head = CHUNKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    async with serving() as (server, target):
        received = await answer_to(server, head + piece * 3 + b"2\r\n{}\r\n0\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 200 ")
    assert [len(call.payload) for call in target.seen] == [150_002]


@contextlib.asynccontextmanager
async def serving(patience_s: float = 60) -> AsyncIterator[tuple[ControlServer, ScriptedTarget]]:
    """A control port, and what its function is asked."""
    target = ScriptedTarget()
    server = server_of(target, patience_s=patience_s)
    await server.start()
    yield server, target
    await server.stop(5)


async def answer_to(server: ControlServer, sent: bytes) -> bytes:
    """All that a client gets that sends this and waits for the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(sent)
    received = b""
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionResetError):  # where it has sent more than was read
            while part := await reader.read(65_536):
                received += part
    writer.close()
    return received
