"""The control port's HTTP/1.1: uvicorn's, with the request target as it was sent, for clients of every kind."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.lambda_api.cross_origin import TARGET


class ControlProtocol(HttpToolsProtocol):
    """One client connection.

    uvicorn's own leaves out the authority of an absolute target, and writes into what it has closed when a client ends
    or errs too early.
    """

    def on_headers_complete(self) -> None:
        """The head is complete: the application gets the whole target."""
        self.scope["extensions"] = {TARGET: self.url}  # type: ignore[dict-item]  # uvicorn's own have dictionaries
        super().on_headers_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """No line: an upgrade is answered as any other request, and no package that uvicorn names changes that."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A client connected."""
        super().connection_made(cast("asyncio.Transport", _Writable(transport)))

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio's signature, which uvicorn narrows
        """What a client has asked for is still answered; half a request is not."""
        return self._answers_once_more()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request; an answer that is still to come is not overtaken, but is the last one."""
        if not self._answers_once_more():
            super().send_400_response(msg)

    def _answers_once_more(self) -> bool:
        """Make the answer to a complete request that is under way the last one; False when there is none."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            return False
        if cycle.more_body:
            cycle.disconnected = True
            return False
        cycle.keep_alive = False
        return True


class _Writable:
    """A transport that drops what is written after its end, as asyncio's own do and uvloop's do not."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        """Send, unless the connection is closed or closing: uvicorn tells the last of its requests only."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what the transport has
        return getattr(self._transport, name)
