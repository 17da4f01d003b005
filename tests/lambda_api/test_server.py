"""The control port's server in a running loop."""

import asyncio
import signal
import socket
import struct
from collections import Counter
from functools import partial

import httpx
import pytest
import uvloop

from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.invocation import Invocation, Outcome, Returned
from gateway.lambda_api.app import build_control_app
from gateway.lambda_api.server import ControlServer
from tests.lambda_api.conftest import INVOKE, STREAM, ScriptedTarget


class HeldTarget(ScriptedTarget):
    """A target that answers when it is let."""

    def __init__(self) -> None:
        super().__init__(Returned(b'"done"'))
        self.called = asyncio.Event()
        self.let = asyncio.Event()

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Tell that the call came, and wait."""
        self.called.set()
        await self.let.wait()
        return await super().invoke(invocation)


async def nothing() -> None:
    """No environments to reset."""


def server_of(
    target: ScriptedTarget, port: int = 0, reserved: int | None = None, patience_s: float = 60
) -> ControlServer:
    """A control port with ``demo-lambda``."""
    function = Function(FunctionConfiguration("demo-lambda", "app.handler", reserved_concurrency=reserved), target)
    app = partial(build_control_app, LambdaService([function]), nothing)
    return ControlServer(app, "127.0.0.1", port, patience_s)


@pytest.mark.anyio
async def test_it_serves_as_soon_as_it_is_started() -> None:
    """No waiting between start and the first call; the signals stay with the gateway."""
    before = signal.getsignal(signal.SIGTERM)
    server = server_of(ScriptedTarget(Returned(b"1")))
    await server.start()

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
        answer = await client.post(INVOKE)
    during = signal.getsignal(signal.SIGTERM)
    await server.stop(5)

    assert (answer.status_code, answer.content) == (200, b"1")
    assert during is before


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
async def test_stopping_lets_invocations_finish(kind: str) -> None:
    """A call in flight gets its answer, an accepted event its run."""
    target = HeldTarget()
    server = server_of(target)
    await server.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
        call = asyncio.create_task(client.post(INVOKE, headers={"X-Amz-Invocation-Type": kind}))
        await asyncio.wait_for(target.called.wait(), 10)
        stopping = asyncio.create_task(server.stop(10))
        await asyncio.sleep(0)
        target.let.set()

        answer = await asyncio.wait_for(call, 10)
        await asyncio.wait_for(stopping, 10)

    assert answer.status_code == (202 if kind == "Event" else 200)
    assert len(target.seen) == 1


@pytest.mark.anyio
async def test_throttles_are_what_the_arithmetic_says() -> None:
    """Of 200 calls at once on a reserved concurrency of 50, 150 are throttled, and no place is lost."""
    target = HeldTarget()
    server = server_of(target, reserved=50)
    await server.start()
    limits = httpx.Limits(max_connections=None)
    base_url = f"http://127.0.0.1:{server.port}"
    async with httpx.AsyncClient(base_url=base_url, trust_env=False, limits=limits, timeout=60) as client:
        calls = [asyncio.create_task(client.post(INVOKE)) for _ in range(200)]
        throttled = 0
        for ended in asyncio.as_completed(calls):
            throttled += (await ended).status_code == 429
            if throttled == 150:
                target.let.set()
        answers = [call.result() for call in calls]
        after = (await client.get("/_gateway/health")).json()
    await server.stop(5)

    assert Counter(answer.status_code for answer in answers) == {200: 50, 429: 150}
    assert {answer.content for answer in answers if answer.status_code == 200} == {b'"done"'}
    assert after["functions"][0]["inFlight"] == 0


@pytest.mark.anyio
async def test_force_ends_it_at_once() -> None:
    """Nobody waits for a function that does not answer."""
    target = HeldTarget()
    server = server_of(target)
    await server.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
        call = asyncio.create_task(client.post(INVOKE, headers={"X-Amz-Invocation-Type": "Event"}))
        await asyncio.wait_for(target.called.wait(), 10)
        await call

        server.force()
        await asyncio.wait_for(server.stop(100), 10)

    assert target.seen == []
    target.let.set()
    await asyncio.sleep(0)


@pytest.mark.anyio
async def test_a_port_that_is_taken_is_told() -> None:
    """The message names the port and the option."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = server_of(ScriptedTarget(), taken.getsockname()[1])

        with pytest.raises(UsageError, match=r"cannot listen on control port 127\.0\.0\.1:\d+.*--control-port"):
            await server.start()

    await server.stop(1)


@pytest.mark.anyio
@pytest.mark.parametrize("rest", [b"", b"no request\r\n\r\n"], ids=["nothing", "nonsense"])
async def test_a_client_that_asks_for_no_more_is_answered(rest: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """What it asked for comes, and then the end of the connection: when it has closed its half, or sends nonsense."""
    target = HeldTarget()
    server = server_of(target)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}".encode() + rest)
    if not rest:
        writer.write_eof()
    async with asyncio.timeout(5):
        await target.called.wait()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as other:
            await other.get("/_gateway/health")  # the server has heard of the end by then
        target.let.set()
        answer = await reader.read()
    writer.close()
    await server.stop(5)

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b'\r\n\r\n"done"')
    assert [message for message in caplog.messages if "Exception" in message] == []


@pytest.mark.anyio
@pytest.mark.parametrize("half", [True, False], ids=["it reads on", "it is gone"])
async def test_half_a_request_is_no_error(half: bool, caplog: pytest.LogCaptureFixture) -> None:
    """A client that leaves in the middle of its event is not answered, and the log has nothing of it."""
    server = server_of(ScriptedTarget(Returned(b"1")))
    await server.start()
    rest = b""
    for path in (INVOKE, STREAM, "/2014-11-13/functions/demo-lambda/invoke-async"):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        writer.write(head.encode())
        async with asyncio.timeout(5):
            await reader.readuntil(b"100 Continue\r\n\r\n")  # the event is being read
            writer.write_eof() if half else writer.close()
            rest += await reader.read() if half else b""
        writer.close()
    await server.stop(5)

    assert (rest, caplog.messages) == (b"", [])


def test_a_client_that_resets_its_connection(caplog: pytest.LogCaptureFixture) -> None:
    """Answers to several calls that nobody waits for any more are no error, on uvloop neither."""

    async def reset() -> None:
        target = HeldTarget()
        server = server_of(target)
        await server.start()
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        call = f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}".encode()
        writer.write(call + call)
        async with asyncio.timeout(5):
            await target.called.wait()
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as other:
                await other.get("/_gateway/health")
            target.let.set()
            await server.stop(5)

    uvloop.run(reset())

    assert caplog.messages == []
