"""A WebSocket API on a real port, with a real client and boto3."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import boto3
import orjson
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from gateway.config import apis
from gateway.config.doors import WebSocketApiSettings
from gateway.errors import FaultKind
from gateway.invocation import FunctionReference, Returned
from gateway.listeners.server import ListenerServer
from gateway.listeners.websocket_api import WebSocketSteps, websocket_api
from gateway.listeners.websocket_session import Times
from gateway.types import Json
from tests.listeners.observers import Seen
from tests.listeners.scripted import Port, failing, opened, scripted
from tests.services import listener_context

pytestmark = pytest.mark.anyio

SOCKET = WebSocketApiSettings(0, "f")
TWO_WAY = WebSocketApiSettings(0, "f", routes={"$default": apis.WebSocketRoute("f", two_way=True)})


class Recorded:
    """A function that says yes, answers messages with their own text, and tells when it was disconnected."""

    def __init__(self) -> None:
        self.disconnected = asyncio.Event()
        self.function, self.target = scripted(self.answer)

    def answer(self, event: dict[str, Json]) -> Json:
        """One answer."""
        if context_of(event)["eventType"] == "DISCONNECT":
            self.disconnected.set()
        return {"statusCode": 200, "body": event.get("body", "")}

    async def farewell(self) -> dict[str, Json]:
        """The context of the DISCONNECT event."""
        await asyncio.wait_for(self.disconnected.wait(), 5)
        return context_of(self.target.events[-1])


def context_of(event: dict[str, Json]) -> dict[str, Json]:
    """The request context of an event."""
    context = event["requestContext"]
    assert isinstance(context, dict)
    return context


@asynccontextmanager
async def served(
    settings: WebSocketApiSettings, recorded: Recorded, times: Times | None = None
) -> AsyncIterator[tuple[Port, str]]:
    """The API on a port, and the address of its stage."""
    listener = websocket_api(settings, listener_context({"f": recorded.function}), times=times or Times())
    async with opened(listener) as port:
        yield port, f"ws://127.0.0.1:{port.number}/{settings.stage}"


async def closed(client: ClientConnection) -> tuple[int, str]:
    """Code and reason with which the server closed."""
    with pytest.raises(ConnectionClosed):
        await asyncio.wait_for(client.recv(), 5)
    return client.close_code or 0, client.close_reason or ""


def management(port: int, path: str = "/prod") -> Any:  # noqa: ANN401 - boto3 has no types
    """A boto3 client of the management API."""
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=f"http://127.0.0.1:{port}{path}",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="y",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=5),
    )


async def test_a_conversation() -> None:
    """Connect, a message and its answer, disconnect: three events of one connection."""
    recorded = Recorded()
    async with served(TWO_WAY, recorded) as (_, address):
        async with connect(address, compression=None, proxy=None) as client:
            await client.send("hello")
            assert await asyncio.wait_for(client.recv(), 5) == "hello"
            await client.close(1000, "bye")
        farewell = await recorded.farewell()

    contexts = [context_of(event) for event in recorded.target.events]
    assert [context["eventType"] for context in contexts] == ["CONNECT", "MESSAGE", "DISCONNECT"]
    assert len({str(context["connectionId"]) for context in contexts}) == 1
    assert (farewell["disconnectStatusCode"], farewell["disconnectReason"]) == (1000, "bye")


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


@pytest.mark.parametrize(
    ("answer", "status"),
    [({"statusCode": 401, "body": "no"}, 401), ({}, 502), (failing("no"), 502)],
)
async def test_refused_connections(answer: Json, status: int) -> None:
    """What $connect does not answer with a 2xx is no connection."""
    recorded = Recorded()
    recorded.target.answer = lambda _: answer
    async with served(SOCKET, recorded) as (_, address):
        with pytest.raises(InvalidStatus) as caught:
            await connect(address, proxy=None)

    assert caught.value.response.status_code == status


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


async def test_subprotocol() -> None:
    """$connect chooses the subprotocol."""
    recorded = Recorded()
    recorded.target.answer = lambda _: {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat"}}
    chat = [Subprotocol("chat")]
    async with served(SOCKET, recorded) as (_, address), connect(address, subprotocols=chat, proxy=None) as client:
        assert client.subprotocol == "chat"


async def test_authorizer() -> None:
    """It decides about the connection, and all events show what it said."""
    policy: Json = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    authorizer, asked = scripted(lambda _: {"principalId": "me", "policyDocument": policy}, "a")
    recorded = Recorded()
    settings = WebSocketApiSettings(
        0, "f", authorizer=apis.Authorizer("REQUEST", "a", ("route.request.querystring.token",))
    )
    async with opened(websocket_api(settings, listener_context({"a": authorizer, "f": recorded.function}))) as port:
        address = f"ws://127.0.0.1:{port.number}/prod"
        with pytest.raises(InvalidStatus) as caught:
            await connect(address, proxy=None)
        async with connect(f"{address}?token=t", proxy=None):
            pass
        farewell = await recorded.farewell()

    assert caught.value.response.status_code == 401
    assert str(asked.events[0]["methodArn"]).endswith("/prod/$connect")
    assert isinstance(farewell["authorizer"], dict)
    assert farewell["authorizer"]["principalId"] == "me"


@pytest.mark.parametrize(
    ("message", "code"),
    [(b"\x00", 1003), ("x" * (128 * 1024 + 1), 1009), ("x" * (32 * 1024 + 1), 1009)],
    ids=["binary", "message", "frame"],
)
async def test_limits(message: bytes | str, code: int) -> None:
    """What is over the limits closes the connection, and the function learns the code."""
    recorded = Recorded()
    async with served(SOCKET, recorded) as (_, address):
        async with connect(address, compression=None, proxy=None) as client:
            await client.send(message)
            assert (await closed(client))[0] == code
        assert (await recorded.farewell())["disconnectStatusCode"] == code


async def test_a_message_in_frames() -> None:
    """128 KB in frames of 32 KB are one message, each way."""
    recorded = Recorded()
    text = "ä" * (64 * 1024)
    async with served(TWO_WAY, recorded) as (_, address), connect(address, compression=None, proxy=None) as client:
        await client.send([text[at : at + 16 * 1024] for at in range(0, len(text), 16 * 1024)])
        assert await asyncio.wait_for(client.recv(), 5) == text


@pytest.mark.parametrize("times", [Times(idle_s=0.05), Times(lifetime_s=0.05)])
async def test_expiry(times: Times) -> None:
    """Silence and old age end a connection with 1001."""
    recorded = Recorded()
    async with served(SOCKET, recorded, times) as (_, address), connect(address, proxy=None) as client:
        assert await closed(client) == (1001, "Going away")
        assert (await recorded.farewell())["disconnectStatusCode"] == 1001


async def test_a_client_that_vanishes() -> None:
    """A connection that ends without a close frame is a disconnect as well."""
    recorded = Recorded()
    async with served(SOCKET, recorded) as (_, address):
        client = await connect(address, proxy=None)
        client.transport.abort()
        assert (await recorded.farewell())["disconnectStatusCode"] == 1006


async def test_stopping_says_goodbye() -> None:
    """When the gateway stops, clients read 1001 and the function its disconnect."""
    recorded = Recorded()
    listener = websocket_api(SOCKET, listener_context({"f": recorded.function}))
    server = ListenerServer(listener)
    await server.start()
    client = await connect(f"ws://127.0.0.1:{server.port}/prod", proxy=None)
    stopping = asyncio.create_task(server.stop(5))
    assert await closed(client) == (1001, "Going away")
    await stopping
    await listener.aclose()
    assert recorded.disconnected.is_set()


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [("/prod", 400, b'{"message":"Bad Request"}'), ("/other", 403, b'{"message":"Forbidden"}')],
)
async def test_no_handshake(path: str, status: int, body: bytes) -> None:
    """What is no WebSocket handshake, or for no stage, is refused."""
    async with served(SOCKET, Recorded()) as (port, _):
        answer = await port.ask(path)

    assert (answer.status_code, answer.content) == (status, body)


async def test_management_with_boto3() -> None:
    """The three calls, and what they answer when the connection is gone."""
    recorded = Recorded()
    async with served(SOCKET, recorded) as (port, address), connect(address, proxy=None, max_size=None) as client:
        api = management(port.number)
        connection_id = context_of(recorded.target.events[0])["connectionId"]
        await asyncio.to_thread(api.post_to_connection, ConnectionId=connection_id, Data=b"hello")
        assert await asyncio.wait_for(client.recv(), 5) == "hello"
        found = await asyncio.to_thread(api.get_connection, ConnectionId=connection_id)
        assert found["Identity"]["SourceIp"] == "127.0.0.1"
        assert found["ConnectedAt"] <= found["LastActiveAt"]
        with pytest.raises(ClientError, match="PayloadTooLargeException"):
            await asyncio.to_thread(api.post_to_connection, ConnectionId=connection_id, Data=bytes(128 * 1024 + 1))
        await asyncio.to_thread(api.delete_connection, ConnectionId=connection_id)
        assert (await closed(client))[0] == 1000
        with pytest.raises(ClientError, match="GoneException") as caught:
            await asyncio.to_thread(api.post_to_connection, ConnectionId=connection_id, Data=b"x")

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410
