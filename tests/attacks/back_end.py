"""What stands behind the attacked gateway: an HTTP server that answers everything, key sets and logins included."""

import asyncio
from typing import Any, Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from tests.attacks.tokens import tokens

_FAILED: Final = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BackEnd(asyncio.Protocol):
    """One connection of the gateway."""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - every kind of transport
        """The gateway connected."""
        self._transport = transport
        self._parser = HttpRequestParser(self)
        self._target = b""

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._transport.write(_FAILED)
            self._transport.close()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._target = b""

    def on_url(self, part: bytes) -> None:
        """The target, or a part of it."""
        self._target += part

    def on_message_complete(self) -> None:
        """A request is complete."""
        if self._target.startswith(b"/keys"):
            body = tokens().key_set
        elif self._target.startswith(b"/stream"):
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
            )
            return
        else:
            body = b"x" * 300_000 if self._target.startswith(b"/large") else b"{}"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._transport.write(head if self._parser.get_method() == b"HEAD" else head + body)
        if not self._parser.should_keep_alive():
            self._transport.close()


async def start_back_end() -> tuple[asyncio.Server, str]:
    """The running server and its URL."""
    server = await asyncio.get_running_loop().create_server(BackEnd, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
