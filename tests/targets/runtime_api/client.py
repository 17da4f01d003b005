"""A runtime client on a bare socket: it says exactly the bytes that a test wants."""

import asyncio
from types import TracebackType
from typing import NamedTuple, Self


class Reply(NamedTuple):
    """One HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes


class RawClient:
    """One connection.

    Attributes:
        address: ``host:port`` of the server, which is the value of Host.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._host, _, self._port = address.partition(":")
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, int(self._port))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def send(self, data: bytes) -> None:
        """Write bytes."""
        self._writer.write(data)

    def get(self, path: str, headers: str = "") -> None:
        """Write a GET request."""
        self.send(f"GET {path} HTTP/1.1\r\nHost: {self.address}\r\n{headers}\r\n".encode())

    def post(self, path: str, body: bytes = b"", headers: str = "", method: str = "POST") -> None:
        """Write a POST request."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.address}\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        self.send(head.encode() + body)

    async def reply(self) -> Reply:
        """Read one response."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (item.partition(":") for item in lines) if name}
        body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return Reply(int(line.split(" ")[1]), headers, body)

    def end(self) -> None:
        """Write no more, and go on reading."""
        self._writer.write_eof()

    async def is_closed(self) -> bool:
        """Whether the other side has closed."""
        try:
            return await self._reader.read(1) == b""
        except ConnectionResetError:
            return True
