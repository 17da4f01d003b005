"""A listener on a port of its own."""

import asyncio
from pathlib import Path
from typing import Final, NamedTuple

from uvicorn.config import Config
from uvicorn.server import ServerState

from gateway.errors import UsageError
from gateway.listeners.asgi import AsgiRim
from gateway.listeners.listener import Listener
from gateway.listeners.protocol import HttpProtocol

_BACKLOG: Final = 2048
_IDLE_TIMEOUT_S: Final = 60
"""How long a client may be silent: the default of an Application Load Balancer's ``idle_timeout.timeout_seconds``."""


class TlsFiles(NamedTuple):
    """PEM files of a TLS listener; with ``client_ca`` clients must present a certificate of that authority."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


class ListenerServer:
    """Serves one `Listener` on one port.  Several of them can run in one event loop; none handles signals.

    Attributes:
        port: The port that was bound, after `start`; with 0 asked for, the one that the system chose.
    """

    def __init__(
        self,
        listener: Listener,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: TlsFiles | None = None,
        idle_timeout_s: int = _IDLE_TIMEOUT_S,
    ) -> None:
        self._host = host
        self.port = port
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        # Only what HttpProtocol reads matters here: it runs below uvicorn's own ASGI cycle.
        self._config = Config(
            AsgiRim(listener),
            http=HttpProtocol,
            interface="asgi3",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=idle_timeout_s,
        )
        self._tls = tls

    async def start(self) -> None:
        """Listen.

        Raises:
            UsageError: The port is in use or may not be bound, the host is not of this machine, or a TLS file cannot
                be read.
        """
        context = None if self._tls is None else _tls_context(self._tls)
        loop = asyncio.get_running_loop()

        def connection() -> HttpProtocol:
            return HttpProtocol(self._config, self._state, {}, loop)

        try:
            self._server = await loop.create_server(
                connection, self._host, self.port, ssl=context, backlog=_BACKLOG, reuse_address=True
            )
        except OSError as error:
            raise UsageError(_why_not(error, self._host, self.port)) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self, grace_s: float) -> None:
        """Accept nothing new, close idle connections, let requests finish; after ``grace_s`` seconds, `force`."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        deadline = asyncio.get_running_loop().time() + grace_s
        while self._state.connections and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(_LOOK_S)
        self.force()

    def force(self) -> None:
        """Accept nothing new, drop every connection and cancel every request now."""
