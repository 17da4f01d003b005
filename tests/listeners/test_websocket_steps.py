"""What the functions of a WebSocket API are told, and what of it is recorded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from websockets.asyncio.client import connect

from gateway.config import apis
from gateway.config.doors import WebSocketApiSettings
from gateway.errors import FaultKind
from gateway.invocation import FunctionReference, Returned
from gateway.listeners.websocket_api import websocket_api
from gateway.listeners.websocket_steps import WebSocketSteps
from gateway.types import Json
from tests.listeners.observers import Seen
from tests.listeners.recorded import Recorded, served
from tests.listeners.scripted import context_of, failing, opened
from tests.services import listener_context

pytestmark = pytest.mark.anyio

SOCKET = WebSocketApiSettings(0, "f")
TWO_WAY = WebSocketApiSettings(0, "f", routes={"$default": apis.WebSocketRoute("f", two_way=True)})


@asynccontextmanager
async def watched(settings: WebSocketApiSettings, recorded: Recorded) -> AsyncIterator[tuple[Seen, str]]:
    """An observer of the API, and the address of its stage."""
    listener = websocket_api(settings, listener_context({"f": recorded.function}))
    listener.observer = seen = Seen()
    async with opened(listener) as port:
        yield seen, f"ws://127.0.0.1:{port.number}/{settings.stage}"


async def test_messages_are_exchanges() -> None:
    """The handshake's observer is told of it, of each message and of the disconnect, each with its own call."""
    recorded = Recorded()
    async with watched(TWO_WAY, recorded) as (seen, address):
        async with connect(address, compression=None, proxy=None) as client:
            handshake = await seen.one()
            await client.send("hello")
            message = await seen.one()
        farewell = await seen.one()

    exchanges = [handshake, message, farewell]
    assert seen.begun == exchanges
    assert [it.kind for it in exchanges] == ["request", "message", "message"]
    assert [it.rule for it in exchanges] == ["$connect", "$default", "$disconnect"]
    assert [orjson.loads(it.event) for it in exchanges] == recorded.target.events
    assert message.outcome == Returned(b'{"statusCode":200,"body":"hello"}')
    assert [it.fault for it in exchanges] == [None, None, None]
    assert [it.function for it in exchanges] == [FunctionReference("f")] * 3
    assert all(0 < it.invoked_at <= it.answered_at for it in exchanges)
    assert len({it.arrival.request_id for it in exchanges}) == 3
    assert handshake.response
    assert handshake.response.status == 101
    assert [(it.request, it.response, it.transfer) for it in exchanges[1:]] == [(None, None, None)] * 2


async def test_the_exchange_of_a_failing_message() -> None:
    """Its fault and the outcome say why; so do those of a disconnect."""
    recorded = Recorded()
    recorded.target.answer = lambda event: (
        {"statusCode": 200} if context_of(event)["eventType"] == "CONNECT" else failing("no")
    )
    async with watched(SOCKET, recorded) as (seen, address):
        async with connect(address, compression=None, proxy=None) as client:
            await seen.one()
            await client.send("x")
            message = await seen.one()
        farewell = await seen.one()

    for exchange in (message, farewell):
        assert exchange.outcome == failing("no")
        assert exchange.fault
        assert (exchange.fault.kind, exchange.fault.detail) == (FaultKind.FUNCTION_ERROR, "Exception: no")


async def test_the_exchange_of_a_message_without_a_route() -> None:
    """It ends as all do, and nothing was invoked; a connection without $disconnect ends without an exchange."""
    recorded = Recorded()
    settings = WebSocketApiSettings(0, routes={"ping": apis.WebSocketRoute("f")})
    async with (
        watched(settings, recorded) as (seen, address),
        connect(address, compression=None, proxy=None) as client,
    ):
        await seen.one()
        await client.send("{}")
        exchange = await seen.one()

    assert (exchange.kind, exchange.rule, exchange.event, exchange.outcome) == ("message", "", b"", None)
    assert seen.begun[1:] == [exchange]


async def test_the_exchange_of_a_defect(caplog: pytest.LogCaptureFixture) -> None:
    """A message that meets a defect of the gateway is an exchange that ends, without an outcome."""

    def broken(event: dict[str, Json]) -> Json:
        if context_of(event)["eventType"] == "MESSAGE":
            raise LookupError
        return {"statusCode": 200}

    recorded = Recorded()
    recorded.target.answer = broken
    async with watched(SOCKET, recorded) as (seen, address), connect(address, compression=None, proxy=None) as client:
        await seen.one()
        await client.send("x")
        exchange = await seen.one()

    assert (exchange.rule, exchange.outcome) == ("$default", None)
    assert "a message of " in caplog.text


async def test_without_an_observer_messages_have_no_exchange() -> None:
    """No report is asked for."""
    recorded = Recorded()
    async with served(TWO_WAY, recorded) as (_, address):
        async with connect(address, compression=None, proxy=None) as client:
            await client.send("x")
            await asyncio.wait_for(client.recv(), 5)
        await recorded.farewell()

    assert [invocation.report for invocation in recorded.target.invocations] == [None, None, None]


async def test_a_one_way_route_answers_nothing() -> None:
    """Only what is sent to the connection reaches the client."""
    recorded = Recorded()
    listener = websocket_api(SOCKET, listener_context({"f": recorded.function}))
    async with opened(listener) as port, connect(f"ws://127.0.0.1:{port.number}/prod", proxy=None) as client:
        await client.send("one")
        await asyncio.wait_for(await client.ping(), 5)
        connection_id = str(context_of(recorded.target.events[0])["connectionId"])
        assert isinstance(listener.steps, WebSocketSteps)
        listener.steps.connections.manage("POST", connection_id, b"posted")
        assert await asyncio.wait_for(client.recv(), 5) == "posted"


async def test_routes() -> None:
    """The expression selects a route; what it does not find goes to $default."""
    recorded = Recorded()
    settings = WebSocketApiSettings(
        0, "f", routes={key: apis.WebSocketRoute("f", two_way=True) for key in ("ping", "$default")}
    )
    async with served(settings, recorded) as (_, address), connect(address, compression=None, proxy=None) as client:
        for text in ('{"action":"ping"}', '{"action":"other"}', "no json"):
            await client.send(text)
            await asyncio.wait_for(client.recv(), 5)

    keys = [context_of(event)["routeKey"] for event in recorded.target.events[1:4]]
    assert keys == ["ping", "$default", "$default"]


async def test_no_route() -> None:
    """Without $default the client reads a frame that says Forbidden."""
    recorded = Recorded()
    settings = WebSocketApiSettings(0, routes={"ping": apis.WebSocketRoute("f")})
    async with served(settings, recorded) as (_, address), connect(address, compression=None, proxy=None) as client:
        await client.send("{}")
        frame = orjson.loads(await asyncio.wait_for(client.recv(), 5))

    assert (frame["message"], set(frame)) == ("Forbidden", {"message", "connectionId", "requestId"})
    assert recorded.target.events == []


def messages_get(answer: Json) -> Recorded:
    """A function that says yes to $connect, and this to all else."""
    recorded = Recorded()
    recorded.target.answer = lambda event: (
        {"statusCode": 200} if context_of(event)["eventType"] == "CONNECT" else answer
    )
    return recorded


@pytest.mark.parametrize("settings", [SOCKET, TWO_WAY], ids=["one-way", "two-way"])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"statusCode": 200, "ConnectionId": "x"}, "/ConnectionId: expected none but statusCode,"),
        (None, "(result): expected an object, got None"),
        ({"statusCode": 200, "body": {}}, "/body: expected a string"),
    ],
)
async def test_a_malformed_result(
    settings: WebSocketApiSettings, answer: Json, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether or not a route sends anything back, the client reads a frame, and the log has the reason."""
    async with watched(settings, messages_get(answer)) as (seen, address):
        async with connect(address, compression=None, proxy=None) as client:
            await client.send("x")
            assert orjson.loads(await asyncio.wait_for(client.recv(), 5))["message"] == "Internal server error"
        for _ in range(3):
            await seen.one()

    told = [record.getMessage() for record in caplog.records]
    assert [reason in line for line in told] == [True, True]
    assert [line.partition(" of ")[0] for line in told] == ["message", "$disconnect"]
    assert all(" to f: " in line for line in told)


async def test_a_status_that_nobody_reads(caplog: pytest.LogCaptureFixture) -> None:
    """On a one-way route and of $disconnect a failure by its status is a line of the log, and no frame."""
    async with watched(SOCKET, messages_get({"statusCode": 500, "body": "no"})) as (seen, address):
        async with connect(address, compression=None, proxy=None) as client:
            await seen.one()
            await client.send("x")
            await seen.one()
            await asyncio.wait_for(await client.ping(), 5)  # all frames before the pong have come
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.recv(), 0)
        await seen.one()

    told = [record.getMessage() for record in caplog.records]
    assert [line.rpartition(": ")[2] for line in told] == ["the function answered 500, which nobody reads"] * 2


async def test_a_failing_message() -> None:
    """The client of a failing function reads a frame, and stays connected."""
    recorded = Recorded()
    recorded.target.answer = lambda event: (
        failing("no") if context_of(event)["eventType"] == "MESSAGE" else {"statusCode": 200}
    )
    async with served(SOCKET, recorded) as (_, address), connect(address, compression=None, proxy=None) as client:
        for _ in range(2):
            await client.send("x")
            assert orjson.loads(await asyncio.wait_for(client.recv(), 5))["message"] == "Internal server error"
