"""Clients without sockets, for one process with what they ask.

Each client is a transport that a server's protocol believes in; nothing is between the two but calls.  All clients
whose answer has come in one turn of the event loop are fed their next request together in the following one, as a
selector does it for sockets.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any, NamedTuple

LIMIT_S = 20.0
"""What has not been answered by then is lost."""

Factory = Callable[[], Any]
"""What makes the protocol of a new connection."""


class NoFigureError(Exception):
    """What ran is not what was to be measured."""


class Exchange(NamedTuple):
    """One request and the body of its answer; ``{n}`` in both becomes the client's number, of two digits."""

    request: str
    body: str


class Transport(asyncio.Transport):
    """A connection that nobody has opened."""

    def __init__(self, number: int, exchange: Exchange, clients: "Clients") -> None:
        super().__init__({"peername": ("127.0.0.1", 50000 + number), "sockname": ("127.0.0.1", 8000)})
        self.request = exchange.request.replace("{n}", str(number)).encode()
        self.body = exchange.body.replace("{n}", str(number)).encode()
        self.protocol: Any = None
        self.left = 0
        self.written: list[bytes] = []
        self._clients = clients
        self._closing = False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.written.append(data)
        if data.endswith(self.body):
            self._clients.answered(self)
        elif not data.startswith(b"HTTP/1.1 200 "):
            self._clients.failed(f"a wrong answer: {data[:500]!r}")

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._clients.failed("the server has closed a connection")
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    abort = close

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """Nobody reads it."""

    def pause_reading(self) -> None:
        """Nothing is fed before its answer has come."""

    def resume_reading(self) -> None:
        """See `pause_reading`."""

    def get_write_buffer_size(self) -> int:
        return 0


class Clients:
    """The connections of one run, which stay open."""

    def __init__(self, factory: Factory, exchange: Exchange, number: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready: list[Transport] = []
        self._waiting = 0
        self._over: asyncio.Future[None] = self._loop.create_future()
        self.transports = [Transport(10 + place, exchange, self) for place in range(number)]
        for transport in self.transports:
            transport.protocol = factory()
            transport.protocol.connection_made(transport)

    async def send(self, requests: int) -> None:
        """Let each client send so many requests, and wait for the answers.

        Raises:
            NoFigureError: One does not come, or is an error.
        """
        self._over = self._loop.create_future()
        self._waiting = len(self.transports)
        for transport in self.transports:
            transport.left = requests
        self._ready += self.transports
        late = self._loop.call_later(LIMIT_S, self.failed, f"not all was answered in {LIMIT_S:g} s")
        self._feed()
        try:
            await self._over
        finally:
            late.cancel()

    def check(self, requests: int) -> None:
        """Look at the answers since the last time, and forget them.

        Raises:
            NoFigureError: A client has not got so many, or one is not what it must be.
        """
        for transport in self.transports:
            fault = wrong(b"".join(transport.written), requests, transport.body)
            if fault:
                raise NoFigureError(fault)
            transport.written.clear()

    def close(self) -> None:
        """Hang up."""
        for transport in self.transports:
            transport.close()

    def answered(self, transport: Transport) -> None:
        """A client has its answer."""
        if transport.left:
            if not self._ready:
                self._loop.call_soon(self._feed)
            self._ready.append(transport)
        else:
            self._waiting -= 1
            if not self._waiting:
                self._over.set_result(None)

    def failed(self, why: str) -> None:
        """A client cannot have its answer."""
        if not self._over.done():
            self._over.set_exception(NoFigureError(why))

    def _feed(self) -> None:
        ready, self._ready = self._ready, []
        for transport in ready:
            transport.left -= 1
            transport.protocol.data_received(transport.request)


def wrong(written: bytes, answers: int, body: bytes) -> str:
    """What is wrong with the answers that one client got; empty when all are 200 with that body."""
    found = re.split(rb"(?=HTTP/1\.1 \d{3} )", written)[1:]
    if len(found) != answers:
        return f"{len(found)} answers instead of {answers}"
    for answer in found:
        head, _, content = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length: *(\d+)\r?$", head)
        if not head.startswith(b"HTTP/1.1 200 ") or content != body or length is None or int(length[1]) != len(body):
            return f"a wrong answer: {answer[:500]!r}"
    return ""
