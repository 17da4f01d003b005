"""A listener on a port of its own."""

import asyncio
import contextlib
import errno
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from gateway.defects import reported
from gateway.errors import UsageError
from gateway.listeners.descriptors import Descriptors
from gateway.listeners.listener import Listener
from gateway.listeners.port_options import ClientConnection, PortOptions
from gateway.listeners.protocol import HttpProtocol
from gateway.listeners.tls_files import TlsFiles, tls_context

log = logging.getLogger("gateway")

_LOOK_AGAIN_S: Final = 0.1
_IDLE_TIMEOUT_S: Final = 60
"""How long a client may be silent: the default of an Application Load Balancer's ``idle_timeout.timeout_seconds``."""

_GOODBYE_S: Final = 1.0
"""How long a TLS client has to agree that its connection is closed; idle ones may not be listening."""
_DROPPED_S: Final = 1.0


class _Connections(set[ClientConnection]):
    """The open connections; says when the last one is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.none_left = asyncio.Event()

    def discard(self, connection: object) -> None:
        """A connection is gone."""
        super().discard(connection)
        if not self:
            self.none_left.set()


class ListenerServer:
    """Serves one `Listener` on one port.  Several of them can run in one event loop; none handles signals.

    Args:
        listener: What answers.
        host: Where to listen.
        port: The same; 0 for a free one.
        tls: The files of TLS, None for plain HTTP.
        idle_timeout_s: How long, in seconds, a client may be silent.
        bound: A socket that is bound already, instead of host and port.

    Attributes:
        port: The port that was bound, after `start`; with 0 asked for, the one that the system chose.
        options: What each connection is given.
    """

    def __init__(
        self,
        listener: Listener,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: TlsFiles | None = None,
        idle_timeout_s: float = _IDLE_TIMEOUT_S,
        bound: socket.socket | None = None,
    ) -> None:
        self._host = host
        self.port = port
        self._connections = _Connections()
        self.options = PortOptions(listener, idle_timeout_s, self._connections)
        self._listen: Callable[..., Coroutine[object, object, asyncio.Server]]
        self._servers: list[asyncio.Server] = []
        self._descriptors = Descriptors()
        self._paused: asyncio.Task[None] | None = None
        self._warned = False
        self._tls = tls
        self._bound = bound

    async def start(self) -> None:
        """Listen.

        Raises:
            UsageError: The port is in use or may not be bound, the host is not of this machine, or a TLS file cannot
                be read.
        """
        context = None if self._tls is None else tls_context(self._tls)
        loop = asyncio.get_running_loop()
        self._listen = partial(
            loop.create_server,
            self._accepting(self._protocol(loop), loop),
            ssl=context,
            ssl_shutdown_timeout=None if context is None else _GOODBYE_S,
            backlog=self._descriptors.backlog,
        )
        where: dict[str, Any] = {"host": self._host, "port": self.port, "reuse_address": True}
        try:
            self._servers = [await self._listen(**(where if self._bound is None else {"sock": self._bound}))]
        except OSError as error:
            raise UsageError(_why_not(error, self._host, self.port)) from error
        self.port = self._servers[0].sockets[0].getsockname()[1]

    def _accepting(
        self, protocol: Callable[[], asyncio.Protocol], loop: asyncio.AbstractEventLoop
    ) -> Callable[[], asyncio.Protocol]:
        """The same protocol; accepting pauses when descriptors run out, since uvloop drops who comes then."""
        are_few = self._descriptors.are_few

        def accept() -> asyncio.Protocol:
            if are_few() and self._paused is None:
                self._paused = loop.create_task(self._pause())
                self._paused.add_done_callback(reported("a port that accepts nothing"))
            return protocol()

        return accept

    async def _pause(self) -> None:
        """Accept nothing until connections have ended; those who come meanwhile wait with the system."""
        if not self._warned:
            self._warned = True
            log.warning(
                "port %d accepts nothing until connections end: of %d file descriptors few are left; "
                "raise the limit with ulimit -n",
                self.port,
                self._descriptors.limit,
            )
        # Of our own, since a server closes those that it has.
        held = [socket.socket(fileno=os.dup(it.fileno())) for server in self._servers for it in server.sockets]
        try:
            self._close_servers()
            while self._descriptors.are_few():  # noqa: ASYNC110 - nothing announces one that is free
                await asyncio.sleep(_LOOK_AGAIN_S)
            while held:
                self._servers.append(await self._listen(sock=held[0]))
                held.pop(0)
        finally:
            for it in held:
                it.close()
        self._paused = None

    def _close_servers(self) -> None:
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()

    def _protocol(self, loop: asyncio.AbstractEventLoop) -> Callable[[], asyncio.Protocol]:
        """What makes the protocol of a new connection; HTTP/2 is agreed on in the TLS handshake."""

        def http1() -> HttpProtocol:
            return HttpProtocol(self.options, loop)

        if self._tls is None or not self._tls.http2:
            return http1
        from gateway.listeners.http2 import Http2, Http2Connection, Negotiated  # noqa: PLC0415 - ASGI comes with it

        http2 = Http2(self.options)
        return lambda: Negotiated(http1, lambda: Http2Connection(http2, loop))

    def set_idle_timeout(self, seconds: float) -> None:
        """Let the clients that connect from now on be silent for so long."""
        self.options.idle_timeout_s = seconds

    async def stop(self, grace_s: float) -> None:
        """Accept nothing new, close idle connections, let requests finish; after ``grace_s`` seconds, `force`."""
        self._accept_nothing()
        for connection in list(self._connections):
            connection.shutdown()
        if self._connections:
            self._connections.none_left.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._connections.none_left.wait(), grace_s)
        tasks = list(self.options.tasks)
        self.force()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._connections:  # they are dropped, and learn of it with the loop's next turns
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._connections.none_left.wait(), _DROPPED_S)

    def force(self) -> None:
        """Accept nothing new, drop every connection and cancel every request now."""
        self._accept_nothing()
        for task in list(self.options.tasks):
            task.cancel()
        for connection in list(self._connections):
            connection.abort()

    def _accept_nothing(self) -> None:
        if self._paused is not None:
            self._paused.cancel()
        self._close_servers()


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: stop the program that listens there, or use --port with another one"
    if error.errno == errno.EACCES:
        return f"port {port} on {host} may not be opened by this user: use --port with 1024 or above"
    return f"cannot listen on {host} port {port}: {error.strerror or error}; use --host with an address of this machine"
