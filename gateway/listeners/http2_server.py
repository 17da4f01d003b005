"""hypercorn's server of HTTP/2 connections, with what it does not do by itself.

This is the only module that knows hypercorn and h2, and importing it needs them.  It uses what they do not promise to
keep, so the extra is pinned below hypercorn's next minor version.
"""

import asyncio
import logging
from typing import Any, Final, cast

from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import Event, RequestReceived
from h2.exceptions import FrameTooLargeError, ProtocolError
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import RawData
from hypercorn.protocol.h2 import H2Protocol

from gateway.defects import shown
from gateway.listeners.asgi import Application, Send

log = logging.getLogger("gateway")

_PREFACE_BYTES: Final = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
_HEAD_BYTES: Final = 9
_SHOWN: Final = 100
"""Bytes of what could not be read that stand in the log."""


class Http2Servers:
    """hypercorn's side of one port.

    Args:
        application: What answers, an ASGI application.
        streams: How many requests a connection may have at once.
    """

    def __init__(self, application: Application, streams: int) -> None:
        self._application = ASGIWrapper(application)  # type: ignore[arg-type]  # the same shapes under other names
        self._context = WorkerContext(None)
        self._config = Config()
        self._config.h2_max_concurrent_streams = streams
        self._config.include_server_header = False
        self._config.include_date_header = False
        self._config.errorlog = None

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, idle_timeout_s: float, state: dict[str, Any]
    ) -> None:
        """Answer the requests of a connection until its end; each finds ``state`` in its scope."""
        self._config.keep_alive_timeout = idle_timeout_s
        loop = asyncio.get_running_loop()
        await _Server(self._application, loop, self._config, self._context, state, reader, writer)

    async def drain(self) -> None:
        """Let connections end once they are idle."""
        await self._context.terminated.set()

    async def reset(self, send: Send) -> None:
        """Tell the client that its answer is not whole (RFC 9113, section 8.1), for which ASGI has no word.

        hypercorn ends a stream whose application fails without a frame, and the client waits for ever.
        """
        stream: Any = cast("Any", send).__self__
        protocol = stream.send.__self__
        if not stream.closed:
            protocol.connection.reset_stream(stream.stream_id, ErrorCodes.INTERNAL_ERROR)
            await protocol.send(RawData(protocol.connection.data_to_send()))


class _Server(TCPServer):
    """hypercorn's server of a connection, with what a client sends looked at before hypercorn has it."""

    async def _read_data(self) -> None:
        protocol = cast("H2Protocol", self.protocol.protocol)
        connection: Any = protocol.connection
        connection.receive_data = _Received(connection).receive_data
        try:
            await super()._read_data()
        finally:
            # An answer that waits for the window of a client that is gone would wait, and keep its memory, for ever.
            for buffer in list(protocol.stream_buffers.values()):
                await buffer.close()


class _Received:
    """``receive_data`` of an h2 connection, without what h2 and hypercorn cannot deal with.

    h2 looks at the length of a frame when all of it has come, which may be 16 MB.  hypercorn takes methods and paths
    for ASCII and fails in the middle of its bookkeeping when they are not.
    """

    def __init__(self, connection: H2Connection) -> None:
        self._connection = connection
        self._receive = connection.receive_data
        self._head = b""  # of a frame, as far as it has come
        self._rest = _PREFACE_BYTES  # bytes until the next frame begins

    def receive_data(self, data: bytes) -> list[Event]:
        """What happened.

        Raises:
            FrameTooLargeError: A frame is announced that is longer than the settings allow; the client is told.
            ProtocolError: What was sent breaks the rules of HTTP/2 in another way; the client is told, too.
        """
        size = self._too_long(data)
        if size:
            log.warning("an HTTP/2 connection ends: its client announced a frame of %d bytes", size)
            self._connection.close_connection(ErrorCodes.FRAME_SIZE_ERROR)
            raise FrameTooLargeError
        try:
            events = self._receive(data)
        except ProtocolError as error:
            log.warning("an HTTP/2 connection ends: %s", shown(str(error) or type(error).__name__))
            raise
        refused = {event.stream_id for event in events if isinstance(event, RequestReceived) and self._refuses(event)}
        return [event for event in events if getattr(event, "stream_id", None) not in refused] if refused else events

    def _too_long(self, data: bytes) -> int:
        """The length of a frame that begins here and is too long, in bytes; 0 when none is."""
        at = self._rest
        while at + _HEAD_BYTES - len(self._head) <= len(data):
            body = at + _HEAD_BYTES - len(self._head)
            head, self._head = self._head + data[at:body], b""
            size = int.from_bytes(head[:3], "big")
            if size > self._connection.max_inbound_frame_size:
                return size
            at = body + size
        if at < len(data):
            self._head += data[at:]
            at = len(data)
        self._rest = at - len(data)
        return 0

    def _refuses(self, request: RequestReceived) -> bool:
        """Whether a request is malformed, an error of its stream (RFC 9113, section 8.1.1), which is reset."""
        for name, value in request.headers or ():
            if name in {b":method", b":path"} and not value.isascii():
                log.warning("an HTTP/2 request is refused: its client sent %r", value[:_SHOWN])
                self._connection.reset_stream(request.stream_id or 0, ErrorCodes.PROTOCOL_ERROR)
                return True
        return False
