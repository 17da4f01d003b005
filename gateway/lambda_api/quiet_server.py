"""uvicorn's server inside a program that has its own signal handlers."""

import asyncio
import contextlib
from collections.abc import Generator
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle


class QuietServer(uvicorn.Server):
    """Leaves the signals to the command that runs the gateway."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield


class HalfOpenProtocol(HttpToolsProtocol):
    """uvicorn's connection, which by itself writes into what it has closed when a client ends or errs too early."""

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
