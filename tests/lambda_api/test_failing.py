"""A defect of the gateway behind the control port, as the caller and the log see it."""

import asyncio
from collections.abc import AsyncIterator
from typing import NoReturn

import httpx
import pytest

from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.invocation import Invocation, Outcome, Returned, Streamed
from gateway.lambda_api.app import build_control_app
from gateway.lambda_api.server import ControlServer
from tests.lambda_api.conftest import INVOKE, ScriptedTarget

pytestmark = pytest.mark.anyio
STREAM = "/2021-11-15/functions/demo-lambda/response-streaming-invocations"


async def fail() -> NoReturn:
    """A defect."""
    raise LookupError


async def broken() -> AsyncIterator[bytes]:
    """A stream with a defect at its end."""
    yield b"first"
    await fail()


class Defective(ScriptedTarget):
    """A target with a defect; its streams have it at their end."""

    def __init__(self) -> None:
        super().__init__(Returned(b"1"))

    async def invoke(self, invocation: Invocation) -> Outcome:
        """A defect, now or later."""
        return Streamed("text/plain", broken()) if invocation.streaming else await fail()


@pytest.fixture
async def port(anyio_backend: str) -> AsyncIterator[int]:  # noqa: ARG001 - makes it async
    """A control port in front of it."""
    function = Function(FunctionConfiguration("demo-lambda", "app.handler"), Defective())
    server = ControlServer(lambda: build_control_app(LambdaService([function]), fail), "127.0.0.1", 0)
    await server.start()
    yield server.port
    await server.stop(5)


@pytest.mark.parametrize("path", [INVOKE, "/_gateway/reset"])
async def test_before_the_answer(path: str, port: int, caplog: pytest.LogCaptureFixture) -> None:
    """The caller gets the service's own 500, the log one traceback, and the next call is served."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        answer = await client.post(path)
        health = await client.get("/_gateway/health")

    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (500, "ServiceException")
    assert health.status_code == 200
    assert [record.getMessage().partition(" met ")[0] for record in caplog.records] == [f"POST {path}"]


async def test_after_the_head(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """The connection ends without the last chunk; the server says so in a line, and the traceback is there once."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(STREAM)

    assert [record.getMessage().partition(" met ")[0] for record in caplog.records if record.exc_info] == [
        f"POST {STREAM}"
    ]
    assert caplog.text.count("Traceback") == 1


async def test_a_client_that_leaves_half_way(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """That is no defect, and nobody is there to be answered."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        assert (await client.get("/_gateway/health")).status_code == 200

    assert caplog.records == []


async def test_a_control_port_that_cannot_be_built(caplog: pytest.LogCaptureFixture) -> None:
    """Its clients are refused instead of waiting for ever, and the gateway stops as it would."""

    def build() -> NoReturn:
        raise LookupError

    server = ControlServer(build, "127.0.0.1", 0)
    await server.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False, timeout=5) as client:
        with pytest.raises(httpx.TransportError) as raised:
            await client.get("/_gateway/health")
    await server.stop(5)

    assert not isinstance(raised.value, httpx.TimeoutException)
    assert [record.getMessage().partition(" met ")[0] for record in caplog.records] == ["the control port"]
