"""The control port's server: uvicorn inside a running event loop, started and stopped like every other port.

The port is open from the start, but the application behind it is only built when the first client connects: a gateway
that nobody invokes through it should not start slower for it.
"""

import asyncio
import math
import socket
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from gateway.defects import report, reported
from gateway.errors import UsageError

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn import Server


class ControlServer:
    """Serves the control port's application.

    Args:
        patience_s: How long a client may leave half a request.

    Attributes:
        port: The port; after `start` the real one when 0 was asked for.
    """

    def __init__(self, build: "Callable[[], ASGIApp]", host: str, port: int, patience_s: float = 60.0) -> None:
        self.port = port
        self._patience_s = patience_s
        self._build = build
        self._host = host
        self._listening: socket.socket | None = None
        self._server: Server | None = None
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
        self._listening = listening
        asyncio.get_running_loop().add_reader(listening.fileno(), self._begin, listening)

    async def stop(self, grace_s: float) -> None:
        """Stop listening, let requests finish for ``grace_s`` seconds."""
        if self._serving is not None and self._server is not None:
            self._server.config.timeout_graceful_shutdown = math.ceil(grace_s)
            self._server.should_exit = True
            await self._serving
        elif self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening.fileno())
            self._listening.close()
            self._listening = None

    def force(self) -> None:
        """Drop every request now; `stop` then ends at once."""
        if self._server is not None:
            self._server.force_exit = True

    def _begin(self, listening: socket.socket) -> None:
        """The first client is there."""
        from uvicorn import Config  # noqa: PLC0415 - only now

        from gateway.lambda_api.protocol import ControlProtocol  # noqa: PLC0415 - only now
        from gateway.lambda_api.quiet_server import QuietServer  # noqa: PLC0415 - only now

        asyncio.get_running_loop().remove_reader(listening.fileno())
        try:
            app = self._build()
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is: clients are refused, not left waiting
            report("the control port", error)
            listening.close()
            self._listening = None
            return
        config = Config(app, ws="none", lifespan="off", log_config=None, access_log=False, server_header=False)
        config.http = partial(ControlProtocol, patience_s=self._patience_s)  # type: ignore[assignment]  # makes one
        self._server = QuietServer(config)
        self._serving = asyncio.create_task(self._server.serve([listening]))
        self._serving.add_done_callback(reported("the control port"))
