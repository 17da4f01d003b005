"""Answers as ASGI messages."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from starlette.types import Message

from gateway.lambda_api.errors import ApiError
from gateway.lambda_api.wire import Wire, WireStream, refused


async def waiting_client() -> Message:
    """A client that stays."""
    await asyncio.Event().wait()
    return {"type": "http.disconnect"}


async def sent_by(answer: Wire | WireStream) -> list[Message]:
    """Every message of one answer."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    await answer({"type": "http"}, waiting_client, send)
    return messages


@pytest.mark.anyio
async def test_names_keep_their_spelling() -> None:
    """Lines go to the server in their order, spelled as AWS spells them."""
    start, body = await sent_by(refused(ApiError("ResourceNotFoundException", "gone"), "id"))

    assert start["status"] == 404
    assert start["headers"] == [
        (b"x-amzn-RequestId", b"id"),
        (b"Content-Type", b"application/json"),
        (b"x-amzn-ErrorType", b"ResourceNotFoundException"),
        (b"Content-Length", b"32"),
    ]
    assert body["body"] == b'{"Message":"gone","Type":"User"}'


@pytest.mark.anyio
async def test_no_content_has_no_length() -> None:
    """A 204 carries no ``Content-Length``."""
    start, _ = await sent_by(Wire(204, []))

    assert start["headers"] == []


@pytest.mark.anyio
async def test_a_stream_waits_for_its_reader() -> None:
    """The next piece is asked for when the one before it was taken."""
    order: list[str] = []

    async def pieces() -> AsyncGenerator[bytes, None]:
        for name in ("a", "b"):
            order.append(f"made {name}")
            yield name.encode()

    async def send(message: Message) -> None:
        order.append(f"sent {message.get('body', b'').decode()}")

    await WireStream([], pieces())({"type": "http"}, waiting_client, send)

    assert order == ["sent ", "made a", "sent a", "made b", "sent b", "sent "]


@pytest.mark.anyio
async def test_a_client_that_left_closes_the_source() -> None:
    """An endless function does not go on for nobody."""
    closed = asyncio.Event()
    left = asyncio.Event()

    async def endless() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"more"
        finally:
            closed.set()

    async def receive() -> Message:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message.get("body"):
            left.set()
        await asyncio.sleep(0)

    await asyncio.wait_for(WireStream([], endless())({"type": "http"}, receive, send), 10)

    assert closed.is_set()
