"""One WebSocket connection: frames in and out, their limits and its close codes.

Facts (API Gateway developer guide, limits and apigateway-websocket-api-overview):

- Only text is supported: a binary frame closes with 1003.
- A message over 128 KB or a frame over 32 KB closes with 1009; larger messages to the client leave in several frames.
- A connection is closed after ten minutes without traffic and after two hours at the latest; the code is 1001 and the
  reason ``Going away`` (reported).
- A close frame without a code is 1005 and ``Client-side close frame status not set`` to ``$disconnect`` (recorded:
  awslabs/aws-lambda-rust-runtime@4c4e5fac).

The frames are the websockets package's (the ``websocket`` extra).
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State

from gateway.defects import shown
from gateway.observe.record import Observer
from gateway.translation.flavours.websocket import MAX_FRAME, MAX_MESSAGE, WebSocketConnection
from gateway.translation.messages import Request
from gateway.types import EpochMs

log = logging.getLogger("gateway")

_CLOSING_S: Final = 5.0
"""How long a client may take to answer a close frame."""
_MAX_WAITING: Final = 64
"""Messages that may be with functions at once; the client is read on when there are fewer."""
_FAULTS: Final = frozenset({1002, 1003, 1007, 1009})
"""The codes for what a client has done wrong (RFC 6455, section 7.4.1)."""
_NO_STATUS: Final = "Client-side close frame status not set"


class Times(NamedTuple):
    """Seconds that a connection may be silent, and that it may last."""

    idle_s: float = 600.0
    lifetime_s: float = 7200.0


class WebSocketSession:
    """A connection; implements `gateway.listeners.tunnel.Tunnel`.

    Args:
        connection: What it keeps from its handshake.
        request: The handshake.
        on_message: Gets each message; `message_done` must follow.
        on_closed: Gets the close code and the reason when the connection is gone.
        times: How long it may last.
        observer: Who is told of its messages; None for nobody.

    Attributes:
        last_active: When a frame last went either way.
        slow: The client reads more slowly than we write.
    """

    def __init__(
        self,
        connection: WebSocketConnection,
        request: Request,
        on_message: Callable[["WebSocketSession", str], None],
        on_closed: Callable[["WebSocketSession", int, str], None],
        times: Times,
        observer: Observer | None = None,
    ) -> None:
        self.connection = connection
        self.request = request
        self.observer = observer
        self.last_active: EpochMs = connection.connected_at
        self.slow = False
        self._on_message = on_message
        self._on_closed = on_closed
        self._times = times
        self._frames = Protocol(Side.SERVER, max_size=MAX_MESSAGE)
        self._parts: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._heard_at = 0.0
        self._waiting = 0
        self._ending = False

    # What the port calls.

    def open(self, transport: asyncio.Transport) -> None:
        """The handshake is answered."""
        self._transport = transport
        loop = asyncio.get_running_loop()
        self._heard_at = loop.time()
        self._timers = [
            loop.call_later(self._times.lifetime_s, self.close, 1001, "Going away"),
            loop.call_later(self._times.idle_s, self._maybe_idle),
        ]

    def received(self, data: bytes) -> None:
        """Read frames; pings are answered."""
        self._active()
        self._frames.receive_data(data)
        for event in self._frames.events_received():
            # What came before the client's own close frame, perhaps in one packet with it, is still a message.
            if isinstance(event, Frame) and (self.is_open or self._frames.close_rcvd_then_sent):
                self._frame(event)
        self._flush()

    def paused(self) -> None:
        """The client is slow."""
        self.slow = True

    def resumed(self) -> None:
        """The client has caught up."""
        self.slow = False

    def shutdown(self) -> None:
        """The gateway stops."""
        self.close(1001, "Going away")

    def lost(self) -> None:
        """The connection is gone."""
        for timer in self._timers:
            timer.cancel()
        self._transport = None
        self._on_closed(self, *self._farewell())

    # What the API calls.

    @property
    def is_open(self) -> bool:
        """Whether messages may go out."""
        return self._frames.state is State.OPEN

    def send(self, text: bytes) -> None:
        """Send one message of UTF-8, in frames of at most 32 KB; nothing when the connection is closing."""
        if not self.is_open:
            return
        self._active()
        pieces = [text[at : at + MAX_FRAME] for at in range(0, len(text), MAX_FRAME)] or [b""]
        last = len(pieces) - 1
        for number, piece in enumerate(pieces):
            write = self._frames.send_continuation if number else self._frames.send_text
            write(piece, fin=number == last)
        self._flush()

    def close(self, code: int, reason: str = "") -> None:
        """Begin to close; the client has five seconds to answer."""
        if self.is_open:
            self._frames.send_close(code, reason)
            self._flush()

    def message_done(self) -> None:
        """A function is done with a message."""
        self._waiting -= 1
        if self._waiting == _MAX_WAITING - 1 and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # Frames.

    def _frame(self, frame: Frame) -> None:
        if len(frame.data) > MAX_FRAME:
            self._frames.fail(1009, "Frame too large")
        elif frame.opcode is Opcode.BINARY:
            self._frames.fail(1003, "Binary frames are not supported")
        elif frame.opcode in {Opcode.TEXT, Opcode.CONT}:
            self._parts.append(bytes(frame.data))
            if frame.fin:
                whole, self._parts = b"".join(self._parts), []
                self._message(whole)

    def _message(self, data: bytes) -> None:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self._frames.fail(1007, "Not UTF-8")
            return
        self._waiting += 1
        if self._waiting == _MAX_WAITING and self._transport is not None:
            self._transport.pause_reading()
        self._on_message(self, text)

    def _flush(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        for data in self._frames.data_to_send():
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof():
                # The client may still be sending: a socket closed on its bytes would be reset, its close frame lost.
                self._transport.write_eof()
            else:
                self._transport.close()
        if not self.is_open and not self._ending:
            self._ending = True
            self._blame()
            self._timers.append(asyncio.get_running_loop().call_later(_CLOSING_S, self._transport.abort))

    def _blame(self) -> None:
        """Log what a client sent, when the connection ends because of it."""
        sent = self._frames.close_sent
        if sent is not None and self._frames.close_rcvd is None and sent.code in _FAULTS:
            log.warning("connection %s ends: %d %s", self.connection.connection_id, sent.code, shown(sent.reason))

    def _farewell(self) -> tuple[int, str]:
        """Close code and reason, of whoever began."""
        sent, got = self._frames.close_sent, self._frames.close_rcvd
        first = got if got is not None and (sent is None or self._frames.close_rcvd_then_sent) else sent
        if first is None:
            return 1006, ""
        return int(first.code), _NO_STATUS if first.code == 1005 else first.reason

    # Silence.

    def _active(self) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        self.last_active = int(time.time() * 1000)

    def _maybe_idle(self) -> None:
        """The timer is not moved with each frame; it looks how long it was quiet when it fires."""
        loop = asyncio.get_running_loop()
        left = self._heard_at + self._times.idle_s - loop.time()
        if left > 0:
            self._timers[1] = loop.call_later(left, self._maybe_idle)
        else:
            self.close(1001, "Going away")
