"""The control port's HTTP/1.1."""

import asyncio

import pytest

from gateway.lambda_api.server import ControlServer
from tests.lambda_api.conftest import INVOKE, ScriptedTarget
from tests.lambda_api.test_server import server_of

pytestmark = pytest.mark.anyio


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
