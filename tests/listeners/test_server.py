"""A listener's own port: opening, stopping, TLS."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.errors import UsageError
from gateway.listeners.descriptors import Descriptors
from gateway.listeners.server import ListenerServer
from gateway.listeners.tls_files import TlsFiles
from gateway.translation.messages import Response
from tests.listeners.doubles import Client, EchoListener

pytestmark = pytest.mark.anyio

GET = b"GET / HTTP/1.1\r\n\r\n"
TLS = Path(__file__).parents[1] / "data" / "tls"


async def test_port_0_picks_one(port: int) -> None:
    """The port that the system chose is told."""
    client = await Client.connect(port)

    assert (await client.ask(GET)).status == 200
    await client.close()


async def test_busy_port() -> None:
    """A port that is in use is a usage error which says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"port {port} on 127.0.0.1 is in use: .*--port"):
            await ListenerServer(EchoListener(), port=port).start()


async def test_foreign_address() -> None:
    """So is an address that this machine does not have."""
    with pytest.raises(UsageError, match=r"cannot listen on 192\.0\.2\.1 port 0: .*--host"):
        await ListenerServer(EchoListener(), host="192.0.2.1").start()


async def test_unknown_tls_files(tmp_path: Path) -> None:
    """TLS files that cannot be read are named."""
    files = TlsFiles(tmp_path / "certificate.pem", tmp_path / "key.pem")

    with pytest.raises(UsageError, match=r"cannot read the TLS files \(.*certificate\.pem, .*key\.pem\)"):
        await ListenerServer(EchoListener(), tls=files).start()


async def test_servers_share_a_loop() -> None:
    """Several listeners can be served at once, each on its port."""
    listeners = [EchoListener(), EchoListener()]
    servers = [ListenerServer(listener) for listener in listeners]
    for server in servers:
        await server.start()
        client = await Client.connect(server.port)
        await client.ask(GET)
        await client.close()

    assert [len(listener.requests) for listener in listeners] == [1, 1]
    assert listeners[0].requests[0].server == ("127.0.0.1", servers[0].port)
    for server in servers:
        await server.stop(0)


async def test_idle_timeout_of_later_connections() -> None:
    """How long a client may be silent can be changed while the port is open."""
    server = ListenerServer(EchoListener())
    await server.start()
    server.set_idle_timeout(0.02)
    client = await Client.connect(server.port)

    async with asyncio.timeout(5):
        assert await client.rest() == b""
    await client.close()
    await server.stop(0)


async def test_stop_lets_requests_finish() -> None:
    """A graceful stop closes idle connections and answers what has begun, but takes nothing new."""
    listener = EchoListener()
    listener.gates[b"/slow"] = asyncio.Event()
    server = ListenerServer(listener)
    await server.start()
    idle, busy, half = [await Client.connect(server.port) for _ in range(3)]
    await idle.ask(GET)
    await half.send(b"POST /half HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    await half.answer(head_only=True)  # so that the server has begun to read it
    listener.entered.clear()
    await busy.send(b"GET /slow HTTP/1.1\r\n\r\n")
    await listener.entered.wait()

    stopping = asyncio.ensure_future(server.stop(5))
    assert await idle.rest() == b""
    with pytest.raises(ConnectionRefusedError):
        await Client.connect(server.port)
    listener.gates[b"/slow"].set()
    answers = [await busy.answer(), await half.ask(b"hi")]

    assert [answer["path"] for answer in answers] == ["/slow", "/half"]
    assert answers[1].headers["Connection"] == "close"
    assert await busy.rest() == await half.rest() == b""
    await stopping
    for client in (idle, busy, half):
        await client.close()


async def test_stop_does_not_wait_for_refused_clients() -> None:
    """A client that was refused and has not closed its end does not hold a stop up."""
    server = ListenerServer(EchoListener())
    await server.start()
    client = await Client.connect(server.port)
    await client.ask(b"GET / HTTP/2.0\r\n\r\n")

    async with asyncio.timeout(2):
        await server.stop(60)

    await client.close()


async def test_stop_ends_after_its_grace() -> None:
    """A request that outlasts the grace is cancelled and its connection dropped."""
    listener = EchoListener()
    listener.gates[b"/"] = asyncio.Event()
    server = ListenerServer(listener)
    await server.start()
    client = await Client.connect(server.port)
    await client.send(GET)
    await listener.entered.wait()

    await server.stop(0.01)

    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.answer()
    await client.close()


async def test_force_ends_streams_too() -> None:
    """`force` closes the source of an answer that is being streamed."""
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            ended.set()

    listener = EchoListener()
    listener.answers[b"/"] = lambda _: Response(200, [], endless())
    server = ListenerServer(listener)
    await server.start()
    client = await Client.connect(server.port)
    await client.send(GET)
    await client.reader.readuntil(b"first")

    server.force()

    async with asyncio.timeout(5):
        await ended.wait()
    await client.close()


async def test_tls() -> None:
    """A TLS listener tells the session's version, cipher and the name that the client asked for."""
    listener = EchoListener()
    server = ListenerServer(listener, tls=TlsFiles(TLS / "certificate.pem", TLS / "key.pem"))
    await server.start()
    trust = ssl.create_default_context(cafile=TLS / "certificate.pem")
    client = Client(*await asyncio.open_connection("127.0.0.1", server.port, ssl=trust, server_hostname="localhost"))

    assert (await client.ask(GET))["scheme"] == "https"

    tls = listener.requests[0].tls
    assert tls is not None
    assert (tls.version, tls.server_name, tls.client_certificate) == ("TLSv1.3", "localhost", b"")
    assert tls.cipher.startswith("TLS_")
    assert (await client.ask(b"GET / HTTP/2.0\r\n\r\n")).status == 505
    await client.close()
    await server.stop(0)


async def test_mutual_tls() -> None:
    """With a client authority, the client's certificate is told, in DER."""
    listener = EchoListener()
    files = TlsFiles(TLS / "certificate.pem", TLS / "key.pem", client_ca=TLS / "certificate.pem")
    server = ListenerServer(listener, tls=files)
    await server.start()
    trust = ssl.create_default_context(cafile=TLS / "certificate.pem")
    trust.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    client = Client(*await asyncio.open_connection("127.0.0.1", server.port, ssl=trust, server_hostname="localhost"))

    await client.ask(GET)

    tls = listener.requests[0].tls
    assert tls is not None
    assert tls.client_certificate == ssl.PEM_cert_to_DER_cert((TLS / "certificate.pem").read_text())
    await client.close()
    await server.stop(0)


class Few(Descriptors):
    """Descriptors that run out when a test says so."""

    few = False

    def are_few(self) -> bool:
        """Whether the test has said so."""
        return self.few


async def test_accepting_pauses(caplog: pytest.LogCaptureFixture) -> None:
    """When descriptors run out, who comes waits and is served when some are free again; one warning says so."""
    server = ListenerServer(EchoListener())
    server._descriptors = few = Few()
    await server.start()
    for _ in range(2):
        few.few = True
        last = await Client.connect(server.port)
        first = await last.ask(GET)
        waiting = await Client.connect(server.port)
        answer = asyncio.create_task(waiting.ask(GET))
        done, _ = await asyncio.wait([answer], timeout=0.05)
        few.few = False
        second = await asyncio.wait_for(answer, 5)
        await last.close()
        await waiting.close()
        assert (first.status, done, second.status) == (200, set(), 200)
    await server.stop(0)

    assert [text.split(":")[0] for text in caplog.messages] == [
        f"port {server.port} accepts nothing until connections end"
    ]


async def test_stopped_while_accepting_pauses() -> None:
    """The port is closed all the same, and a client that waits is not served."""
    server = ListenerServer(EchoListener())
    server._descriptors = few = Few()
    await server.start()
    few.few = True
    client = await Client.connect(server.port)
    await client.ask(GET)
    await server.stop(0)
    await client.close()

    with pytest.raises(ConnectionRefusedError):
        await Client.connect(server.port)
