"""The pool of the fast client."""

import asyncio
import socket
import ssl
import threading
from pathlib import Path

import pytest

from gateway.targets.http_pool import PooledTransport
from gateway.targets.http_transport import ConnectFailed, ConnectionLost, Timeouts, parse_origin
from tests.targets.http_server import Peer, Scripted, answering, ok, scripted

pytestmark = pytest.mark.anyio
PATIENT = Timeouts(5, 5)
TLS = Path(__file__).parents[1] / "data" / "tls"


async def test_the_connection_used_last_is_used_first() -> None:
    """The others may grow old."""
    together = asyncio.Barrier(2)

    async def script(state: Scripted, peer: Peer) -> None:
        number = b"%d" % state.connections
        first = await peer.head()
        if b"/together" in first:
            await together.wait()
        while True:
            await peer.send(ok(number))
            await peer.head()

    async with scripted(script) as server:
        pool = PooledTransport(parse_origin(server.url), PATIENT)
        bodies = await asyncio.gather(*(pool.send("GET", b"/together", []) for _ in range(2)))
        again = [(await pool.send("GET", b"/", [])).body for _ in range(3)]
        await pool.aclose()

    assert {answer.body for answer in bodies} == {b"1", b"2"}
    assert len(set(again)) == 1


async def test_old_connections_are_closed() -> None:
    """A connection that nobody used for its time is gone before a server closes it at the wrong moment."""
    closed = asyncio.Event()

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(ok())
        assert await peer.reader.read() == b""
        closed.set()

    async with scripted(script) as server:
        pool = PooledTransport(parse_origin(server.url), PATIENT, keep_alive_s=0.05)
        await pool.send("GET", b"/", [])
        async with asyncio.timeout(5):
            await closed.wait()
        await pool.send("GET", b"/", [])
        await pool.aclose()

    assert server.connections == 2


async def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    """The next request gets a new one."""
    closing = asyncio.Event()

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(ok())
        peer.writer.close()
        await peer.writer.wait_closed()
        closing.set()

    async with scripted(script) as server:
        pool = PooledTransport(parse_origin(server.url), PATIENT)
        for _ in range(3):
            await pool.send("GET", b"/", [])
            async with asyncio.timeout(5):
                await closing.wait()
            closing.clear()
            await asyncio.sleep(0.01)  # the end of the connection arrives
        await pool.aclose()

    assert server.connections == 3


async def test_a_connection_on_which_something_waits_is_not_used_again() -> None:
    """What came since the last answer is not the next one's, though nobody has read it yet."""
    stray_sent = threading.Event()

    def serve(listening: socket.socket) -> None:
        first, _ = listening.accept()
        with first:
            first.recv(1000)
            first.sendall(ok(b"1"))
            first.recv(1)  # the sign that the answer was read
            first.sendall(ok(b"stray"))
            stray_sent.set()
            second, _ = listening.accept()
            with second:
                second.recv(1000)
                second.sendall(ok(b"2"))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        server = asyncio.create_task(asyncio.to_thread(serve, listening))
        pool = PooledTransport(parse_origin(f"http://127.0.0.1:{listening.getsockname()[1]}"), PATIENT)
        await pool.send("GET", b"/", [])
        (connection,) = pool._free
        connection._transport.write(b"x")
        assert stray_sent.wait(5)  # without the event loop, which would have read it
        answer = await pool.send("GET", b"/", [])
        await server
        await pool.aclose()

    assert answer.body == b"2"


async def test_closing_ends_what_is_on_its_way() -> None:
    """Nobody waits for ever for an answer of a client that was closed."""
    asked = asyncio.Event()

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        asked.set()
        await peer.head()

    async with scripted(script) as server:
        pool = PooledTransport(parse_origin(server.url), PATIENT)
        waiting = asyncio.create_task(pool.send("GET", b"/", []))
        await asked.wait()
        await pool.aclose()
        with pytest.raises(ConnectionLost):
            await waiting


async def test_head_and_body_leave_together() -> None:
    """A small request is one piece, so that a server needs to wake up once."""
    async with answering(ok()) as server:
        pool = PooledTransport(parse_origin(server.url), PATIENT)
        await pool.send("POST", b"/", [], b"x" * 1000)
        await pool.send("POST", b"/", [], b"x" * 200_000)
        await pool.aclose()

    assert [len(body) for body in server.bodies] == [1000, 200_000]


async def test_https() -> None:
    """The same over TLS, with the certificate checked or not as the context says."""
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    careless = ssl.create_default_context()
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while await reader.readline():
            if await reader.readuntil(b"\r\n\r\n"):
                writer.write(ok(b"%d" % connections))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_side)
    origin = parse_origin(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    pool = PooledTransport(origin, PATIENT, tls=careless)
    bodies = [(await pool.send("GET", b"/", [])).body for _ in range(3)]
    await pool.aclose()
    strict = PooledTransport(origin, PATIENT, tls=ssl.create_default_context())
    with pytest.raises(ConnectFailed):
        await strict.send("GET", b"/", [])
    server.close()

    assert bodies == [b"1", b"1", b"1"]
