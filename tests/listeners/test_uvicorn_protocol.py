"""The gateway's HTTP/1.1 protocol as uvicorn's."""

import asyncio

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from gateway.lambda_api.quiet_server import QuietServer
from gateway.listeners.asgi import AsgiApplication
from gateway.listeners.uvicorn_protocol import UvicornProtocol
from tests.listeners.doubles import Client, EchoListener, RecordingTransport
from tests.targets.hosting import eventually

pytestmark = pytest.mark.anyio

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"


def uvicorn_config(application: AsgiApplication, silent_s: int = 60) -> Config:
    """Options of uvicorn that leave HTTP to our protocol, and the application as it is."""
    return Config(
        application,
        http=UvicornProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        port=0,
        proxy_headers=False,
        timeout_keep_alive=silent_s,
    )


def connected(config: Config, state: ServerState) -> tuple[UvicornProtocol, RecordingTransport]:
    """A client that has just connected."""
    protocol, transport = UvicornProtocol(config, state, {}), RecordingTransport()
    protocol.connection_made(transport)
    return protocol, transport


async def test_uvicorn_knows_its_connections_and_requests() -> None:
    """A server that stops finds in its state what it has to wait for; nothing stays behind."""
    listener, state = EchoListener(), ServerState()
    gate = listener.gates[b"/a"] = asyncio.Event()
    protocol, transport = connected(uvicorn_config(AsgiApplication(listener)), state)
    protocol.data_received(GET)
    await asyncio.wait_for(listener.entered.wait(), 5)
    during = len(state.connections), len(state.tasks), state.total_requests
    gate.set()
    await asyncio.wait_for(transport.written.wait(), 5)
    await eventually(lambda: not state.tasks)
    protocol.connection_lost(None)

    assert during == (1, 1, 0)
    assert transport.writes[0].startswith(b"HTTP/1.1 200 ")
    assert (len(state.connections), state.total_requests) == (0, 1)


async def test_a_silent_client_is_left() -> None:
    """After ``timeout_keep_alive`` the connection is closed without an answer."""
    _, transport = connected(uvicorn_config(AsgiApplication(EchoListener()), 0), ServerState())

    await eventually(lambda: transport.closed)
    assert transport.writes == []


async def test_the_application_is_loaded_when_a_client_connects() -> None:
    """A server that has not loaded it yet need not."""
    listener = EchoListener()
    config = uvicorn_config(AsgiApplication(listener))
    before = config.loaded
    protocol, transport = connected(config, ServerState())
    protocol.data_received(GET)
    await asyncio.wait_for(transport.written.wait(), 5)

    assert (before, config.loaded) == (False, True)
    assert [request.raw_path for request in listener.requests] == [b"/a"]


async def test_uvicorn_serves_a_listener() -> None:
    """A server of uvicorn takes the protocol as its ``http`` option, counts its requests and stops with it."""
    listener = EchoListener()
    server = QuietServer(uvicorn_config(AsgiApplication(listener)))
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    client = await Client.connect(server.servers[0].sockets[0].getsockname()[1])
    answer = await client.ask(GET)
    server.should_exit = True
    await asyncio.wait_for(serving, 5)

    assert (answer.status, answer["path"], server.server_state.total_requests) == (200, "/a", 1)
    assert await client.rest() == b""
    await client.close()
