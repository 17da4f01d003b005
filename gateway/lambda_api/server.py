"""The control port's server: uvicorn inside a running event loop, started and stopped like every other port."""

import asyncio
import contextlib
import math
import socket
from collections.abc import Generator

import uvicorn
from starlette.applications import Starlette

from gateway.errors import UsageError


class _Uvicorn(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals to the command that runs the gateway."""
        yield


class ControlServer:
    """Serves the control port's application.

    Attributes:
        port: The port; after `start` the real one when 0 was asked for.
    """

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        self.port = port
        self._host = host
        self._config = uvicorn.Config(app, ws="none", log_config=None, access_log=False, server_header=False)
        self._server = _Uvicorn(self._config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; connections are accepted from here on.

        Raises:
            UsageError: The port cannot be had.
        """
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            listening = socket.create_server((self._host, self.port), family=family, backlog=1024)
        except OSError as error:
            text = f"cannot listen on control port {self._host}:{self.port}: {error.strerror or error}"
            raise UsageError(f"{text}; choose another one with --control-port") from error
        # Inherited by every connection.  asyncio sets it only on sockets that name their protocol, and without it an
        # answer of two writes waits 40 ms for the client's delayed acknowledgement.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = listening.getsockname()[1]
        self._serving = asyncio.create_task(self._server.serve([listening]))

    async def stop(self, grace_s: float) -> None:
        """Stop listening, let requests finish for ``grace_s`` seconds, then wait for the events that were accepted."""
        if self._serving is None:
            return
        self._config.timeout_graceful_shutdown = math.ceil(grace_s)
        self._server.should_exit = True
        await self._serving

    def force(self) -> None:
        """Drop every request and every accepted event now; `stop` then ends at once."""
        self._server.force_exit = True
