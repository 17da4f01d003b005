"""A listener as an ASGI 3 application: for mounting, for in-process clients and for servers that speak HTTP/2.

The listener's own port does not use this: `gateway.listeners.protocol` answers there without ASGI.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any, Final, TypeAlias

from gateway.defects import report
from gateway.invocation import StreamBroken
from gateway.listeners.delivery import close_body, exactly
from gateway.listeners.failing import answer_to_defect, tell_cut
from gateway.listeners.listener import Listener, observed
from gateway.listeners.refusals import log_refusal
from gateway.listeners.wire import Refusal, has_content, keeps_alive, refused_while_read
from gateway.observe.record import Exchange, Transfer, described, end
from gateway.translation.headers import wire_size
from gateway.translation.messages import Request, Response, Tls

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

# An ASGI server frames by itself, and HTTP/2 has no such lines at all (RFC 9113, section 8.2.2).
_FRAMING: Final = frozenset({b"transfer-encoding", b"connection", b"keep-alive"})
_FRAMING_1: Final = frozenset({b"transfer-encoding"})


class _Disconnected(Exception):
    """The client went away while its body was read."""


class AsgiApplication:
    """The ASGI 3 callable around one `Listener`.

    Attributes:
        listener: What answers; `gateway.listeners.uvicorn_protocol.UvicornProtocol` finds it by this name.
    """

    def __init__(self, listener: Listener) -> None:
        self.listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request, or run the lifespan; a WebSocket is closed before it opens."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        created_at = perf_counter()
        try:
            body, rest = await self._body(receive)
        except _Disconnected:
            return
        request = _request(scope, body, rest)
        exchange = observed(self.listener, request)
        try:
            response = await self._answer(request, exchange)
            start = _start(request, response)
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is
            response = answer_to_defect(self.listener, request, request.client, error)
            start = _start(request, response)
        if exchange is None:
            await _write(start, request, response, receive, send)
        else:
            exchange.response = response
            await self._write_and_tell(start, exchange, receive, _Meter(send, request, created_at))

    async def _answer(self, request: Request, exchange: Exchange | None) -> Response:
        status = refused_while_read(request, self.listener.limits)
        if not status and (request.stream is None or self.listener.accepts_streams):
            answer = await self.listener.respond(request, exchange)
            return answer if isinstance(answer, Response) else answer.response
        line = b"%b %b HTTP/%b" % (request.method.encode(), request.raw_path, request.http_version.encode())
        refusal = Refusal(status or 413, line)
        log_refusal(refusal, request.client)
        return self.listener.reject(refusal.status, request.client, line)

    async def _write_and_tell(self, start: Message, exchange: Exchange, receive: Receive, meter: "_Meter") -> None:
        assert exchange.request  # noqa: S101 - it is a request that is answered
        assert exchange.response  # noqa: S101 - as above
        broken = True
        try:
            await _write(start, exchange.request, exchange.response, receive, meter)
            broken = False
        finally:
            exchange.transfer = meter.transfer(broken=broken)
            # Through the loop, as the listener's own port does it.
            asyncio.get_running_loop().call_soon(end, exchange)

    async def _body(self, receive: Receive) -> tuple[bytes, AsyncIterator[bytes] | None]:
        """The whole body; or b"" and all of it as a stream when it is over the listener's limit."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Disconnected
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self.listener.limits.request_body:
                return b"", _rest(parts, receive if message.get("more_body", False) else None)
            if not message.get("more_body", False):
                return b"".join(parts), None


async def _lifespan(receive: Receive, send: Send) -> None:
    """Nothing is opened or closed: what a listener needs, its owner starts and stops."""
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})


class _Meter:
    """Counts what is sent and notes when.

    A server below may compress headers or frame bodies in its own way, so sizes are those of the bare lines and bodies.
    """

    def __init__(self, send: Send, request: Request, created_at: float) -> None:
        self._send = send
        self._received_bytes = wire_size(request.headers) + len(request.body)
        self._sent_bytes = 0
        self._created_at = created_at
        self._complete_at = self._responded_at = perf_counter()

    async def __call__(self, message: Message) -> None:
        """Send on."""
        if message["type"] == "http.response.start":
            self._responded_at = perf_counter()
            self._sent_bytes += wire_size(message["headers"])
        else:
            self._sent_bytes += len(message.get("body", b""))
        await self._send(message)

    def transfer(self, *, broken: bool) -> Transfer:
        """What the exchange was."""
        instants = self._created_at, self._created_at, self._complete_at, self._responded_at, perf_counter()
        return Transfer(self._received_bytes, self._sent_bytes, *instants, broken)


async def _rest(parts: list[bytes], receive: Receive | None) -> AsyncIterator[bytes]:
    """What was read already, then what still comes."""
    for part in parts:
        yield part
    while receive is not None:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client went away before its request body was complete")
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


def _request(scope: Scope, body: bytes, rest: AsyncIterator[bytes] | None) -> Request:
    # raw_path is optional in ASGI, and some clients leave the query in it
    raw_path = scope.get("raw_path") or scope["path"].encode()
    client = scope.get("client") or ("", 0)
    server = scope.get("server") or ("", 0)
    headers = [(bytes(name), bytes(value)) for name, value in scope["headers"]]
    http_version = scope.get("http_version", "1.1")
    return Request(
        method=scope["method"],
        raw_path=raw_path.partition(b"?")[0],
        raw_query=scope.get("query_string", b""),
        headers=headers,
        body=body,
        client=(str(client[0]), int(client[1])),
        server=(str(server[0]), int(server[1] or 0)),
        scheme=scope.get("scheme", "http"),
        http_version=http_version,
        keep_alive=keeps_alive(http_version, headers),
        tls=_tls(scope),
        stream=rest,
    )


def _tls(scope: Scope) -> Tls | None:
    """The session's facts.

    `gateway.listeners.http2` knows them; the ASGI TLS extension has only the numbers on the wire of version and cipher.
    """
    known = (scope.get("state") or {}).get("tls")
    if isinstance(known, Tls):
        return known
    extension = (scope.get("extensions") or {}).get("tls")
    if not extension:
        return None
    version = {0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}.get(extension.get("tls_version") or 0, "")
    suite = extension.get("cipher_suite")
    return Tls(version, "" if suite is None else f"0x{suite:04X}")


def _start(request: Request, response: Response) -> Message:
    dropped = _FRAMING if request.http_version.startswith("2") else _FRAMING_1
    headers = [(name.lower(), value) for name, value in response.headers if name.lower() not in dropped]
    return {"type": "http.response.start", "status": response.status, "headers": headers}


async def _write(start: Message, request: Request, response: Response, receive: Receive, send: Send) -> None:
    await send(start)
    content = has_content(request.method, response.status)
    if isinstance(response.body, bytes):
        await send({"type": "http.response.body", "body": response.body if content else b""})
    elif content:
        await _stream(request, exactly(response.body, response), response.body, receive, send)
    else:
        await close_body(request, response.body)
        await send({"type": "http.response.body", "body": b""})


async def _stream(
    request: Request, chunks: AsyncIterator[bytes], source: AsyncIterator[bytes], receive: Receive, send: Send
) -> None:
    """Send a source's chunks until they end or the client is gone; a broken stream raises, and is truncated."""
    sending = asyncio.ensure_future(_send_all(request, chunks, send))
    watching = asyncio.ensure_future(_until_disconnect(receive))
    try:
        await asyncio.wait({sending, watching}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, watching):
            if not task.done():
                task.cancel()
        outcomes = await asyncio.gather(sending, watching, return_exceptions=True)
        await close_body(request, source)
    if isinstance(outcomes[0], Exception):
        raise outcomes[0]


async def _send_all(request: Request, chunks: AsyncIterator[bytes], send: Send) -> None:
    while (chunk := await _next(request, chunks)) is not None:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _next(request: Request, chunks: AsyncIterator[bytes]) -> bytes | None:
    """The next chunk; None at the end."""
    try:
        return await anext(chunks)
    except StopAsyncIteration:
        return None
    except StreamBroken as error:
        tell_cut(request, error)
        raise
    except Exception as error:  # noqa: BLE001 - a defect, whatever it is
        report(f"the streamed answer to {described(request)}", error)
        raise StreamBroken("a defect of the gateway") from None


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
