"""The open connections of a WebSocket API, and the management API for them (``@connections``).

Facts (boto/botocore, apigatewaymanagementapi 2018-11-29; API Gateway developer guide,
apigateway-how-to-call-websocket-api-connections):

- POST sends its body as one message: 200, 410 GoneException when there is no such connection, 413
  PayloadTooLargeException over 128 KB, 429 LimitExceededException when the client does not keep up.
- GET tells ``connectedAt``, ``lastActiveAt`` and ``identity``; DELETE closes: 204.  Both know 410.
- While ``$connect`` runs, the connection cannot be used yet (reported).
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import unquote

import orjson

from gateway.listeners.published import Published
from gateway.translation.flavours.websocket import MAX_MESSAGE, WebSocketApi
from gateway.translation.front_door import NO_CONTENT
from gateway.types import EpochMs

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from gateway.listeners.pipeline import PipelineListener
    from gateway.listeners.websocket_session import WebSocketSession

_MARK = "/@connections/"


class Managed(NamedTuple):
    """What the management API answers; ``error`` is the exception's name, "" for success."""

    status: int
    body: bytes = b""
    error: str = ""


class Connections:
    """Open connections by id."""

    def __init__(self) -> None:
        self._open: dict[str, WebSocketSession] = {}

    def add(self, session: "WebSocketSession") -> None:
        """A connection was accepted."""
        self._open[session.connection.connection_id] = session

    def remove(self, session: "WebSocketSession") -> None:
        """It is gone."""
        self._open.pop(session.connection.connection_id, None)

    def manage(self, method: str, connection_id: str, body: bytes) -> Managed:
        """One call of the management API; the id is decoded."""
        session = self._open.get(connection_id)
        if method not in {"POST", "GET", "DELETE"}:
            return _failed(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        if session is None or not session.is_open:
            return _failed(410, "GoneException", "Gone")
        if method == "GET":
            return Managed(200, _described(session))
        if method == "DELETE":
            session.close(1000, "Connection Closed Normally")
            return Managed(204)
        if len(body) > MAX_MESSAGE:
            return _failed(413, "PayloadTooLargeException", f"The message has more than {MAX_MESSAGE} bytes")
        if session.slow:
            return _failed(429, "LimitExceededException", "The client's buffer is full")
        session.send(body.decode("utf-8", "replace").encode())
        return Managed(200)


class _Connected(Protocol):
    """The steps of a WebSocket API, as far as they matter here."""

    flavour: WebSocketApi
    connections: Connections


def managed_connection(path: str, stage: str) -> str | None:
    """The decoded connection id of ``/{stage}/@connections/{id}``, on a custom domain without the stage; else None."""
    path = path.removeprefix(f"/{stage}")
    return unquote(path.removeprefix(_MARK)) if path.startswith(_MARK) else None


def control_routes(listener: "PipelineListener", port: int) -> list[Published]:  # noqa: ARG001 - a row's signature
    """The same API on the control port: ``/STAGE/@connections/ID``."""
    steps: _Connected = listener.steps  # type: ignore[assignment]  # its row says so
    return [Published(route, "execute-api") for route in connection_routes(steps.connections, steps.flavour.stage)]


def connection_routes(connections: Connections, stage: str) -> "list[Route]":
    """The same API for another application."""
    from starlette.responses import Response as Answer  # noqa: PLC0415 - only where there is such an application
    from starlette.routing import Route  # noqa: PLC0415

    async def endpoint(request: "Request") -> "Response":
        answer = connections.manage(request.method, request.path_params["connection_id"], await _read(request))
        headers = {"x-amzn-ErrorType": answer.error} if answer.error else {}
        media_type = None if answer.status in NO_CONTENT else "application/json"
        return Answer(answer.body, answer.status, headers, media_type)

    path = f"/{stage}{_MARK}{{connection_id:path}}"
    return [Route(path, endpoint, methods=["POST", "GET", "DELETE"])]


async def _read(request: "Request") -> bytes:
    """The body; of one that is too long as much as shows it, and the rest is dropped as it comes."""
    body = bytearray()
    async for part in request.stream():
        body += part[: MAX_MESSAGE + 1 - len(body)]
    return bytes(body)


def _failed(status: int, error: str, message: str) -> Managed:
    return Managed(status, orjson.dumps({"message": message}), error)


def _described(session: "WebSocketSession") -> bytes:
    connection = session.connection
    return orjson.dumps(
        {
            "connectedAt": _iso(connection.connected_at),
            "identity": {"sourceIp": connection.source_ip, "userAgent": connection.user_agent},
            "lastActiveAt": _iso(session.last_active),
        }
    )


def _iso(instant: EpochMs) -> str:
    return datetime.fromtimestamp(instant / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
