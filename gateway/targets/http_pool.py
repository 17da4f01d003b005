"""The fast HTTP/1.1 client: asyncio and httptools, with a pool of connections to one origin."""

import asyncio
from typing import TYPE_CHECKING, Final, TypedDict

from gateway.targets.http_connection import HttpConnection
from gateway.targets.http_framing import request_head
from gateway.targets.http_transport import Body, ConnectFailed, HttpResponse, Origin, Timeouts
from gateway.types import HeaderList

if TYPE_CHECKING:
    import ssl

_KEEP_ALIVE_S: Final = 30.0
"""How long a connection may wait for its next request; many servers close theirs after 60 seconds or more."""


class _Secure(TypedDict, total=False):
    ssl: "ssl.SSLContext"
    server_hostname: str
    ssl_shutdown_timeout: float


class PooledTransport:
    """Implements `gateway.targets.http_transport.Transport`.

    A request takes the connection that was used last, or a new one; there is no limit of connections, since a pool of
    execution environments and a load balancer have their own.

    Args:
        origin: Where to connect.
        timeouts: How long to wait.
        keep_alive_s: How long a connection may wait for its next request.
        tls: How servers are checked for ``https``; None for ``http``.
    """

    def __init__(
        self,
        origin: Origin,
        timeouts: Timeouts,
        keep_alive_s: float = _KEEP_ALIVE_S,
        tls: "ssl.SSLContext | None" = None,
    ) -> None:
        self._origin = origin
        self._timeouts = timeouts
        # What a loop takes for connections with TLS only.
        self._secure = {} if tls is None else _Secure(ssl=tls, server_hostname=origin.host, ssl_shutdown_timeout=1.0)
        self._keep_alive_s = keep_alive_s
        self._host = origin.authority.encode()
        self._loop = asyncio.get_running_loop()
        self._free: list[HttpConnection] = []
        self._all: set[HttpConnection] = set()
        self._sweep: asyncio.TimerHandle | None = None

    async def send(
        self,
        method: str,
        target: bytes,
        headers: HeaderList,
        body: Body = b"",
        *,
        length: int | None = None,
        stream: bool = False,
        last: bool = False,
    ) -> HttpResponse:
        """Send one request; see `gateway.targets.http_transport.Transport`."""
        if last:
            headers = [*headers, (b"Connection", b"close")]
        head = request_head(method, target, headers, body, length, self._host)
        connection = self._take() or await self._connect()
        # The answer to HEAD is taken as soon as its head is there, since no body follows.
        stream = stream or method == "HEAD"
        return await connection.request(head, body, method, length, stream=stream, last=last)

    def _take(self) -> HttpConnection | None:
        """A connection on which nothing has come since its last answer."""
        while self._free:
            connection = self._free.pop()
            if connection.is_quiet():
                return connection
            connection.abort()
        return None

    async def _connect(self) -> HttpConnection:
        host, port = self._origin.host, self._origin.port
        connect_s, silence_s = self._timeouts

        def connection() -> HttpConnection:
            return HttpConnection(self._loop, self._release, self._lost, silence_s)

        try:
            async with asyncio.timeout(connect_s):
                _, made = await self._loop.create_connection(connection, host, port, **self._secure)
        except TimeoutError as error:
            text = f"{self._origin.url} did not accept a connection within {connect_s:g} s"
            raise ConnectFailed(text, timed_out=True) from error
        except OSError as error:
            raise ConnectFailed(f"cannot connect to {self._origin.url}: {error.strerror or error}") from error
        self._all.add(made)
        return made

    def _release(self, connection: HttpConnection) -> None:
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

    def _lost(self, connection: HttpConnection) -> None:
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
