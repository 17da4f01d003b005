"""HTTP/2 on the connections of a TLS port that agreed on it (ALPN ``h2``), through hypercorn; HTTP/1.1 stays ours.

Facts, from the AWS ELB user guide ("Listener configuration", "HTTP/2")

- HTTPS listeners take HTTP/2, with at most 128 streams at once on a connection; HTTP listeners do not.
"""

import asyncio
import importlib.util
from collections.abc import Callable
from typing import Final

from gateway.defects import report
from gateway.errors import UsageError
from gateway.invocation import StreamBroken
from gateway.listeners.asgi import AsgiApplication, Message, Receive, Scope, Send
from gateway.listeners.port_options import PortOptions
from gateway.listeners.refusals import log_refusal
from gateway.listeners.tls import tls_facts
from gateway.listeners.wire import Refusal
from gateway.tasks import Tasks

_STREAMS: Final = 128


def has_http2_extra() -> bool:
    """Whether hypercorn is installed; it is not imported yet."""
    return importlib.util.find_spec("hypercorn") is not None


class Http2:
    """The HTTP/2 of one port; all its connections share it.

    Attributes:
        options: Those of the port.

    Raises:
        UsageError: hypercorn is not installed.
    """

    def __init__(self, options: PortOptions) -> None:
        try:
            from gateway.listeners.http2_server import Http2Servers  # noqa: PLC0415 - needs an extra
        except ImportError as error:
            raise UsageError("HTTP/2 needs hypercorn: pip install 'lambda-http-gateway[http2]'") from error

        self.options = options
        self._application = AsgiApplication(options.listener)
        self._servers = Http2Servers(self._answer, _STREAMS)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection until its end."""
        facts = {"tls": tls_facts(writer.transport)}
        await self._servers.serve(reader, writer, self.options.idle_timeout_s, facts)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a request in a task of its own: cancelling hypercorn's would break its bookkeeping."""
        request = _Request(receive, send, self.options.idle_timeout_s)
        task = asyncio.ensure_future(self._application(scope, request.receive, request.send))
        self.options.tasks.add(task)
        try:
            await asyncio.wait({task})
        finally:
            self.options.tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, StreamBroken):
            report(f"{scope.get('method')} {scope.get('path')}", error)
        if request.silent and not request.answered:
            await self._time_out(scope, send)
        elif error is not None:
            await self._servers.reset(send)

    async def _time_out(self, scope: Scope, send: Send) -> None:
        """Answer a client that was silent in the middle of its request as over HTTP/1.1."""
        line = b"%b %b HTTP/2" % (scope["method"].encode(), scope["raw_path"])
        log_refusal(Refusal(408, line), scope["client"])
        response = self._application.listener.reject(408, scope["client"], line)
        headers = [(name.lower(), value) for name, value in response.headers if name.lower() != b"connection"]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    async def drain(self) -> None:
        """Let connections end once they are idle."""
        await self._servers.drain()


class _Request:
    """The messages of one request, whose client is gone when it is silent for so long in the middle of the body.

    Attributes:
        silent: It was.
        answered: An answer has begun.
    """

    def __init__(self, receive: Receive, send: Send, silence_s: float) -> None:
        self._receive = receive
        self._send = send
        self._silence_s = silence_s
        self._complete = False
        self.silent = False
        self.answered = False

    async def receive(self) -> Message:
        """The next message."""
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout(self._silence_s):
                message = await self._receive()
        except TimeoutError:
            self.silent = True
            return {"type": "http.disconnect"}
        self._complete = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Send on."""
        self.answered = True
        await self._send(message)


class Http2Connection(asyncio.StreamReaderProtocol):
    """One client connection; implements `ClientConnection`."""

    def __init__(self, http2: Http2, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(asyncio.StreamReader(loop=loop), self._connected, loop=loop)
        self._http2 = http2
        self._connections = http2.options.connections
        self._tasks = Tasks()
        self._connection: asyncio.WriteTransport | None = None

    def shutdown(self) -> None:
        """Close the connection as soon as it is idle."""
        self._tasks.start(self._http2.drain())

    def abort(self) -> None:
        """Drop the connection now."""
        if self._connection is not None:
            self._connection.abort()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connection = writer.transport
        self._connections.add(self)
        self._tasks.start(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._http2.serve(reader, writer)
        finally:
            self._connections.discard(self)


class Negotiated(asyncio.Protocol):
    """A new TLS connection, which becomes the protocol that client and server agreed on."""

    def __init__(self, http1: Callable[[], asyncio.Protocol], http2: Callable[[], asyncio.Protocol]) -> None:
        self._http1 = http1
        self._http2 = http2

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake is over."""
        agreed = transport.get_extra_info("ssl_object").selected_alpn_protocol()
        protocol = self._http2() if agreed == "h2" else self._http1()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
