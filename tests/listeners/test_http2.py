"""HTTP/2 on a real TLS port, beside HTTP/1.1."""

import asyncio
import contextlib
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from gateway.listeners.http2 import has_http2_extra
from gateway.listeners.server import ListenerServer
from gateway.listeners.tls_files import TlsFiles
from gateway.translation.messages import Request, Response
from tests.attacks import http2
from tests.attacks.frames import FrameReader
from tests.listeners.doubles import SMALL, EchoListener

pytestmark = pytest.mark.anyio

TLS = Path(__file__).parents[1] / "data" / "tls"
UNVERIFIED = ssl.create_default_context(cafile=TLS / "certificate.pem")
UNVERIFIED.check_hostname = False
UNVERIFIED.set_alpn_protocols(["h2"])
FILES = TlsFiles(TLS / "certificate.pem", TLS / "key.pem", http2=True)


@asynccontextmanager
async def serving(
    listener: EchoListener, *, http2: bool = True
) -> AsyncIterator[tuple[ListenerServer, httpx.AsyncClient]]:
    """A server and a client of it."""
    server = ListenerServer(listener, tls=FILES)
    await server.start()
    trust = ssl.create_default_context(cafile=TLS / "certificate.pem")
    try:
        async with httpx.AsyncClient(http2=http2, verify=trust, base_url=f"https://localhost:{server.port}") as client:
            yield server, client
    finally:
        await server.stop(0)


async def test_request() -> None:
    """A request reaches the listener with its version, and with the facts of the TLS session."""
    listener = EchoListener()
    async with serving(listener) as (server, client):
        answer = await client.post("/a%20b?c=d", content=b"body", headers={"X-A": "1"})

    seen = answer.json()
    assert answer.http_version == "HTTP/2"
    assert (seen["version"], seen["scheme"], seen["method"]) == ("2", "https", "POST")
    assert (seen["path"], seen["query"], seen["body"]) == ("/a%20b", "c=d", "body")
    assert ["x-a", "1"] in seen["headers"]
    assert ["host", f"localhost:{server.port}"] in seen["headers"]
    assert "server" not in answer.headers
    tls = listener.requests[0].tls
    assert tls
    assert (tls.version, tls.server_name) == ("TLSv1.3", "localhost")
    assert listener.requests[0].server == ("127.0.0.1", server.port)


async def test_http1_client() -> None:
    """A client that does not speak HTTP/2 is answered in HTTP/1.1 on the same port."""
    async with serving(EchoListener(), http2=False) as (_, client):
        answer = await client.get("/")

    assert (answer.http_version, answer.json()["version"]) == ("HTTP/1.1", "1.1")


async def test_streams_share_a_connection() -> None:
    """A slow answer holds up no other one of its connection."""
    listener = EchoListener()
    listener.gates[b"/slow"] = asyncio.Event()
    async with serving(listener) as (_, client):
        slow = asyncio.ensure_future(client.get("/slow"))
        await listener.entered.wait()
        assert (await client.get("/fast")).status_code == 200
        assert not slow.done()
        listener.gates[b"/slow"].set()

        assert (await slow).status_code == 200

    assert len({request.client for request in listener.requests}) == 1


async def test_streamed_answer() -> None:
    """An answer of several chunks arrives whole."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 100_000

    listener = EchoListener()
    listener.answers[b"/"] = lambda _: Response(200, [(b"Content-Type", b"text/plain")], chunks())
    async with serving(listener) as (_, client):
        assert len((await client.get("/")).content) == 300_000


async def test_stop_lets_requests_finish() -> None:
    """A graceful stop answers what has begun."""
    listener = EchoListener()
    listener.gates[b"/slow"] = asyncio.Event()
    async with serving(listener) as (server, client):
        slow = asyncio.ensure_future(client.get("/slow"))
        await listener.entered.wait()
        stopping = asyncio.ensure_future(server.stop(5))
        await asyncio.sleep(0)
        listener.gates[b"/slow"].set()

        assert (await slow).status_code == 200
        async with asyncio.timeout(4):
            await stopping


async def test_idle_connections_do_not_hold_up_a_stop() -> None:
    """A connection without requests is closed by a graceful stop."""
    async with serving(EchoListener()) as (server, client):
        await client.get("/")
        async with asyncio.timeout(4):
            await server.stop(60)


async def test_defects(caplog: pytest.LogCaptureFixture) -> None:
    """A defect has the listener's own answer; half-way through a stream the client sees that it is not whole."""

    def fail(_: Request) -> Response:
        raise LookupError

    async def broken() -> AsyncIterator[bytes]:
        yield b"first"
        raise LookupError

    listener = EchoListener()
    listener.answers = {b"/a": fail, b"/b": lambda _: Response(200, [], broken())}
    async with serving(listener) as (_, client):
        answer = await client.get("/a")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/b", timeout=5)
        assert (await client.get("/c")).status_code == 200

    assert (answer.http_version, answer.status_code, answer.content) == ("HTTP/2", 500, b"no\n")
    assert [record.getMessage().partition(" met ")[0] for record in caplog.records] == [
        "GET /a",
        "the streamed answer to GET /b",
    ]


@asynccontextmanager
async def raw_client(server: ListenerServer) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A client that sends frames of its own, after its settings; what it waits for must come within five seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=UNVERIFIED)
    writer.write(http2.PREFACE + http2.frame(http2.SETTINGS, 0, 0))
    try:
        async with asyncio.timeout(5):
            yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def request_head(path: bytes, flags: int, stream: int = 1) -> bytes:
    """The HEADERS frame of a POST."""
    lines = [(b":method", b"POST"), (b":scheme", b"https"), (b":authority", b"localhost"), (b":path", path)]
    return http2.frame(http2.HEADERS, http2.END_HEADERS | flags, stream, b"".join(http2.field(*line) for line in lines))


async def test_idle_timeout() -> None:
    """A client without requests is told to go after as long as the port says."""
    async with serving(EchoListener()) as (server, _):
        server.set_idle_timeout(0.02)
        async with raw_client(server) as (reader, _):
            await reader.read()


async def test_silence_in_the_middle_of_a_request(caplog: pytest.LogCaptureFixture) -> None:
    """A client that does not go on with its body gets 408, as over HTTP/1.1, and its connection ends."""
    listener = EchoListener()
    async with serving(listener) as (server, _):
        server.set_idle_timeout(0.05)
        async with raw_client(server) as (reader, writer):
            writer.write(request_head(b"/half", 0) + http2.frame(http2.DATA, 0, 1, b"half"))
            frames = FrameReader()
            frames.read(await reader.read())

    assert frames.statuses == {1: 408}
    assert (listener.rejected, listener.requests) == ([(408, b"POST /half HTTP/2")], [])
    assert any("'POST /half HTTP/2' by 127.0.0.1 -> 408: the client was silent" in it for it in caplog.messages)


async def test_silence_while_a_streamed_body_is_read() -> None:
    """A listener that has begun to read a long body sees its client leave, and answers as it likes."""
    listener = EchoListener(SMALL)
    listener.accepts_streams = True
    async with serving(listener) as (server, _):
        server.set_idle_timeout(0.05)
        async with raw_client(server) as (reader, writer):
            writer.write(request_head(b"/half", 0) + http2.frame(http2.DATA, 0, 1, b"x" * 101))
            frames = FrameReader()
            frames.read(await reader.read())

    assert (frames.statuses, listener.rejected) == ({1: 200}, [])


async def test_a_client_that_leaves_without_taking_its_answer() -> None:
    """An answer that waits for the client's window ends with the client."""
    no_window = http2.frame(http2.SETTINGS, 0, 0, b"\x00\x04\x00\x00\x00\x00")
    async with serving(EchoListener()) as (server, _):
        async with raw_client(server) as (reader, writer):
            writer.write(no_window + request_head(b"/a", http2.END_STREAM))
            frames, came = FrameReader(), b""
            while 1 not in frames.statuses:
                came += await reader.read(65_536)
                frames.read(came)
        async with asyncio.timeout(5):
            await server.stop(60)


async def test_force_drops_requests() -> None:
    """`force` ends a request that runs, and its connection."""
    listener = EchoListener()
    listener.gates[b"/slow"] = asyncio.Event()
    async with serving(listener) as (server, client):
        slow = asyncio.ensure_future(client.get("/slow"))
        await listener.entered.wait()
        server.force()

        with pytest.raises(httpx.HTTPError):
            await slow


def test_missing_extra() -> None:
    """Without hypercorn it is said what to install; with it nothing is."""
    program = (
        "import asyncio, sys; sys.modules['hypercorn'] = None\n"
        "from gateway.listeners.server import ListenerServer\n"
        "from gateway.listeners.tls_files import TlsFiles\n"
        f"files = TlsFiles({str(FILES.certificate)!r}, {str(FILES.key)!r}, http2=True)\n"
        "asyncio.run(ListenerServer(None, tls=files).start())"
    )
    assert has_http2_extra()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert "UsageError: HTTP/2 needs hypercorn: pip install 'lambda-http-gateway[http2]'" in done.stderr
