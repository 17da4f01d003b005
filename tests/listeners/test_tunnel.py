"""The seam between HTTP and another protocol on the same connection."""

import asyncio

import pytest

from gateway.listeners.listener import Upgraded
from gateway.translation.messages import Response
from tests.listeners.doubles import Client, EchoListener

pytestmark = pytest.mark.anyio

ASK = b"GET /up HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"


class Echoing:
    """Sends back what it gets."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    def open(self, transport: asyncio.Transport) -> None:
        """The connection is ours."""
        self.transport = transport

    def received(self, data: bytes) -> None:
        """Send it back."""
        self.transport.write(data)

    def paused(self) -> None:
        """Nothing waits."""

    def resumed(self) -> None:
        """Nothing waited."""

    def shutdown(self) -> None:
        """End."""
        self.transport.close()

    def lost(self) -> None:
        """The end."""
        self.ended.set()


async def test_the_connection_changes_hands(listener: EchoListener, port: int) -> None:
    """After a 101 every byte is the other protocol's, and it learns of the end."""
    tunnel = Echoing()
    listener.answers[b"/up"] = lambda _: Upgraded(Response(101, [(b"Upgrade", b"echo")]), tunnel)
    client = await Client.connect(port)
    await client.send(ASK)
    head = await client.reader.readuntil(b"\r\n\r\n")
    await client.send(b"GET / HTTP/1.1\r\n\r\n")
    echoed = await client.reader.readexactly(18)
    await client.close()
    await asyncio.wait_for(tunnel.ended.wait(), 5)

    assert head == b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n"
    assert echoed == b"GET / HTTP/1.1\r\n\r\n"


async def test_a_client_that_left_before_the_answer(listener: EchoListener, port: int) -> None:
    """The other protocol is told, although it never began."""
    tunnel = Echoing()
    listener.answers[b"/up"] = lambda _: Upgraded(Response(101, []), tunnel)
    gate = listener.gates[b"/up"] = asyncio.Event()
    client = await Client.connect(port)
    await client.send(ASK)
    await listener.entered.wait()
    client.writer.transport.abort()
    await client.writer.wait_closed()
    gate.set()
    await asyncio.wait_for(tunnel.ended.wait(), 5)
