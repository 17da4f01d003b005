"""Answers as they leave the control port: header names spelled as the Lambda service spells them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.lambda_api.errors import ApiError
from gateway.types import HeaderList

JSON: Final = (b"Content-Type", b"application/json")


class Wire(Response):
    """A complete answer whose header lines go out in their order and spelling."""

    def __init__(self, status: int, headers: HeaderList, body: bytes = b"") -> None:
        super().__init__(body, status)
        self.raw_headers = list(headers)
        if status != 204:
            self.raw_headers.append((b"Content-Length", b"%d" % len(body)))


class WireStream(Response):
    """An answer of unknown length: each piece is sent before the next one is asked for."""

    def __init__(self, headers: HeaderList, pieces: AsyncGenerator[bytes, None]) -> None:
        super().__init__(None)
        self.raw_headers = list(headers)
        self.pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head, then the pieces; the source is closed whatever happens, also when the client leaves."""
        del scope
        # A server drops what is sent to a client that left: without this an endless function would run on unheard.
        gone = asyncio.create_task(_disconnected(receive))
        try:
            async with aclosing(self.pieces) as pieces:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                async for piece in pieces:
                    if gone.done():
                        return
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def identified(request_id: str) -> list[tuple[bytes, bytes]]:
    """The lines that every answer of an invocation has: its request id and AWS's own length line."""
    return [(b"x-amzn-RequestId", request_id.encode()), (b"x-amzn-Remapped-Content-Length", b"0")]


def refused(error: ApiError, request_id: str) -> Wire:
    """An error answer."""
    return Wire(error.status, [(b"x-amzn-RequestId", request_id.encode()), *error.headers()], error.body())
