"""Runs one case against a port and says what came of it."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, cast

from tests.attacks.case import Case, End, Speech

BOUND_S: Final = 10.0
"""A case that has not ended so long after its last piece, or after the last byte that came, hangs."""

_RESET: Final = struct.pack("ii", 1, 0)


class Came(Enum):
    """How a connection ended."""

    ENOUGH = "all answers came"
    ENDED = "the gateway ended the connection"
    LEFT = "the client left"
    HUNG = "neither an answer nor an end came in time"
    REFUSED = "no connection could be made"


@dataclass(slots=True)
class Result:
    """What came back."""

    came: Came
    data: bytes


class _Line(asyncio.Protocol):
    """The client's side of one connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop, is_enough: Callable[[bytearray], bool] | None) -> None:
        self.data = bytearray()
        self.over: asyncio.Future[Came] = loop.create_future()
        self._loop = loop
        self._is_enough = is_enough
        self._heard_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Keep what comes; see whether it is all."""
        self.data += data
        self._heard_at = self._loop.time()
        if self._is_enough is not None and self._is_enough(self.data):
            self.end(Came.ENOUGH)

    def eof_received(self) -> None:
        """The gateway sends no more."""
        self.end(Came.ENDED)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The connection is gone."""
        self.end(Came.ENDED)

    def end(self, came: Came) -> None:
        """It is over, unless it was before."""
        if not self.over.done():
            self.over.set_result(came)

    async def wait(self) -> Came:
        """How it ended; it hangs when nothing has come for too long."""
        self._heard_at = self._loop.time()
        self._watch()
        try:
            return await self.over
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def _watch(self) -> None:
        left = self._heard_at + BOUND_S - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._watch)
        else:
            self.end(Came.HUNG)


class Client:
    """Runs cases.

    Args:
        ports: By the name of the listener; read anew for each case.
    """

    def __init__(self, ports: dict[str, int]) -> None:
        self._ports = ports
        self._loop = asyncio.get_running_loop()
        self._http1 = _context(["http/1.1"])
        self._http2 = _context(["h2"])

    async def run(self, case: Case, is_enough: Callable[[bytearray], bool] | None) -> Result:
        """Send a case and wait for its end.

        ``is_enough`` tells from what has come that nothing more is waited for; None waits for the connection's end.
        """
        line = _Line(self._loop, is_enough)
        port, tls = self._ports[case.listener], self._tls(case)
        name = "localhost" if tls else None
        try:
            async with asyncio.timeout(BOUND_S):
                transport, _ = await self._loop.create_connection(
                    lambda: line, "127.0.0.1", port, ssl=tls, server_hostname=name
                )
        except TimeoutError:
            return Result(Came.HUNG, b"")
        except OSError:
            return Result(Came.REFUSED, b"")
        try:
            await _send(transport, case, line)
            if case.end in {End.RESET, End.CLOSE}:
                line.end(Came.LEFT)
            came = await line.wait()
        finally:
            _leave(transport, case)
        return Result(came, bytes(line.data))

    def _tls(self, case: Case) -> ssl.SSLContext | None:
        if case.listener != "https" or case.speech is Speech.TLS:
            return None
        return self._http2 if case.speech is Speech.HTTP2 else self._http1


async def _send(transport: asyncio.Transport, case: Case, line: _Line) -> None:
    if case.slow:
        transport.pause_reading()
    for number, piece in enumerate(case.sends):
        if number:
            await asyncio.sleep(0)
            if line.over.done() or transport.is_closing():
                break
        transport.write(piece)
    if case.slow:
        await asyncio.sleep(case.slow)
        transport.resume_reading()
    if case.end is End.HALF and not transport.is_closing() and transport.can_write_eof():
        transport.write_eof()
    elif case.end is End.RESET:
        await asyncio.sleep(0)


def _leave(transport: asyncio.Transport, case: Case) -> None:
    if case.end is End.RESET and not transport.is_closing():
        connection = cast("socket.socket", transport.get_extra_info("socket"))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()


def _context(protocols: list[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(protocols)
    return context
