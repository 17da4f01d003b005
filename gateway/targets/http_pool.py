"""The fast HTTP/1.1 client: asyncio and httptools, with a pool of connections to one origin."""

import asyncio
from typing import Final

from gateway.targets.http_connection import Connection
from gateway.targets.http_transport import Answer, Body, ConnectFailed, Origin, Timeouts
from gateway.types import HeaderList

_KEEP_ALIVE_S: Final = 30.0
"""How long a connection may wait for its next request; many servers close theirs after 60 seconds or more."""

_EXPECT_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests say that they have no body (RFC 9110, 8.6)."""


class PooledTransport:
    """Implements `gateway.targets.http_transport.Transport` for plain ``http``.

    A request takes the connection that was used last, or a new one; there is no limit of connections, since a pool of
    execution environments and a load balancer have their own.
    """

    def __init__(self, origin: Origin, timeouts: Timeouts, keep_alive_s: float = _KEEP_ALIVE_S) -> None:
        self._origin = origin
        self._timeouts = timeouts
        self._keep_alive_s = keep_alive_s
        self._host_line = b"Host: %b\r\n" % origin.authority.encode()
        self._loop = asyncio.get_running_loop()
        self._free: list[Connection] = []
        self._all: set[Connection] = set()
        self._sweep: asyncio.TimerHandle | None = None

    async def send(
        self, method: str, target: bytes, headers: HeaderList, body: Body = b"", *, stream: bool = False
    ) -> Answer:
        """Send one request; see `gateway.targets.http_transport.Transport`."""
        head, chunked = self._head(method, target, headers, body)
        connection = self._free.pop() if self._free else await self._connect()
        # The answer to HEAD is taken as soon as its head is there, since no body follows.
        return await connection.request(head, body, method, chunked=chunked, stream=stream or method == "HEAD")

    def _head(self, method: str, target: bytes, headers: HeaderList, body: Body) -> tuple[bytes, bool]:
        """The request's head, and whether its body goes in chunks."""
        lines = [b"%b %b HTTP/1.1\r\n" % (method.encode("latin-1"), target)]
        has_host = has_length = False
        for name, value in headers:
            lines.append(b"%b: %b\r\n" % (name, value))
            # Only names of these lengths can be the two that matter.
            if len(name) == 4 and name.lower() == b"host":
                has_host = True
            elif len(name) == 14 and name.lower() == b"content-length":
                has_length = True
        if not has_host:
            lines.insert(1, self._host_line)
        chunked = False
        if not has_length:
            if not isinstance(body, bytes):
                chunked = True
                lines.append(b"Transfer-Encoding: chunked\r\n")
            elif body or method in _EXPECT_BODY:
                lines.append(b"Content-Length: %d\r\n" % len(body))
        lines.append(b"\r\n")
        return b"".join(lines), chunked

    async def _connect(self) -> Connection:
        host, port = self._origin.host, self._origin.port
        connect_s, silence_s = self._timeouts

        def connection() -> Connection:
            return Connection(self._loop, self._release, self._lost, silence_s)

        try:
            async with asyncio.timeout(connect_s):
                _, made = await self._loop.create_connection(connection, host, port)
        except TimeoutError as error:
            text = f"{self._origin.url} did not accept a connection within {connect_s:g} s"
            raise ConnectFailed(text, timed_out=True) from error
        except OSError as error:
            raise ConnectFailed(f"cannot connect to {self._origin.url}: {error.strerror or error}") from error
        self._all.add(made)
        return made

    def _release(self, connection: Connection) -> None:
        self._free.append(connection)
        if self._sweep is None:
            self._sweep = self._loop.call_later(self._keep_alive_s, self._close_old)

    def _close_old(self) -> None:
        """The list is in order of use, so that the oldest stand first."""
        self._sweep = None
        oldest = self._loop.time() - self._keep_alive_s
        for connection in [one for one in self._free if one.free_since <= oldest]:
            self._free.remove(connection)
            connection.close()
        if self._free:
            self._sweep = self._loop.call_later(self._keep_alive_s, self._close_old)

    def _lost(self, connection: Connection) -> None:
        self._all.discard(connection)
        if connection in self._free:
            self._free.remove(connection)

    async def aclose(self) -> None:
        """Close all connections; requests on their way fail."""
        if self._sweep is not None:
            self._sweep.cancel()
        self._free.clear()
        for connection in list(self._all):
            connection.abort()
