"""A scripted HTTP server for tests of outgoing HTTP: it keeps every byte that it got and answers with given bytes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Script = Callable[["Peer"], Awaitable[None]]


@dataclass
class Peer:
    """One accepted connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def head(self) -> bytes:
        """The next request's head; raises `EOFError` at the end of the connection."""
        return await self.reader.readuntil(b"\r\n\r\n")

    async def body(self, head: bytes) -> bytes:
        """The body that belongs to a head."""
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            return await self._chunks()
        if b"content-length: " not in lower:
            return b""
        return await self.reader.readexactly(int(lower.split(b"content-length: ")[1].split(b"\r\n")[0]))

    async def _chunks(self) -> bytes:
        parts = []
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            parts.append(await self.reader.readexactly(size))
            await self.reader.readline()
        await self.reader.readline()
        return b"".join(parts)

    async def send(self, data: bytes) -> None:
        """Write bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()


@dataclass
class Scripted:
    """A server that runs a script for each connection."""

    port: int = 0
    connections: int = 0
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def scripted(script: Callable[[Scripted, Peer], Awaitable[None]]) -> AsyncIterator[Scripted]:
    """Run a script for each connection; a script that meets the end of its connection just ends."""
    server_state = Scripted()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_state.connections += 1
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        try:
            await script(server_state, Peer(reader, writer))
        except (EOFError, ConnectionError):
            pass
        except Exception as error:  # noqa: BLE001 - shown at the end of the test
            server_state.errors.append(error)
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    server_state.port = server.sockets[0].getsockname()[1]
    try:
        yield server_state
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert not server_state.errors


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[Scripted]:
    """A server that gives these answers in turn, the last one for ever, and keeps its connections."""
    given = iter(answers)
    last = answers[-1]

    async def script(state: Scripted, peer: Peer) -> None:
        while True:
            head = await peer.head()
            state.heads.append(head)
            state.bodies.append(await peer.body(head))
            await peer.send(next(given, last))

    async with scripted(script) as state:
        yield state


def ok(body: bytes = b"", *lines: bytes, status: bytes = b"200 OK") -> bytes:
    """The bytes of an answer."""
    return b"\r\n".join([b"HTTP/1.1 " + status, *lines, b"Content-Length: %d" % len(body), b"", body])
