"""The Runtime API of one execution environment, as an HTTP service on loopback.

Facts, from the AWS guide "Using the Lambda runtime API for custom runtimes" and the sources of
aws-lambda-runtime-interface-emulator: ``next`` waits without limit; every accepted answer is 202 ``{"status":"OK"}``.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from gateway.invocation import StreamBroken
from gateway.same_origin import THIS_MACHINE, AllowedCallers
from gateway.targets.runtime_api.callers import Callers
from gateway.targets.runtime_api.connection import BodySink, RuntimeApiCall, RuntimeApiConnection, refuse
from gateway.targets.runtime_api.offer import Offer, render
from gateway.targets.runtime_api.peers import Peers
from gateway.targets.runtime_api.state import (
    INVALID_RESPONSE_MODE,
    LATE,
    RESPONSE_LIMIT,
    TOO_LARGE,
    Effect,
    ErrorResponse,
    Phase,
    RuntimeState,
)
from gateway.targets.runtime_api.streaming import (
    RESPONSE_TOO_LARGE,
    TRUNCATED_RESPONSE,
    CollectedResponse,
    RefusedResponse,
    ResponseStream,
)

_INITIALISED: Final = (Phase.READY, Phase.RUNNING, Phase.RESPONDING, Phase.RESPONSE_SENT)
_EXIT_NEWS_S: Final = 0.02
"""So much later than the end of its connection may be heard that a process has ended, which says more."""
_RUNTIME: Final = b"/2018-06-01/runtime/"
_INVOCATION: Final = b"/2018-06-01/runtime/invocation/"
_ANSWERS: Final = (b"/response", b"/error")
_NEXT: Final = _INVOCATION + b"next"
_ACCEPTED: Final = (
    b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n'
)

_Sink = ResponseStream | CollectedResponse

CallHandler = Callable[[RuntimeApiCall], None]
"""Answers one call, now or later."""


class RuntimeOwner(Protocol):
    """Who hears of what the runtime does."""

    def ready(self) -> None:
        """The runtime asks for an invocation."""
        ...

    def init_failed(self, error_type: str, payload: bytes) -> None:
        """The runtime could not be initialised; ``payload`` is its error object."""
        ...

    def returned(self, payload: bytes, content_type: str) -> None:
        """The invocation has its result."""
        ...

    def streaming(self, content_type: str, stream: ResponseStream) -> None:
        """The invocation has begun to answer in pieces."""
        ...

    def stream_ended(self, broken: StreamBroken | None) -> None:
        """A `streaming` answer is over."""
        ...

    def failed(self, error_type: str, payload: bytes) -> None:
        """The invocation failed; ``payload`` is the error object, b"" when the platform has to write it."""
        ...

    def too_large(self) -> None:
        """The invocation's result is over the limit."""
        ...


class RuntimeApi:
    """Serves one runtime: one invocation at a time.

    ``routes`` may be given the calls of other APIs on the same port, by method and path.  ``allowed`` may call beside
    programs on this machine.
    """

    def __init__(self, owner: RuntimeOwner, allowed: AllowedCallers = THIS_MACHINE) -> None:
        self._owner = owner
        self._callers = Callers(allowed)
        self._state = RuntimeState()
        self._server: asyncio.Server | None = None
        self._connections: set[RuntimeApiConnection] = set()
        self._polls: list[RuntimeApiCall] = []
        self._offer: Offer | None = None
        self._sink: _Sink | None = None
        self._content_type = ""
        self.routes: dict[tuple[bytes, bytes], CallHandler] = {
            (b"GET", b"/2018-06-01/ping"): lambda call: call.answer(200, b"pong", "Content-Type: text/plain\r\n"),
            (b"GET", _NEXT): self._next,
            (b"POST", _RUNTIME + b"init/error"): self._init_error,
        }

    @property
    def connected(self) -> bool:
        """Whether a client is connected."""
        return bool(self._connections)

    @property
    def polled(self) -> bool:
        """Whether the runtime has ended its init phase."""
        return self._state.phase in _INITIALISED

    async def listen(self, peers: Peers | None = None) -> str:
        """Open a port of the system's choice on loopback; returns ``host:port``.

        Args:
            peers: The only processes that are answered; None for all of them.
        """
        self._callers.peers = peers
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: RuntimeApiConnection(self), "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        address = f"{host}:{port}"
        self._callers.host = address.encode()
        return address

    def close(self) -> None:
        """Close the port and drop every client, at once."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in tuple(self._connections):
            connection.close()

    def expect_process(self) -> None:
        """Forget what the last process did: a new one begins its init phase."""
        self._state = RuntimeState()
        self._polls.clear()
        self._sink = None

    def give(self, offer: Offer) -> None:
        """Hand an invocation to the runtime, now or at its next ``next``."""
        self._offer = offer
        effect = self._state.give(offer.invocation.request_id, offer.attempt)
        if effect is Effect.DELIVER and self._polls:
            self._polls.pop(0).send(render(offer))  # on one connection the answers have an order

    def time_out(self) -> Effect:
        """Time is up for whatever the runtime is doing: an answer that still comes is refused."""
        return self._state.time_out()

    def exited(self) -> Effect:
        """The runtime's process has ended."""
        return self._state.exit()

    def break_stream(self, broken: StreamBroken) -> None:
        """End the stream that is under way, for the caller, with this error."""
        if isinstance(self._sink, ResponseStream):
            self._sink.end(broken)
        self._sink = None

    # What a connection calls.

    def opened(self, connection: RuntimeApiConnection) -> None:
        """Know every client, to drop it at the end."""
        self._connections.add(connection)
        self._callers.meet(connection)

    def closed(self, connection: RuntimeApiConnection) -> None:
        """A client is gone, and so is the ``next`` that it waited for."""
        self._connections.discard(connection)
        self._polls = [call for call in self._polls if call.connection is not connection]

    def begin(self, call: RuntimeApiCall) -> BodySink | None:
        """A streamed response has its own way for the body, and a web page gets no further than here."""
        if (dropped := self._callers.refuse(call)) is not None:
            return dropped
        if b"lambda-runtime-function-response-mode" in call.headers and _is_response(call):
            return self._begin_stream(call)
        return None

    def complete(self, call: RuntimeApiCall) -> None:
        """Answer a call, or keep it."""
        if call.method == b"POST" and call.path.startswith(_INVOCATION) and call.path.endswith(_ANSWERS):
            self._answered(call)
        elif route := self.routes.get((call.method, call.path)):
            route(call)
        else:
            call.answer(404, b"404 page not found\n", "Content-Type: text/plain; charset=utf-8\r\n")

    def truncated(self, call: RuntimeApiCall) -> None:
        """Half a result is none."""
        if _is_response(call) and self._state.respond(*_ids(call)) is Effect.ACCEPT:
            self._owner.failed(TRUNCATED_RESPONSE, b"")

    def _next(self, call: RuntimeApiCall) -> None:
        verdict = self._state.poll()
        if isinstance(verdict, ErrorResponse):
            refuse(call, verdict)
        elif verdict is Effect.DELIVER and self._offer is not None:
            call.send(render(self._offer))
        else:
            self._polls.append(call)
        self._owner.ready()

    def _init_error(self, call: RuntimeApiCall) -> None:
        verdict = self._state.fail_init()
        if isinstance(verdict, ErrorResponse):
            refuse(call, verdict)
            return
        call.send(_ACCEPTED)
        self._owner.init_failed(call.header(b"lambda-runtime-function-error-type"), call.body)

    def _answered(self, call: RuntimeApiCall) -> None:
        """A response or an error, for the id in the path."""
        ids = _ids(call)
        is_response = call.path.endswith(b"/response")
        verdict = self._state.respond(*ids) if is_response else self._state.fail(*ids)
        if isinstance(verdict, ErrorResponse):
            refuse(call, verdict)
        elif call.body_bytes > RESPONSE_LIMIT:
            refuse(call, TOO_LARGE)
            self._owner.too_large()
        elif is_response:
            call.send(_ACCEPTED)
            self._owner.returned(call.body, call.header(b"content-type") or "application/json")
        else:
            call.send(_ACCEPTED)
            self._owner.failed(call.header(b"lambda-runtime-function-error-type"), call.body)

    def _begin_stream(self, call: RuntimeApiCall) -> BodySink | None:
        if call.headers[b"lambda-runtime-function-response-mode"] != b"streaming":
            verdict = self._state.fail(*_ids(call))
            if isinstance(verdict, ErrorResponse):
                return RefusedResponse(call, verdict)
            self._owner.failed("Runtime.InvalidResponseModeHeader", b"")
            return RefusedResponse(call, INVALID_RESPONSE_MODE)
        verdict = self._state.begin_stream(*_ids(call))
        if isinstance(verdict, ErrorResponse):
            return RefusedResponse(call, verdict)
        self._content_type = call.header(b"content-type") or "application/octet-stream"

        sink: _Sink

        def ended(broken: StreamBroken | None) -> None:
            if broken is not None and broken.error_type == TRUNCATED_RESPONSE:
                asyncio.get_running_loop().call_later(_EXIT_NEWS_S, self._stream_ended, call, sink, broken)
            else:
                self._stream_ended(call, sink, broken)

        if self._offer is not None and self._offer.invocation.streaming:
            sink = ResponseStream(call.connection, self._stream_began, ended)
        else:
            sink = CollectedResponse(ended)
        self._sink = sink
        return sink

    def _stream_ended(self, call: RuntimeApiCall, sink: _Sink, broken: StreamBroken | None) -> None:
        verdict = self._state.end_stream() if sink is self._sink else LATE
        if isinstance(verdict, ErrorResponse):
            refuse(call, verdict)
            return
        call.send(_ACCEPTED)
        self._sink = None
        if isinstance(sink, ResponseStream):
            self._streamed(sink, broken)
        else:
            self._collected(sink, broken)

    def _stream_began(self, stream: ResponseStream) -> None:
        if stream is self._sink:
            self._owner.streaming(self._content_type, stream)

    def _streamed(self, stream: ResponseStream, broken: StreamBroken | None) -> None:
        if stream.is_empty and broken is not None:
            self._owner.failed(broken.error_type, broken.payload)
            return
        if stream.is_empty:
            self._owner.streaming(self._content_type, stream)
        stream.end(broken)
        self._owner.stream_ended(broken)

    def _collected(self, sink: CollectedResponse, broken: StreamBroken | None) -> None:
        if broken is None:
            self._owner.returned(sink.payload, self._content_type)
        elif broken.error_type == RESPONSE_TOO_LARGE:
            self._owner.too_large()
        else:
            self._owner.failed(broken.error_type, broken.payload)


def _is_response(call: RuntimeApiCall) -> bool:
    """Whether a call is a response to an invocation, of whichever."""
    return call.method == b"POST" and call.path.startswith(_INVOCATION) and call.path.endswith(b"/response")


def _ids(call: RuntimeApiCall) -> tuple[str, str]:
    """The request id in the path and the attempt in the header."""
    request_id = call.path[len(_INVOCATION) :].partition(b"/")[0]
    return request_id.decode("latin-1"), call.header(b"lambda-runtime-invocation-id")
