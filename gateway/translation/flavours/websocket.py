"""WebSocket API: the events of connect, message and disconnect, and what the results mean.

Facts (recorded: aws/aws-lambda-go@815d21f, 2024; awslabs/aws-lambda-rust-runtime@4c4e5fac, 2022 and 2024;
aws/aws-lambda-java-libs issue 71, 2019; else API Gateway developer guide, apigateway-websocket-api):

- Only CONNECT has the client's headers, sorted whatever their case; DISCONNECT has four of its own, three of them
  empty; MESSAGE has none.  The order of query parameters is unknown (no recording has two); it is the client's here.
- Members without a value are absent.  There is no ``version``, ``path``, ``httpMethod`` or ``accountId``.
- ``authorizer`` stands behind ``routeKey``; only CONNECT has ``integrationLatency`` in it (recorded:
  DataDog/datadog-lambda-python@c0b98d6, 2022; inferred for DISCONNECT, of which there is no such recording).
- ``requestId`` equals ``extendedRequestId``.
- The upgrade waits for ``$connect``: a 2xx makes it a 101, another status reaches the client as it is; a returned
  ``Sec-WebSocket-Protocol`` is the subprotocol.
- A message that no route takes goes to ``$default``; without one the client gets a Forbidden frame (reported).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gateway.errors import BadResult, Fault
from gateway.translation.flavour import Limits
from gateway.translation.front_door import bare_host, execute_api_domain, framed
from gateway.translation.gateway_response import WEBSOCKET, gateway_response, refusal_body, refusal_headers
from gateway.translation.identifiers import extended_request_id, short_id, shown_api_id
from gateway.translation.instants import request_time
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.payload_v1 import Maps, forward, header_maps, query_maps
from gateway.translation.proxy_headers import websocket_name
from gateway.translation.result_text import dump
from gateway.translation.route import ANY, DEFAULT, Route, RouteMatch
from gateway.translation.websocket_result import read_result
from gateway.types import EpochMs, Json

MAX_MESSAGE: Final = 128 * 1024
MAX_FRAME: Final = 32 * 1024
"""Bytes over which a connection is closed with 1009."""

_LIMITS: Final = Limits(request_body=MAX_MESSAGE, result=MAX_MESSAGE)
_CONNECT: Final = Route(ANY, "$connect")


class WebSocketConnection(NamedTuple):
    """What a connection keeps from its handshake.

    Attributes:
        connection_id: 16 characters of URL-safe base64.
        connected_at: When the upgrade was asked for.
        source_ip: The TCP peer.
        user_agent: "" leaves the member out.
        domain_name: The host that the client used.
        authorizer: What the authorizer of ``$connect`` gave, as later events have it.
        identity: ``apiKey`` and ``apiKeyId`` where a key is required.
    """

    connection_id: str
    connected_at: EpochMs
    source_ip: str
    user_agent: str
    domain_name: str
    authorizer: Mapping[str, Json] | None = None
    identity: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class WebSocketApi:
    """A WebSocket API; as a flavour it is the ``$connect`` route.

    Attributes:
        api_id: Ten letters and digits; "" derives them from account and region.
        account_id: The owner of the API; only in ARNs.
        region: Part of the host name.
        stage: The stage's name.
        stage_variables: Absent from events when empty.
        domain_name: "" for the host that the client used.
        route_selection_expression: A path into the message, ``$request.body.action``.
        route_keys: What the expression may select; what it does not goes to ``$default``, if that is one of them.
    """

    api_id: str = ""
    account_id: str = "123456789012"
    region: str = "us-east-1"
    stage: str = "prod"
    stage_variables: dict[str, str] = field(default_factory=dict)
    domain_name: str = ""
    route_selection_expression: str = "$request.body.action"
    route_keys: frozenset[str] = frozenset({"$connect", DEFAULT, "$disconnect"})

    def __post_init__(self) -> None:
        if not self.api_id:
            object.__setattr__(self, "api_id", short_id(f"websocket/{self.account_id}/{self.region}"))

    @property
    def limits(self) -> Limits:
        """128 KB for one message each way."""
        return _LIMITS

    def open(self, request: Request, arrival: Arrival, match: RouteMatch | None = None) -> WebSocketConnection:
        """The connection that a handshake asks for; ``match`` carries what authorizer and API key said."""
        headers = {name.lower(): value for name, value in request.headers}
        host = request.authority or headers.get(b"host", b"")
        return WebSocketConnection(
            extended_request_id(f"connection/{arrival.request_id}"),
            arrival.epoch_ms,
            request.client[0],
            headers.get(b"user-agent", b"").decode("latin-1"),
            self.domain_name or bare_host(host.decode("latin-1")) or execute_api_domain(self.api_id, self.region),
            _without_latency(match.authorizer) if match else None,
            match.identity if match else None,
        )

    def preflight(self, request: Request, arrival: Arrival) -> None:
        """Never: browsers ask none before a handshake."""

    def route(self, request: Request) -> RouteMatch:  # noqa: ARG002 - a flavour's signature
        """The route ``$connect``; messages are routed by `route_key`."""
        return RouteMatch(_CONNECT, "", "", {}, self.stage, self.stage_variables)

    def encode(self, request: Request, arrival: Arrival, match: RouteMatch | None = None) -> bytes:
        """The CONNECT event of a handshake."""
        connection = self.open(request, arrival, match)
        headers = self._headers(request, arrival, connection)
        names = sorted(headers.single, key=str.lower)
        event: dict[str, Json] = {
            "headers": {name: headers.single[name] for name in names},
            "multiValueHeaders": {name: headers.multi[name] for name in names},
        }
        query = query_maps(request.raw_query)
        if query:
            event["queryStringParameters"] = query.single
            event["multiValueQueryStringParameters"] = query.multi
        whole = connection._replace(authorizer=match.authorizer if match else None)
        return self._event(event, self._context(whole, arrival, "$connect", "CONNECT"))

    def message(self, text: str, connection: WebSocketConnection, arrival: Arrival) -> bytes:
        """The MESSAGE event of one text frame.

        Raises:
            KeyError: No route takes it; the client then gets `forbidden_frame`.
        """
        message: dict[str, Json] = {"messageId": extended_request_id(f"message/{arrival.request_id}")}
        context = self._context(connection, arrival, self.route_key(text), "MESSAGE", first=message)
        return self._event({}, context, {"body": text})

    def disconnect(self, code: int, reason: str, connection: WebSocketConnection, arrival: Arrival) -> bytes:
        """The DISCONNECT event; ``code`` is the close status, 1005 for none."""
        single = {"Host": connection.domain_name, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
        context = self._context(
            connection,
            arrival,
            "$disconnect",
            "DISCONNECT",
            first={"disconnectStatusCode": code},
            after_direction={"disconnectReason": reason},
        )
        multi: dict[str, Json] = {name: [value] for name, value in single.items()}
        return self._event({"headers": dict(single), "multiValueHeaders": multi}, context)

    def route_key(self, text: str) -> str:
        """Which route takes a message.

        Raises:
            KeyError: None does, and there is no ``$default``.
        """
        selected = select(self.route_selection_expression, text)
        if selected in self.route_keys and not selected.startswith("$"):
            return selected
        if DEFAULT in self.route_keys:
            return DEFAULT
        raise KeyError(selected)

    def _headers(self, request: Request, arrival: Arrival, connection: WebSocketConnection) -> Maps:
        headers = header_maps(request.headers, websocket_name)
        headers.set("Host", headers.text("Host") or connection.domain_name)
        forward(headers, request, arrival)
        return headers

    def _event(self, head: dict[str, Json], context: dict[str, Json], body: dict[str, Json] | None = None) -> bytes:
        event = dict(head)
        if self.stage_variables:
            event["stageVariables"] = dict(self.stage_variables)
        return dump({**event, "requestContext": context, **(body or {}), "isBase64Encoded": False})

    def _context(
        self,
        connection: WebSocketConnection,
        arrival: Arrival,
        route_key: str,
        event_type: str,
        *,
        first: Mapping[str, Json] | None = None,
        after_direction: Mapping[str, Json] | None = None,
    ) -> dict[str, Json]:
        own_id = extended_request_id(arrival.request_id)
        identity: dict[str, Json] = dict(connection.identity or {})
        if connection.user_agent:
            identity["userAgent"] = connection.user_agent
        identity["sourceIp"] = connection.source_ip
        return {
            "routeKey": route_key,
            **({} if connection.authorizer is None else {"authorizer": dict(connection.authorizer)}),
            **(first or {}),
            "eventType": event_type,
            "extendedRequestId": own_id,
            "requestTime": request_time(arrival.epoch_ms),
            "messageDirection": "IN",
            **(after_direction or {}),
            "stage": self.stage,
            "connectedAt": connection.connected_at,
            "requestTimeEpoch": arrival.epoch_ms,
            "identity": identity,
            "requestId": own_id,
            "domainName": connection.domain_name,
            "connectionId": connection.connection_id,
            "apiId": shown_api_id(connection.domain_name, self.api_id),
        }

    def decode(self, payload: bytes, request: Request, arrival: Arrival) -> Response:
        """What ``$connect`` answered: 101 for a 2xx, with its subprotocol; else its own status and body.

        Raises:
            BadResult: It is malformed, or has no status.
        """
        result = read_result(payload)
        if result.status is None:
            raise BadResult("/statusCode", "an integer from 200 to 599", None)
        if result.status < 300:
            return Response(101, [line for line in result.lines if line[0].lower() == b"sec-websocket-protocol"])
        return framed(result.status, _own_lines(arrival), result.raw(), request, arrival, b"application/json")

    def refuse(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The answer to a handshake that fails."""
        row = gateway_response(fault, WEBSOCKET)
        lines = [*_own_lines(arrival), *refusal_headers(fault)]
        if row.error_type:
            lines.insert(1, (b"x-amzn-ErrorType", row.error_type))
        return framed(row.status, lines, refusal_body(fault, row), request, arrival, b"application/json")


def _without_latency(authorizer: Mapping[str, Json] | None) -> Mapping[str, Json] | None:
    if authorizer is None:
        return None
    return {name: value for name, value in authorizer.items() if name != "integrationLatency"}


def _own_lines(arrival: Arrival) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-amzn-RequestId", arrival.request_id.encode()),
        (b"x-amz-apigw-id", extended_request_id(arrival.request_id).encode()),
    ]


def select(expression: str, text: str) -> str:
    """What a route selection expression gives for a message: a path below ``$request.body``; "" for nothing.

    ``${request.body.action}`` is the same as ``$request.body.action``.
    """
    steps = expression.removeprefix("$").strip("{}").split(".")
    if steps[:2] != ["request", "body"]:
        return ""
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    for step in steps[2:]:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, str):
        return value
    return "" if value is None or isinstance(value, dict | list) else json.dumps(value)


def forbidden_frame(connection: WebSocketConnection, arrival: Arrival) -> str:
    """What a client reads when no route takes its message (reported)."""
    return _frame("Forbidden", connection, arrival)


def failure_frame(connection: WebSocketConnection, arrival: Arrival) -> str:
    """What a client reads when the route's function fails (reported)."""
    return _frame("Internal server error", connection, arrival)


def _frame(message: str, connection: WebSocketConnection, arrival: Arrival) -> str:
    own_id = extended_request_id(arrival.request_id)
    return f'{{"message": "{message}", "connectionId":"{connection.connection_id}", "requestId":"{own_id}"}}'
