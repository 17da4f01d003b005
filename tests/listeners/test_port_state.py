"""What the HTTP/1.1 protocol needs of its port: ours and uvicorn's do alike."""

import asyncio
from collections.abc import Callable

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from gateway.lambda_api.quiet_server import QuietServer
from gateway.listeners.asgi import AsgiRim
from gateway.listeners.port_state import Options, PortOptions, PortState, State
from gateway.listeners.protocol import HttpProtocol
from tests.listeners.doubles import Client, EchoListener, RecordingTransport
from tests.targets.hosting import eventually

pytestmark = pytest.mark.anyio

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"


def ours(listener: EchoListener, silent_s: int) -> tuple[Options, State]:
    """A port of the gateway."""
    return PortOptions(AsgiRim(listener), silent_s), PortState(set())


def uvicorns(listener: EchoListener, silent_s: int) -> tuple[Options, State]:
    """A port of uvicorn, whose application nobody has loaded yet."""
    return uvicorn_config(listener, silent_s), ServerState()


def uvicorn_config(listener: EchoListener, silent_s: int) -> Config:
    """Options of uvicorn that leave HTTP to our protocol, and the application as it is."""
    return Config(
        AsgiRim(listener),
        http=HttpProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        port=0,
        proxy_headers=False,
        timeout_keep_alive=silent_s,
    )


both = pytest.mark.parametrize("port", [ours, uvicorns])
Port = Callable[[EchoListener, int], tuple[Options, State]]


def connected(options: Options, state: State) -> tuple[HttpProtocol, RecordingTransport]:
    """A client that has just connected."""
    protocol, transport = HttpProtocol(options, state, {}), RecordingTransport()
    protocol.connection_made(transport)
    return protocol, transport


@both
async def test_a_port_knows_its_connections_and_requests(port: Port) -> None:
    """A server that stops finds in them what it has to wait for; nothing stays behind."""
    listener = EchoListener()
    gate = listener.gates[b"/a"] = asyncio.Event()
    options, state = port(listener, 60)
    protocol, transport = connected(options, state)
    protocol.data_received(GET)
    await asyncio.wait_for(listener.entered.wait(), 5)
    during = set(state.connections), len(state.tasks), state.total_requests
    gate.set()
    await asyncio.wait_for(transport.written.wait(), 5)
    await eventually(lambda: not state.tasks)
    protocol.connection_lost(None)

    assert during == ({protocol}, 1, 0)
    assert transport.writes[0].startswith(b"HTTP/1.1 200 ")
    assert (state.connections, state.total_requests) == (set(), 1)


@both
async def test_a_silent_client_is_left(port: Port) -> None:
    """After ``timeout_keep_alive`` the connection is closed without an answer."""
    _, transport = connected(*port(EchoListener(), 0))

    await eventually(lambda: transport.closed)
    assert transport.writes == []


async def test_the_application_is_there_from_the_start() -> None:
    """Our options have it already, uvicorn's get it when the first client connects."""
    listener = EchoListener()
    own, (foreign, state) = PortOptions(listener, 60), uvicorns(listener, 60)
    own.load()
    before = foreign.loaded
    HttpProtocol(foreign, state, {})

    assert (own.loaded, own.loaded_app) == (True, listener)
    assert (before, foreign.loaded, foreign.loaded_app.listener) == (False, True, listener)


async def test_uvicorn_serves_a_listener() -> None:
    """A server of uvicorn takes the protocol as its ``http`` option, counts its requests and stops with it."""
    listener = EchoListener()
    server = QuietServer(uvicorn_config(listener, 60))
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    client = await Client.connect(server.servers[0].sockets[0].getsockname()[1])
    answer = await client.ask(GET)
    server.should_exit = True
    await asyncio.wait_for(serving, 5)

    assert (answer.status, answer["path"], server.server_state.total_requests) == (200, "/a", 1)
    assert await client.rest() == b""
    await client.close()


async def test_connections_are_kept_where_the_server_wants_them() -> None:
    """A server may give a set of its own, one that says when the last client is gone."""
    given: set[HttpProtocol] = set()
    protocol, _ = connected(PortOptions(EchoListener(), 60), PortState(given))
    during = set(given)
    protocol.connection_lost(None)

    assert (during, given) == ({protocol}, set())
