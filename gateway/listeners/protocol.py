"""HTTP/1.1 on one connection: no ASGI between the socket and a `Listener`.

Requests are answered in order, one at a time; each answer's head and body leave in one write.  What a client sends
that is no acceptable request gets `Listener.reject`, after the answers to the requests before it.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Coroutine
from functools import partial
from time import perf_counter
from typing import Any, Final

from gateway.defects import report
from gateway.listeners.delivery import Delivery
from gateway.listeners.failing import answer_to_defect
from gateway.listeners.listener import Upgraded, observed
from gateway.listeners.port_options import PortOptions
from gateway.listeners.reader import RequestReader
from gateway.listeners.refusals import log_refusal
from gateway.listeners.tls import tls_facts
from gateway.listeners.tunnel import Tunnel
from gateway.listeners.wire import CONTINUE, Peer, Reading, Refusal
from gateway.observe.record import described
from gateway.translation.messages import Request, Response
from gateway.types import Address

# A refused client may still be sending.  If its bytes met a closed socket, it would see a reset and not the answer.
_LINGER_S: Final = 5.0
_LINGER_BYTES: Final = 16 * 1024 * 1024
_READ_S: Final = 0.01
"""Long enough for one turn of the loop in which it reads."""

_TASK: Final = "request"
"""A name for all tasks, since making one for each costs more than giving one."""


class HttpProtocol(asyncio.Protocol):
    """One client connection of a port; implements `ClientConnection`."""

    def __init__(self, options: PortOptions, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._listener = options.listener
        self._idle_s = options.idle_timeout_s
        self._connections = options.connections
        self._tasks = options.tasks
        self._queue: deque[tuple[Request | Refusal, Reading | None]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._busy = False
        self._stopping = False
        self._refused = False
        self._lingering = False
        self._eof = False
        self._drained_bytes = 0
        self._reading_paused = False
        self._continue_due = False
        self._tunnel: Tunnel | None = None

    # What the event loop calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected."""
        self._transport = transport
        self._connections.add(self)
        tls = tls_facts(transport)
        self._client = _address(transport.get_extra_info("peername"))
        server = _address(transport.get_extra_info("sockname"))
        self._reader = RequestReader(
            Peer(self._client, server, "http" if tls is None else "https", tls), self._listener, self
        )
        self._delivery = Delivery(transport, self._loop, self._listener)
        self._heard_at = self._loop.time()
        self._watch_silence(self._idle_s)

    def data_received(self, data: bytes) -> None:
        """Read what arrived; complete requests start at once."""
        if self._refused:
            if self._tunnel is not None:
                self._tunnelled(self._tunnel, data)
            else:
                self._drain(len(data))
            return
        self._heard_at = self._loop.time()
        try:
            self._reader.feed(data, perf_counter())
        except Refusal as refusal:
            self._refuse(refusal)
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is
            report(f"{self._client[0]} -> {self._reader.request_line[:80]!r}", error)
            self._refuse(Refusal(500, self._reader.request_line))

    def eof_received(self) -> bool:
        """The client sends no more: what it has asked for is still answered.

        An answer that is being streamed ends here, since its source might never write again and so never learn that
        nobody reads.
        """
        self._eof = True
        if self._tunnel is not None:
            return False
        if self._reader.partial and not self._refused:
            self._refuse(Refusal(400, self._reader.request_line, "the client sent no more in the middle of it"))
        self._stopping = True
        half_open = self._busy and not self._delivery.streaming
        return half_open and self._transport.get_extra_info("sslcontext") is None  # TLS cannot stay half open

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The connection is gone: a streamed answer stops, an invocation that runs goes on as it would on AWS."""
        self._connections.discard(self)
        self._refused = True
        self._queue.clear()
        self._reader.break_off()
        if self._timer is not None:
            self._timer.cancel()
        if self._delivery.lost() and self._task is not None:
            self._task.cancel()
        if self._tunnel is not None:
            self._tunnel.lost()

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        self._delivery.pause()
        if self._tunnel is not None:
            self._tunnel.paused()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._delivery.resume()
        if self._tunnel is not None:
            self._tunnel.resumed()

    # What the server calls.

    def shutdown(self) -> None:
        """Close an idle connection now, another one after its present request."""
        self._stopping = True
        if self._tunnel is not None:
            self._tunnel.shutdown()
            return
        self._reader.keep_alive = False
        if self._lingering or not (self._busy or self._reader.partial):
            self._transport.close()

    def abort(self) -> None:
        """Drop the connection now."""
        self._transport.abort()

    # What the reader calls.

    def received(self, request: Request, reading: Reading | None) -> None:
        """Start a request, or let it wait for the ones before it; behind the last answer there is none."""
        if self._refused:
            return
        if self._busy:
            self._queue.append((request, reading))
            self.flow_changed()
        else:
            self._start(request, reading, eager=True)

    def expects_continue(self) -> None:
        """Answer ``100 Continue`` before the body arrives, but after the answers that come first."""
        if self._busy:
            self._continue_due = True
        else:
            self._transport.write(CONTINUE)

    def flow_changed(self) -> None:
        """Read on only while there is room: no request waits, no body stream is full."""
        stream = self._reader.stream
        pause = bool(self._queue) or (stream is not None and stream.full)
        if pause is self._reading_paused or self._transport.is_closing():
            return
        self._reading_paused = pause
        if pause:
            self._transport.pause_reading()
        else:
            self._heard_at = self._loop.time()
            self._transport.resume_reading()

    # One request after the other.

    def _start(self, request: Request, reading: Reading | None, *, eager: bool) -> None:
        self._busy = True
        work = self._serve(request, reading)
        task: asyncio.Task[None] = _task(work, self._loop, eager=eager)
        if not task.done():
            self._task = task
            self._tasks.add(task)

    async def _serve(self, request: Request, reading: Reading | None) -> None:
        listener = self._listener
        exchange = None if listener.observer is None else observed(listener, request)
        try:
            try:
                answer = await listener.respond(request, exchange)
                response = answer if isinstance(answer, Response) else answer.response
                delivered = self._delivery.write(request, response, reading, exchange)
                if isinstance(answer, Upgraded):
                    self._switch(request, answer.tunnel, delivered)
                elif delivered is not None:
                    await delivered
            except Exception as error:  # noqa: BLE001 - a defect, whatever it is, and nothing was written
                response = answer_to_defect(listener, request, self._client, error)
                self._delivery.write(request, response, reading, exchange)
        except BaseException:
            self._transport.abort()  # the server's end
            raise
        finally:
            if self._task is not None:
                self._tasks.discard(self._task)
                self._task = None
            self._busy = False
        self._finished(request, response)

    def _finished(self, request: Request, response: Response) -> None:
        if self._transport.is_closing() or self._tunnel is not None:
            return
        unread = request.stream is not None and request.stream is self._reader.stream
        if unread or response.close or not request.keep_alive or self._delivery.ends_connection:
            self._refused = True
            self._queue.clear()
            if unread or self._transport.can_write_eof():
                self._linger()
            else:
                self._transport.close()  # TLS has no other way to say that no more is coming
        elif self._queue:
            self._next()
        elif self._stopping and not self._reader.partial:
            self._transport.close()
        else:
            self._heard_at = self._loop.time()
            if self._timer is None:
                self._watch_silence(self._idle_s)
            if self._continue_due:
                self._continue_due = False
                self._transport.write(CONTINUE)

    def _switch(self, request: Request, tunnel: Tunnel, delivered: Coroutine[Any, Any, None] | None) -> None:
        if delivered is not None:
            delivered.close()  # the other protocol hears of a slow client by itself
        try:
            self._hand_over(tunnel)
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is; the answer is with the client already
            self._transport.abort()
            report(f"the upgrade of {described(request)}", error)

    def _hand_over(self, tunnel: Tunnel) -> None:
        """Give the connection to another protocol; what was asked for behind this request is not answered."""
        if self._eof or self._transport.is_closing():
            self._transport.close()
            tunnel.lost()
            return
        self._tunnel = tunnel
        self._refused = True
        self._queue.clear()
        self.flow_changed()
        if self._timer is not None:
            self._timer.cancel()
        tunnel.open(self._transport)

    def _next(self) -> None:
        following, reading = self._queue.popleft()
        self.flow_changed()
        if isinstance(following, Refusal):
            self._reject(following)
        else:
            # Not eagerly: each request of a long pipeline would begin inside the one before it.
            self._start(following, reading, eager=False)

    # What is no request.

    def _refuse(self, refusal: Refusal) -> None:
        self._refused = True
        self._reader.break_off()
        if not self._busy:
            self._reject(refusal)
        elif self._reader.stream is None:
            self._queue.append((refusal, None))
        # else the request that is being answered is the one that is broken: its own answer is the last one.

    def _tunnelled(self, tunnel: Tunnel, data: bytes) -> None:
        try:
            tunnel.received(data)
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is
            self._transport.abort()
            report("the bytes of an upgraded connection", error)

    def _reject(self, refusal: Refusal) -> None:
        size = len(refusal.request_line)
        try:
            response = self._listener.reject(refusal.status, self._client, refusal.request_line)
            self._delivery.write_rejection(response, size, self._heard_at, log_refusal(refusal, self._client))
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is, and nothing was written
            response = answer_to_defect(self._listener, None, self._client, error)
            self._delivery.write_rejection(response, size, self._heard_at)
        self._linger()

    def _linger(self) -> None:
        """Say that no more is coming, then take what the client still sends, for a while, and throw it away."""
        if self._eof:
            self._transport.close()
            return
        self._lingering = True
        if self._reading_paused:
            self._reading_paused = False
            self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(_LINGER_S, self._end_linger)

    def _end_linger(self) -> None:
        """A client that is still reading has the time that it needs."""
        if self._transport.get_write_buffer_size():
            self._timer = self._loop.call_later(_LINGER_S, self._end_linger)
        else:
            self._transport.abort()

    def _drain(self, size: int) -> None:
        self._drained_bytes += size
        if self._lingering and self._drained_bytes > _LINGER_BYTES:
            self._transport.abort()

    # Silence.

    def _watch_silence(self, after_s: float) -> None:
        self._timer = self._loop.call_later(after_s, self._maybe_silent)

    def _maybe_silent(self, *, looked_again: bool = False) -> None:
        """The timer is not moved with each request; it looks how long the client was silent when it fires.

        uvloop runs timers before it reads.  So after the loop or the machine stood still, what has come meanwhile is
        read before anybody is called silent.
        """
        self._timer = None
        if self._busy and self._reader.stream is None:
            return  # `_finished` starts it again
        if self._reading_paused:
            self._watch_silence(self._idle_s)  # the client is silent because it must be
            return
        left = self._heard_at + self._idle_s - self._loop.time()
        if left > 0:
            self._watch_silence(left)
        elif not looked_again:
            self._timer = self._loop.call_later(_READ_S, partial(self._maybe_silent, looked_again=True))
        elif self._reader.partial:
            self._refuse(Refusal(408, self._reader.request_line))
        else:
            self._transport.close()


def _address(name: object) -> Address:
    """Host and port of a socket name; a Unix socket has neither."""
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else ("", 0)


def _task(work: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop, *, eager: bool) -> asyncio.Task[None]:
    """A task that begins at once where Python can do that (3.12), in the loop's next turn elsewhere."""
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=loop, name=_TASK, eager_start=eager)
    return asyncio.Task(work, loop=loop, name=_TASK)
