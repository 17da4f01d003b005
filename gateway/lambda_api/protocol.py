"""The control port's HTTP/1.1: uvicorn's, with the request target as it was sent, for clients of every kind.

What is no request, or only half of one, has a line in the log that says why it was refused.
"""

import asyncio
import logging
from typing import Any, Final, cast

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from gateway.defects import report, shown
from gateway.lambda_api.cross_origin import TARGET

log = logging.getLogger("gateway")

PATIENCE_S: Final = 60.0
"""How long a head may take, and how long a client may be silent in front of one or in the middle of a body."""
_HEAD_BYTES: Final = 65_536
_TOO_LARGE: Final = f"its head, or what stands between the pieces of its body, is over {_HEAD_BYTES} bytes"
_TLS: Final = b"\x16\x03"


class _HeadTooLarge(Exception):
    """A head is over the limit."""


class ControlProtocol(HttpToolsProtocol):
    """One client connection.

    uvicorn's own leaves out the authority of an absolute target, waits for the rest of a request without end, holds
    heads of any length, and writes into what it has closed when a client ends or errs too early.

    Args:
        patience_s: Instead of `PATIENCE_S`.
    """

    def __init__(self, *arguments: Any, patience_s: float = PATIENCE_S, **named: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(*arguments, **named)
        self._patience_s = patience_s
        self._timer: asyncio.TimerHandle | None = None
        self._in_head = self._in_body = self._is_head_watched = False
        self._quiet = 0  # bytes since the last ones of a body, or since the end of a request

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived."""
        self._unset_keepalive_if_required()
        self._quiet += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._refuse(*_wrong(data, error))
            return
        except httptools.HttpParserUpgrade:
            pass  # it is answered as any other request
        if self._quiet > _HEAD_BYTES:
            self._refuse(431, _TOO_LARGE)
        else:
            self._watch()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head, self._is_head_watched = True, False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is complete: the application gets the whole target."""
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > _HEAD_BYTES:
            raise _HeadTooLarge
        self._in_head, self._in_body = False, True
        self.scope["extensions"] = {TARGET: self.url}  # type: ignore[dict-item]  # uvicorn's own have dictionaries
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._quiet = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        self._in_body, self._quiet = False, 0
        super().on_message_complete()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A client connected."""
        super().connection_made(cast("asyncio.Transport", _Writable(transport)))
        self._timer = self.loop.call_later(self._patience_s, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._stop_timer()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio's signature, which uvicorn narrows
        """What a client has asked for is still answered; half a request is not."""
        return self._answers_once_more()

    def _watch(self) -> None:
        """Wait for the rest of a request: for a head from its beginning, for a body from its last piece."""
        if self._in_head and self._is_head_watched:
            return
        self._stop_timer()
        self._is_head_watched = self._in_head
        if self._in_head or self._in_body:
            self._timer = self.loop.call_later(self._patience_s, self._give_up)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        """The client has had its time."""
        if self.flow.read_paused:  # it is this server that does not read on
            self._timer = self.loop.call_later(self._patience_s, self._give_up)
        elif self._in_head or (self._in_body and not self.cycle.response_started):
            half = "head" if self._in_head else "body"
            self._refuse(408, f"the rest of its {half} did not come within {self._patience_s:g} s")
        else:
            self.transport.close()

    def _refuse(self, status: int, reason: str) -> None:
        """Answer what is no whole request; an answer that is still to come is not overtaken, but is the last one."""
        self._stop_timer()
        log.warning("control port: a client's request -> %d: %s", status, shown(reason))
        if self._answers_once_more():
            return
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            body = orjson.dumps({"message": shown(reason)})
            date = b"".join(b"%b: %b\r\n" % line for line in self.server_state.default_headers)
            head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            self.transport.write(b"".join([STATUS_LINE[status], date, head, body]))
        self.transport.close()

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


def _wrong(data: bytes, error: httptools.HttpParserError) -> tuple[int, str]:
    """The status for bytes that the parser refuses, and what is wrong with them."""
    cause = error.__context__
    if isinstance(cause, _HeadTooLarge):
        return 431, _TOO_LARGE
    if cause is not None and not isinstance(cause, httptools.HttpParserError):
        report("the head of a request to the control port", cause)
        return 500, "a defect of the gateway"
    if data.startswith(_TLS):
        return 400, "it begins as TLS does, and this port speaks plain HTTP"
    return 400, str(cause or error)


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
