"""The front door of a WebSocket API: the handshake, the routes of its messages, and ``@connections``.

Facts (API Gateway developer guide, apigateway-websocket-api; RFC 6455 for the handshake):

- The upgrade waits for ``$connect``; its status, or the authorizer's refusal, is the answer when it is no 2xx.
- Messages of one connection reach their functions side by side, none waits for another.
- The ``body`` of a result goes back only on a two-way route; when a function fails, the client always reads a frame.
- ``$disconnect`` is told when the connection is gone, whatever ended it.
"""

import asyncio
import base64
import binascii
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from gateway.config import apis
from gateway.config.doors import WebSocketApiSettings
from gateway.defects import report, reported
from gateway.errors import Fault, UsageError
from gateway.functions.service import LambdaService
from gateway.invocation import FunctionReference
from gateway.listeners.arrivals import arrive
from gateway.listeners.authorizing import AuthorizerCall, Authorizing, Question, WebSocketAuthorizer
from gateway.listeners.context import ListenerContext
from gateway.listeners.door import DoorListener, Visit
from gateway.listeners.exchange import Exchange, payload_of
from gateway.listeners.integration import LambdaIntegration
from gateway.listeners.websocket_connections import Connections, managed_connection
from gateway.translation.authorizers import Endpoint
from gateway.translation.flavour import Limits
from gateway.translation.flavours.websocket import WebSocketApi, failure_frame, forbidden_frame
from gateway.translation.front_door import framed
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.result import load_result
from gateway.translation.route import Route, RouteMatch

try:
    from websockets.utils import accept_key

    from gateway.listeners.websocket_session import Session, Times
except ImportError:
    raise UsageError("WebSocket APIs need websockets; install lambda-http-gateway[websocket]") from None

log = logging.getLogger("gateway")

CONNECT: Final = "$connect"
DISCONNECT: Final = "$disconnect"
DEFAULT: Final = "$default"
_TIMEOUT_MS: Final = 29_000
_MANAGEMENT_BODY: Final = 10 * 1024 * 1024
_CONNECT_ROUTE: Final = Route("", CONNECT)


@dataclass(frozen=True, slots=True)
class MessageRoute:
    """What takes the messages of one route key; ``two_way`` sends the body of the result back."""

    integration: LambdaIntegration
    two_way: bool = False


class WebSocketDoor:
    """A WebSocket API; implements `gateway.listeners.door.Door`.

    Args:
        flavour: Its options and route keys.
        routes: By route key.
        authorizer: Of ``$connect``; None lets everybody in.
        times: How long connections may last.
        arrive: Makes id, time and trace id of a message.

    Attributes:
        connections: The open ones.
    """

    def __init__(
        self,
        flavour: WebSocketApi,
        routes: Mapping[str, MessageRoute],
        authorizer: Authorizing | None = None,
        times: "Times" = Times(),  # noqa: B008 - a value
        arrive: Callable[[], Arrival] = arrive,
    ) -> None:
        self.flavour = flavour
        self.connections = Connections()
        self._routes = routes
        self._authorizer = authorizer
        self._times = times
        self._arrive = arrive
        self._running: set[asyncio.Task[None]] = set()

    @property
    def limits(self) -> Limits:
        """Those of handshakes and of the management API, which refuses too long messages in its own words."""
        return self.flavour.limits._replace(request_body=_MANAGEMENT_BODY)

    async def answer(self, visit: Visit) -> Response:
        """Answer a handshake, or a call of the management API."""
        request, arrival = visit.request, visit.arrival
        path = request.raw_path.decode("latin-1")
        connection_id = managed_connection(path, self.flavour.stage)
        if connection_id is not None:
            answer = self.connections.manage(request.method, connection_id, request.body)
            lines = [(b"x-amzn-RequestId", arrival.request_id.encode())]
            if answer.error:
                lines.append((b"x-amzn-ErrorType", answer.error.encode()))
            return framed(answer.status, lines, answer.body, request, arrival, b"application/json")
        if path.rstrip("/") not in {"", f"/{self.flavour.stage}"}:
            raise Refused(Cause.NO_STAGE, f"{path} is not the stage /{self.flavour.stage}")
        return await self._connect(visit, _accept_line(request))

    async def _connect(self, visit: Visit, accept: tuple[bytes, bytes]) -> Response:
        request, arrival = visit.request, visit.arrival
        match = await self._authorized(visit)
        answer = Response(101, [])
        route = self._routes.get(CONNECT)
        if route is not None:
            outcome = await route.integration.invoke(self.flavour.encode(request, arrival, match), visit)
            answer = self.flavour.decode(payload_of(outcome), request, arrival)
        if answer.status != 101:
            return answer
        connection = self.flavour.open(request, arrival, match)
        session = Session(connection, visit, self._message, self._closed, self._times)
        self.connections.add(session)
        head = [(b"Connection", b"upgrade"), (b"Upgrade", b"websocket"), accept]
        return answer._replace(headers=[*head, *answer.headers], upgrade=session)

    async def _authorized(self, visit: Visit) -> RouteMatch:
        match = RouteMatch(_CONNECT_ROUTE, "", "", {}, self.flavour.stage, self.flavour.stage_variables)
        if visit.knobs.throttle == "api":
            raise Refused(Cause.THROTTLED, "as X-Gateway-Throttle asks")
        if visit.knobs.claims is not None:
            return match._replace(authorizer=visit.knobs.claims)
        if self._authorizer is None:
            return match
        flavour = self.flavour
        arn = Endpoint(flavour.region, flavour.account_id, flavour.api_id, flavour.stage).route_arn(CONNECT)
        event = orjson.loads(flavour.encode(visit.request, visit.arrival, match))
        grant = await self._authorizer.ask(Question(event, arn, visit.request.client[0], visit.request))
        return match._replace(authorizer=grant.authorizer)

    def _message(self, session: "Session", text: str) -> None:
        self._run(self._deliver(session, text))

    async def _deliver(self, session: "Session", text: str) -> None:
        arrival = self._arrive()
        try:
            answer = await self._answer_of(session, text, arrival)
        except Fault as fault:
            log.warning("message of %s: %s", session.connection.connection_id, fault)
            answer = failure_frame(session.connection, arrival).encode()
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is
            report(f"a message of {session.connection.connection_id}", error)
            answer = failure_frame(session.connection, arrival).encode()
        finally:
            session.message_done()
        if answer is not None:
            session.send(answer)

    async def _answer_of(self, session: "Session", text: str, arrival: Arrival) -> bytes | None:
        """What the client reads; None for nothing."""
        try:
            key = self.flavour.route_key(text)
        except KeyError as error:
            log.warning("message of %s: no route %s and no $default", session.connection.connection_id, error)
            return forbidden_frame(session.connection, arrival).encode()
        route = self._routes[key]
        event = self.flavour.message(text, session.connection, arrival)
        payload = payload_of(await route.integration.invoke(event, self._visit(session, arrival)))
        return _body(payload) if route.two_way else None

    def _closed(self, session: "Session", code: int, reason: str) -> None:
        self.connections.remove(session)
        if DISCONNECT in self._routes:
            self._run(self._disconnect(session, code, reason))

    async def _disconnect(self, session: "Session", code: int, reason: str) -> None:
        arrival = self._arrive()
        event = self.flavour.disconnect(code, reason, session.connection, arrival)
        try:
            payload_of(await self._routes[DISCONNECT].integration.invoke(event, self._visit(session, arrival)))
        except Fault as fault:
            log.warning("$disconnect of %s: %s", session.connection.connection_id, fault)

    def _visit(self, session: "Session", arrival: Arrival) -> Visit:
        return Visit(session.visit.request, Exchange(arrival))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(reported("the end of a WebSocket connection"))

    def refuse(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The answer to a handshake that fails."""
        return self.flavour.refuse(fault, request, arrival)

    async def start(self) -> None:
        """Nothing to open."""

    async def aclose(self) -> None:
        """Let the functions end that were told of messages and disconnects."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)


class _Handshake(NamedTuple):
    upgrade: bytes
    connection: bytes
    version: bytes
    key: bytes


def _accept_line(request: Request) -> tuple[bytes, bytes]:
    """``Sec-WebSocket-Accept`` for a handshake; raises `Refused` when the request is none."""
    headers = {name.lower(): value for name, value in request.headers}
    names = (b"upgrade", b"connection", b"sec-websocket-version", b"sec-websocket-key")
    asked = _Handshake(*(headers.get(name, b"") for name in names))
    tokens = {token.strip().lower() for token in asked.connection.split(b",")}
    try:
        key_bytes = len(base64.b64decode(asked.key, validate=True))
    except binascii.Error:
        key_bytes = 0
    wants = request.method == "GET" and asked.upgrade.lower() == b"websocket" and b"upgrade" in tokens
    if not wants or asked.version != b"13" or key_bytes != 16:
        raise Refused(Cause.BAD_REQUEST, "the request is no WebSocket handshake of version 13")
    return b"Sec-WebSocket-Accept", accept_key(asked.key.decode()).encode()


def _body(payload: bytes) -> bytes | None:
    """The ``body`` of a result."""
    result = load_result(payload)
    body = result.get("body") if isinstance(result, dict) else None
    return body.encode("utf-8", "replace") if isinstance(body, str) else None


def websocket_api(
    settings: WebSocketApiSettings,
    context: ListenerContext,
    *,
    times: "Times" = Times(),  # noqa: B008 - a value
) -> DoorListener:
    """The listener of a WebSocket API; its door's ``connections`` are what `connection_routes` manages.

    Args:
        settings: From the configuration.
        context: What it shares with others.
        times: How long connections may last.
    """
    routes = dict(settings.routes)
    if settings.function:
        given = apis.WebSocketRoute(settings.function)
        routes = {CONNECT: given, DISCONNECT: given, DEFAULT: given} | routes
    service = context.service
    region, account = service.account_region
    flavour = WebSocketApi(
        account_id=account,
        region=region,
        stage=settings.stage,
        stage_variables=dict(settings.stage_variables),
        domain_name=settings.domain_name,
        route_selection_expression=settings.route_selection_expression,
        route_keys=frozenset(routes),
    )
    door = WebSocketDoor(
        flavour,
        {
            key: MessageRoute(LambdaIntegration(service, FunctionReference(route.function), _TIMEOUT_MS), route.two_way)
            for key, route in routes.items()
        },
        _authorizer(settings.authorizer, service),
        times,
    )
    return DoorListener(door, dev_headers=context.dev_headers)


def _authorizer(settings: apis.Authorizer | None, service: LambdaService) -> Authorizing | None:
    if settings is None:
        return None
    call = AuthorizerCall(service, FunctionReference(settings.function), 0, time.monotonic)
    return WebSocketAuthorizer(settings, call)
