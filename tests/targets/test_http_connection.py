"""One connection of the fast client, where it differs from what every client does."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.targets.http_pool import PooledTransport
from gateway.targets.http_transport import BadAnswer, ConnectionLost, Timeouts, parse_origin
from tests.targets.http_server import Peer, Scripted, ok, scripted

pytestmark = pytest.mark.anyio
PATIENT = Timeouts(5, 5)


async def test_an_early_answer_ends_the_upload() -> None:
    """A server that refuses a body need not read it; the connection is not used again."""
    endless = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"x" * 1000
        await endless.wait()

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(ok(b"too much", status=b"413 Too Large"))
        await peer.reader.read()

    async with scripted(script) as server:
        pool = PooledTransport(parse_origin(server.url), PATIENT)
        assert (await pool.send("PUT", b"/", [], body())).status == 413
        await pool.send("GET", b"/", [])
        await pool.aclose()

    assert server.connections == 2


async def test_a_body_that_has_not_left_yet_ends_the_connection() -> None:
    """A server that answers before it has read a long body would take the rest of it for the next request."""

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(ok(b"at once"))
        await peer.reader.read()

    async with scripted(script) as server:
        pool = PooledTransport(parse_origin(server.url), PATIENT)
        assert (await pool.send("PUT", b"/", [], bytes(30_000_000))).body == b"at once"
        await pool.send("GET", b"/", [])
        await pool.aclose()

    assert server.connections == 2


async def test_an_upload_waits_for_a_slow_server() -> None:
    """What the server does not take is not read from the body's source."""
    taken = 0
    stuck = asyncio.Event()
    go_on = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(200):
            taken += 1
            yield bytes(200_000)

    async def script(state: Scripted, peer: Peer) -> None:
        head = await peer.head()
        await stuck.wait()
        go_on.set()
        state.bodies.append(await peer.body(head))
        await peer.send(ok())

    async with scripted(script) as server:
        pool = PooledTransport(parse_origin(server.url), PATIENT)
        sending = asyncio.create_task(pool.send("PUT", b"/", [], body(), length=40_000_000))
        before = -1
        while before != taken or not taken:
            before = taken
            await asyncio.sleep(0.1)
        assert taken < 150
        stuck.set()
        await sending
        await pool.aclose()

    assert len(server.bodies[0]) == 40_000_000


async def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    """They cannot become the answer to the next request."""
    ended = asyncio.Event()

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        if state.connections > 1:
            await peer.send(ok(b"mine"))
            await peer.head()
        await peer.send(ok())
        await asyncio.sleep(0.01)
        await peer.send(ok(b"stray"))
        assert await peer.reader.read() == b""
        ended.set()

    async with scripted(script) as server:
        pool = PooledTransport(parse_origin(server.url), PATIENT)
        await pool.send("GET", b"/", [])
        async with asyncio.timeout(5):
            await ended.wait()
        assert (await pool.send("GET", b"/", [])).body == b"mine"
        await pool.aclose()


async def test_a_switch_of_protocols_is_no_answer() -> None:
    """Nobody asked for it."""

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
        await peer.reader.read()

    async with scripted(script) as server:
        pool = PooledTransport(parse_origin(server.url), PATIENT)
        with pytest.raises(BadAnswer):
            await pool.send("GET", b"/", [])
        await pool.aclose()


async def test_a_stream_that_breaks_says_so_after_what_arrived() -> None:
    """The reader gets every byte before the error."""

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")

    async with scripted(script) as server:
        pool = PooledTransport(parse_origin(server.url), PATIENT)
        answer = await pool.send("GET", b"/", [], stream=True)
        assert not isinstance(answer.body, bytes)
        first = await anext(answer.body)
        with pytest.raises(ConnectionLost):
            await anext(answer.body)
        await pool.aclose()

    assert first == b"abc"


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\nbody"),
        ("HEAD", ok(b"body")),
        ("GET", ok() + b"garbage"),
        ("GET", ok() + b"\r\n"),
        ("GET", ok() + ok(b"for the next one")),
    ],
)
async def test_bytes_after_an_answer_end_the_connection(method: str, answer: bytes) -> None:
    """The answer itself is good."""

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(answer)
        await peer.reader.read()

    async with scripted(script) as server:
        pool = PooledTransport(parse_origin(server.url), PATIENT)
        assert [(await pool.send(method, b"/", [])).body for _ in range(2)] == [b"", b""]
        await pool.aclose()

    assert server.connections == 2
