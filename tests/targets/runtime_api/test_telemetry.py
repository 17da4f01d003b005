"""The Telemetry API."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.invocation import Invocation
from gateway.targets.runtime_api.telemetry import Subscription, parse
from tests.targets.runtime_api.test_extension_host import watched

pytestmark = pytest.mark.anyio
ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


class Receiver:
    """A telemetry destination."""

    def __init__(self) -> None:
        self.events: list[dict[str, object]] = []
        self.requests: list[str] = []
        self.port = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: an HTTP request, or JSON lines."""
        first = await reader.readline()
        if first.startswith(b"{"):
            while first:
                self.events.append(json.loads(first))
                first = await reader.readline()
        else:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
            self.requests.append(first.decode().strip())
            self.events.extend(json.loads(await reader.readexactly(length)))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    def of(self, kind: str) -> list[object]:
        """The records of one type."""
        return [event["record"] for event in self.events if event["type"] == kind]


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Open and close."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    yield receiver
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("tcp", ["", "1"])
async def test_everything_arrives(tmp_path: Path, tcp: str) -> None:
    """Platform events from the init phase on, the function's lines and the extension's, over HTTP and TCP."""
    async with receiving() as receiver:
        async with watched(tmp_path, "prints", TELEMETRY_PORT=str(receiver.port), TELEMETRY_TCP=tcp) as function:
            await function.invoke(Invocation(b"{}", ID))
        kinds = [str(event["type"]) for event in receiver.events]

    assert kinds[0] == "platform.initStart"
    assert receiver.of("function") == ["to stdout", "to stderr"]
    assert receiver.of("platform.start") == [{"requestId": ID, "version": "$LATEST"}]
    assert {"platform.initReport", "platform.runtimeDone", "platform.report", "extension"} <= set(kinds)
    assert receiver.of("platform.telemetrySubscription") == [
        {"name": "watcher", "state": "Subscribed", "types": ["platform", "function", "extension"]}
    ]
    assert set(receiver.requests) <= {"POST /in HTTP/1.1"}


async def test_destination_that_is_gone(tmp_path: Path) -> None:
    """Telemetry that nobody takes is lost; the function does not notice."""
    async with receiving() as receiver:
        port = receiver.port
    async with watched(tmp_path, "returns_null", TELEMETRY_PORT=str(port)) as function:
        outcome = await function.invoke(Invocation(b"{}", ID))

    assert getattr(outcome, "payload", None) == b"null"


async def test_destination_that_makes_no_sense(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the function nor the end of its environment notices an answer that is a line without end."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"x" * 200_000)
        writer.close()

    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with watched(tmp_path, "returns_null", TELEMETRY_PORT=str(port)) as function:
        outcome = await function.invoke(Invocation(b"{}", ID))
    server.close()
    await server.wait_closed()

    assert getattr(outcome, "payload", None) == b"null"
    assert caplog.records == []


def request(**changes: object) -> bytes:
    """A subscription."""
    whole: dict[str, object] = {
        "schemaVersion": "2022-07-01",
        "types": ["platform"],
        "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4243/x"},
    }
    return json.dumps(whole | changes).encode()


def test_defaults() -> None:
    """Without buffering the documented defaults count."""
    assert parse(request()) == Subscription(("platform",), 4243, "/x", 10_000, 262_144, 1000)


def test_tcp() -> None:
    """TCP needs only a port."""
    subscription = parse(request(destination={"protocol": "TCP", "port": 4}))

    assert (subscription.port, subscription.path) == (4, None)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", "expected an object"),
        (request(schemaVersion="2000-01-01"), "schemaVersion: expected one of 2022-07-01"),
        (request(types=[]), "types: expected some of platform"),
        (request(types=["metrics"]), "types: expected some of platform"),
        (request(buffering={"maxItems": 999}), "buffering.maxItems: expected 1000 to 10000"),
        (request(buffering={"maxBytes": 1_048_577}), "buffering.maxBytes: expected 262144 to 1048576"),
        (request(buffering={"timeoutMs": 24}), "buffering.timeoutMs: expected 25 to 30000"),
        (request(destination={"protocol": "HTTP", "URI": "http://example.com:1"}), "at sandbox.localdomain"),
        (request(destination={"protocol": "TCP"}), "or TCP with a port"),
        (request(destination=None), "destination: expected an object"),
        (b"{", "unexpected end of data"),
    ],
)
def test_refused(body: bytes, message: str) -> None:
    """What is wrong is named, with what would be right."""
    with pytest.raises(ValueError, match=message):
        parse(body)
