"""The steps of a handshake with a WebSocket API, the routes of its messages, and ``@connections``.

Facts (API Gateway developer guide, apigateway-websocket-api; RFC 6455 for the handshake):

- The upgrade waits for ``$connect``; its status, or the authorizer's refusal, is the answer when it is no 2xx.
- Messages of one connection reach their functions side by side, none waits for another.
- The ``body`` of a result goes back only on a two-way route; when a function fails or its result is malformed, the
  client always reads a frame.
- ``$disconnect`` is told when the connection is gone, whatever ended it.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from gateway.defects import report
from gateway.errors import Fault
from gateway.listeners.api_steps import ApiSteps, routed
from gateway.listeners.arrivals import arrive
from gateway.listeners.authorizing import Authorizing, Question
from gateway.listeners.handshake import accept_line
from gateway.listeners.integration import LambdaIntegration
from gateway.listeners.listener import Answer, Upgraded
from gateway.listeners.outcomes import payload_of
from gateway.listeners.pipeline import RequestState
from gateway.listeners.websocket_connections import Connections, managed_connection
from gateway.listeners.websocket_session import Times, WebSocketSession
from gateway.observe.record import begin, end
from gateway.tasks import Tasks
from gateway.translation.authorizers import Endpoint
from gateway.translation.flavour import Limits
from gateway.translation.flavours.websocket import WebSocketApi, failure_frame, forbidden_frame
from gateway.translation.front_door import framed
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.websocket_result import RouteResult, read_result
from gateway.types import Json

log = logging.getLogger("gateway")

CONNECT: Final = "$connect"
DISCONNECT: Final = "$disconnect"
_MANAGEMENT_BODY: Final = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class MessageRoute:
    """What takes the messages of one route key; ``two_way`` sends the body of the result back."""

    integration: LambdaIntegration
    two_way: bool = False


class WebSocketSteps(ApiSteps):
    """A WebSocket API.

    Args:
        flavour: Its options and route keys.
        routes: By route key.
        authorizer: Of ``$connect``; None lets everybody in.
        times: How long connections may last.
        arrive: Makes id, time and trace id of a message.
        granted: ``requestContext.authorizer`` of every connection, instead of the authorizer's.

    Attributes:
        connections: The open ones.
    """

    def __init__(
        self,
        flavour: WebSocketApi,
        routes: Mapping[str, MessageRoute],
        authorizer: Authorizing | None = None,
        times: Times = Times(),  # noqa: B008 - a value
        arrive: Callable[[], Arrival] = arrive,
        granted: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__()
        self.flavour = flavour
        self.connections = Connections()
        self._routes = routes
        self._authorizer = authorizer
        self._times = times
        self._arrive = arrive
        self._granted = granted
        self._running = Tasks("the end of a WebSocket connection")

    @property
    def limits(self) -> Limits:
        """Those of handshakes and of the management API, which refuses too long messages in its own words."""
        return self.flavour.limits._replace(request_body=_MANAGEMENT_BODY)

    def manage(self, state: RequestState) -> Response | None:
        """Answer a call of the management API."""
        request, arrival = state.request, state.arrival
        connection_id = managed_connection(request.raw_path.decode("latin-1"), self.flavour.stage)
        if connection_id is None:
            return None
        answer = self.connections.manage(request.method, connection_id, request.body)
        lines = [(b"x-amzn-RequestId", arrival.request_id.encode())]
        if answer.error:
            lines.append((b"x-amzn-ErrorType", answer.error.encode()))
        return framed(answer.status, lines, answer.body, request, arrival, b"application/json")

    def route(self, state: RequestState) -> None:
        """Every handshake at the stage is ``$connect``; raises `Refused` for what is none."""
        path = state.request.raw_path.decode("latin-1")
        if path.rstrip("/") not in {"", f"/{self.flavour.stage}"}:
            raise Refused(Cause.NO_STAGE, f"{path} is not the stage /{self.flavour.stage}")
        state.upgrade_lines = [accept_line(state.request)]
        state.match = self.flavour.route(state.request)
        if state.exchange is not None:
            state.exchange.rule = CONNECT

    async def authorize(self, state: RequestState) -> None:
        """Ask the authorizer; raises `Refused` for who may not connect."""
        match = routed(state)
        if self._granted is not None:
            state.match = match._replace(authorizer=self._granted)
        elif state.knobs is not None and state.knobs.claims is not None:
            state.match = match._replace(authorizer=state.knobs.claims)
        elif self._authorizer is not None:
            flavour, request = self.flavour, state.request
            event = orjson.loads(flavour.encode(request, state.arrival, match))
            endpoint = Endpoint(flavour.region, flavour.account_id, flavour.api_id, flavour.stage).seen_in(event)
            arn = endpoint.route_arn(CONNECT)
            grant = await self._authorizer.ask(Question(event, arn, request.client[0], request))
            state.match = match._replace(authorizer=grant.authorizer)

    async def integrate(self, state: RequestState) -> Answer:
        """Invoke the function of ``$connect``, if any; a 2xx opens the connection."""
        request, arrival, match = state.request, state.arrival, routed(state)
        answer = Response(101, [])
        route = self._routes.get(CONNECT)
        if route is not None:
            outcome = await route.integration.invoke(self.flavour.encode(request, arrival, match), state)
            answer = self.flavour.decode(payload_of(outcome), request, arrival)
        if answer.status != 101:
            log.warning("no connection: the function %s of $connect answered %d", _named(route), answer.status)
            return answer
        observer = None if state.exchange is None else state.exchange.observer
        connection = self.flavour.open(request, arrival, match)
        session = WebSocketSession(connection, request, self._message, self._closed, self._times, observer)
        self.connections.add(session)
        head = [(b"Connection", b"upgrade"), (b"Upgrade", b"websocket"), *state.upgrade_lines]
        return Upgraded(answer._replace(headers=[*head, *answer.headers]), session)

    def _message(self, session: WebSocketSession, text: str) -> None:
        self._running.start(self._deliver(session, text))

    async def _deliver(self, session: WebSocketSession, text: str) -> None:
        state = self._state(session)
        try:
            answer = await self._answer_of(session, text, state)
        except Fault as fault:
            log.warning("message of %s to %s: %s", session.connection.connection_id, _named(state.method), fault)
            _note(state, fault)
            answer = failure_frame(session.connection, state.arrival).encode()
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is
            report(f"a message of {session.connection.connection_id}", error)
            answer = failure_frame(session.connection, state.arrival).encode()
        finally:
            session.message_done()
        if answer is not None:
            session.send(answer)
        end(state.exchange)

    async def _answer_of(self, session: WebSocketSession, text: str, state: RequestState) -> bytes | None:
        """What the client reads; None for nothing."""
        try:
            key = self.flavour.route_key(text)
        except KeyError as error:
            log.warning("message of %s: no route %s and no $default", session.connection.connection_id, error)
            return forbidden_frame(session.connection, state.arrival).encode()
        route = self._routes[key]
        if state.exchange is not None:
            state.exchange.rule = key
        event = self.flavour.message(text, session.connection, state.arrival)
        state.method = route
        result = read_result(payload_of(await route.integration.invoke(event, state)))
        if route.two_way:
            return None if result.body is None else result.body.encode("utf-8", "replace")
        _tell_of_failure(f"message of {session.connection.connection_id}", route, result)
        return None

    def _closed(self, session: WebSocketSession, code: int, reason: str) -> None:
        self.connections.remove(session)
        if DISCONNECT in self._routes:
            self._running.start(self._disconnect(session, code, reason))

    async def _disconnect(self, session: WebSocketSession, code: int, reason: str) -> None:
        state = self._state(session)
        if state.exchange is not None:
            state.exchange.rule = DISCONNECT
        event = self.flavour.disconnect(code, reason, session.connection, state.arrival)
        route, what = self._routes[DISCONNECT], f"$disconnect of {session.connection.connection_id}"
        try:
            result = read_result(payload_of(await route.integration.invoke(event, state)))
            _tell_of_failure(what, route, result)
        except Fault as fault:
            log.warning("%s to %s: %s", what, _named(route), fault)
            _note(state, fault)
        finally:
            end(state.exchange)

    def _state(self, session: WebSocketSession) -> RequestState:
        """A message of a connection, on its way."""
        arrival = self._arrive()
        exchange = None if session.observer is None else begin(session.observer, arrival, kind="message")
        return RequestState(session.request, arrival, exchange)

    def refusal(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The answer to a handshake that fails."""
        return self.flavour.refuse(fault, request, arrival)

    async def aclose(self) -> None:
        """Let the functions end that were told of messages and disconnects."""
        await self._running.wait()


def _named(route: MessageRoute | None) -> str:
    """The function of a route, for the log."""
    return "no function" if route is None else route.integration.function.name


def _tell_of_failure(what: str, route: MessageRoute, result: RouteResult) -> None:
    """Leave a line of a status that says failure where nothing is sent back."""
    if result.status is not None and result.status >= 400:
        log.warning("%s to %s: the function answered %d, which nobody reads", what, _named(route), result.status)


def _note(state: RequestState, fault: Fault) -> None:
    if state.exchange is not None:
        state.exchange.fault = fault
