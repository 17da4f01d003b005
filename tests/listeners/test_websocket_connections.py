"""The management API of connections, where another application serves it."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from gateway.listeners.websocket_connections import Connections, Managed, connection_routes, managed_connection
from gateway.listeners.websocket_session import Times, WebSocketSession
from gateway.translation.flavours.websocket import WebSocketConnection
from gateway.translation.messages import Request
from tests.listeners.doubles import RecordingTransport

pytestmark = pytest.mark.anyio

CONNECTION = WebSocketConnection("abc=", 1_700_000_000_000, "192.0.2.1", "agent", "example.com")


def opened_session() -> tuple[WebSocketSession, RecordingTransport]:
    """An open connection and what is written to it."""
    request = Request("GET", b"/prod", b"", [], b"", ("192.0.2.1", 1), ("127.0.0.1", 2))
    session = WebSocketSession(CONNECTION, request, lambda *_: None, lambda *_: None, Times())
    transport = RecordingTransport()
    session.open(transport)
    return session, transport


@pytest.mark.parametrize(
    ("path", "connection_id"),
    [
        ("/prod/@connections/abc%3D", "abc="),
        ("/@connections/abc=", "abc="),
        ("/prod", None),
        ("/other/@connections/abc=", None),
    ],
)
def test_paths(path: str, connection_id: str | None) -> None:
    """The id may be encoded; the stage may be missing, as on a custom domain."""
    assert managed_connection(path, "prod") == connection_id


async def test_routes_of_another_application() -> None:
    """The control port answers as the API itself does."""
    connections = Connections()
    session, transport = opened_session()
    connections.add(session)
    app = httpx.ASGITransport(Starlette(routes=list(connection_routes(connections, "prod"))))
    async with httpx.AsyncClient(transport=app, base_url="http://test") as client:
        sent = await client.post("/prod/@connections/abc=", content=b"hi")
        found = await client.get("/prod/@connections/abc%3D")
        deleted = await client.delete("/prod/@connections/abc=")
        gone = await client.get("/prod/@connections/abc=")

    assert (sent.status_code, sent.content, transport.writes[0]) == (200, b"", b"\x81\x02hi")
    assert found.json()["connectedAt"] == "2023-11-14T22:13:20Z"
    assert found.json()["identity"] == {"sourceIp": "192.0.2.1", "userAgent": "agent"}
    assert (deleted.status_code, transport.writes[1][:2]) == (204, b"\x88\x1c")
    assert (gone.status_code, gone.headers["x-amzn-errortype"]) == (410, "GoneException")
    session.lost()


class Measuring(Connections):
    """Connections that note how much they are given."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[int] = []

    def manage(self, method: str, connection_id: str, body: bytes) -> Managed:
        """As ever."""
        self.kept.append(len(body))
        return super().manage(method, connection_id, body)


async def test_a_message_of_any_length() -> None:
    """128 KiB are sent; of what is longer no more is kept than shows it."""
    connections = Measuring()
    session, transport = opened_session()
    connections.add(session)
    app = httpx.ASGITransport(Starlette(routes=list(connection_routes(connections, "prod"))))
    async with httpx.AsyncClient(transport=app, base_url="http://test") as client:
        sent = await client.post("/prod/@connections/abc=", content=b"a" * 131_072)
        refused = await client.post("/prod/@connections/abc=", content=pieces(b"a" * 65_536, 1000))

    assert (sent.status_code, sum(map(len, transport.writes)) > 131_072) == (200, True)
    assert (refused.status_code, refused.headers["x-amzn-errortype"]) == (413, "PayloadTooLargeException")
    assert connections.kept == [131_072, 131_073]
    session.lost()


async def pieces(piece: bytes, count: int) -> AsyncIterator[bytes]:
    """A body of so many equal pieces."""
    for _ in range(count):
        yield piece


async def test_a_client_that_does_not_keep_up() -> None:
    """It is not written to until it has caught up."""
    connections = Connections()
    session, transport = opened_session()
    connections.add(session)
    session.paused()
    refused = connections.manage("POST", "abc=", b"hi")
    session.resumed()

    assert (refused.status, refused.error) == (429, "LimitExceededException")
    assert connections.manage("POST", "abc=", b"hi").status == 200
    assert len(transport.writes) == 1
    session.lost()


async def test_other_methods() -> None:
    """There are three."""
    assert Connections().manage("PUT", "abc=", b"").status == 403
