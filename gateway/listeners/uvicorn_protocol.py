"""The gateway's HTTP/1.1 under uvicorn: ``uvicorn.run(application, http=UvicornProtocol, proxy_headers=False)``."""

import asyncio
from typing import TYPE_CHECKING, Any, cast

from gateway.listeners.port_options import ClientConnection, PortOptions
from gateway.listeners.protocol import HttpProtocol
from gateway.translation.messages import Request, Response

if TYPE_CHECKING:
    from uvicorn import Config
    from uvicorn.server import ServerState


class UvicornProtocol(HttpProtocol):
    """One client connection; the application is an `AsgiApplication`, with nothing of uvicorn's around it."""

    def __init__(
        self,
        config: "Config",
        server_state: "ServerState",
        app_state: dict[str, Any],  # noqa: ARG002 - part of uvicorn's signature
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if not config.loaded:
            config.load()
        # uvicorn names its own protocol classes as the members of this set, and uses shutdown() of them only.
        connections = cast("set[ClientConnection]", server_state.connections)
        listener, idle_timeout_s = config.loaded_app.listener, config.timeout_keep_alive
        options = PortOptions(listener, idle_timeout_s, connections, server_state.tasks)
        super().__init__(options, _loop)
        self._server_state = server_state

    def _finished(self, request: Request, response: Response) -> None:
        self._server_state.total_requests += 1
        super()._finished(request, response)
