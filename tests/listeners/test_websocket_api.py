"""A WebSocket API on a real port, with a real client and boto3."""

import asyncio
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from gateway.config import apis
from gateway.config.doors import WebSocketApiSettings
from gateway.listeners.server import ListenerServer
from gateway.listeners.websocket_api import websocket_api
from gateway.listeners.websocket_session import Times
from gateway.types import Json
from tests.listeners.recorded import Recorded, served
from tests.listeners.scripted import context_of, failing, opened, scripted
from tests.services import listener_context

pytestmark = pytest.mark.anyio

SOCKET = WebSocketApiSettings(0, "f")
TWO_WAY = WebSocketApiSettings(0, "f", routes={"$default": apis.WebSocketRoute("f", two_way=True)})


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


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        ({"statusCode": 401, "body": "no"}, 401, "the function f of $connect answered 401"),
        ({}, 500, "/statusCode: expected an integer"),
        ({"statusCode": 200, "data": 1}, 500, "/data: expected none but statusCode"),
        (failing("no"), 502, "raised or crashed: Exception: no"),
    ],
)
async def test_refused_connections(answer: Json, status: int, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    """What $connect does not answer with a 2xx is no connection, and the log says why."""
    recorded = Recorded()
    recorded.target.answer = lambda _: answer
    async with served(SOCKET, recorded) as (_, address):
        with pytest.raises(InvalidStatus) as caught:
            await connect(address, proxy=None)

    assert caught.value.response.status_code == status
    assert [record.getMessage() for record in caplog.records if reason in record.getMessage()]


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
