"""Doubles for the edges: a listener that answers what it got, and a client that speaks in raw bytes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import orjson

from gateway.listeners.listener import Answer
from gateway.observe.record import Exchange, Observer
from gateway.translation.flavour import Limits
from gateway.translation.messages import Request, Response
from gateway.types import Address

SMALL = Limits(request_body=100, result=1000, request_line=120, header_line=60, headers=200)


class EchoListener:
    """Answers each request with a JSON description of it; paths ask for special answers."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits(request_body=1 << 20, result=1 << 20)
        self.accepts_streams = False
        self.observer: Observer | None = None
        self.requests: list[Request] = []
        self.rejected: list[tuple[int, bytes]] = []
        self.answers: dict[bytes, Callable[[Request], Answer]] = {}
        self.gates: dict[bytes, asyncio.Event] = {}
        self.entered = asyncio.Event()

    async def respond(self, request: Request, exchange: Exchange | None = None) -> Answer:  # noqa: ARG002 - as below
        """Describe the request, after the gate of its path opened."""
        self.requests.append(request)
        self.entered.set()
        if request.raw_path in self.gates:
            await self.gates[request.raw_path].wait()
        body = request.body
        if request.stream is not None and request.raw_path != b"/unread":
            try:
                body = b"".join([chunk async for chunk in request.stream])
            except ConnectionResetError:
                return whole(request, b"cut short")
        if request.raw_path in self.answers:
            return self.answers[request.raw_path](request)
        return whole(request, describe(request, body))

    def reject(self, status: int, client: Address, request_line: bytes) -> Response:
        """A bare refusal that closes."""
        assert client[0] == "127.0.0.1"
        self.rejected.append((status, request_line))
        headers = [(b"Content-Length", b"3"), (b"Connection", b"close")]
        return Response(status, headers, b"no\n", close=True)


def whole(request: Request, body: bytes, status: int = 200) -> Response:
    """A complete answer."""
    connection = b"keep-alive" if request.keep_alive else b"close"
    headers = [(b"Content-Length", b"%d" % len(body)), (b"Connection", connection)]
    return Response(status, headers, body, b"Fine")


def describe(request: Request, body: bytes) -> bytes:
    """What a listener was given, as JSON."""
    return orjson.dumps(
        {
            "method": request.method,
            "path": request.raw_path.decode("latin-1"),
            "query": request.raw_query.decode("latin-1"),
            "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.headers],
            "body": body.decode("latin-1"),
            "version": request.http_version,
            "authority": request.authority.decode(),
            "keep_alive": request.keep_alive,
            "scheme": request.scheme,
        }
    )


@dataclass(frozen=True, slots=True)
class Echo:
    """One answer as the client saw it."""

    status: int
    headers: dict[str, str]
    body: bytes

    def __getitem__(self, key: str) -> object:
        """A member of the described request."""
        member: object = orjson.loads(self.body)[key]
        return member


class Client:
    """A raw HTTP/1.1 client: writes bytes, reads answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, port: int) -> "Client":
        """Connect to a port of this machine."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, data: bytes) -> None:
        """Write bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, *, head_only: bool = False) -> Echo:
        """The next answer."""
        async with asyncio.timeout(5):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:-2])
            body = b""
            if not head_only:
                body = await self.reader.readexactly(int(headers.get("Content-Length", "0")))
            return Echo(int(head[0].split(" ")[1]), headers, body)

    async def ask(self, data: bytes) -> Echo:
        """Write bytes and read one answer."""
        await self.send(data)
        return await self.answer()

    async def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        async with asyncio.timeout(5):
            return await self.reader.read()

    async def close(self) -> None:
        """Close this end."""
        self.writer.close()


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    """A stream of these parts."""
    for part in parts:
        yield part


class RecordingTransport(asyncio.Transport):
    """Keeps what is written, write by write."""

    def __init__(self, extra: Mapping[str, object] | None = None) -> None:
        super().__init__({"peername": ("127.0.0.1", 9), "sockname": ("127.0.0.1", 80), **(extra or {})})
        self.writes: list[bytes] = []
        self.written = asyncio.Event()
        self.closed = False
        self.reading = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """One write."""
        assert not self.closed
        self.writes.append(bytes(data))
        self.written.set()

    def is_closing(self) -> bool:
        """Whether one of the ends was closed."""
        return self.closed

    def close(self) -> None:
        """Close after what was written."""
        self.closed = True

    def abort(self) -> None:
        """Close now."""
        self.closed = True

    def can_write_eof(self) -> bool:
        """As TCP."""
        return True

    def write_eof(self) -> None:
        """Nothing more is written."""

    def pause_reading(self) -> None:
        """The protocol wants no more."""
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        """The protocol wants more."""
        assert not self.reading
        self.reading = True
