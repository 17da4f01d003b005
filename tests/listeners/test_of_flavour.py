"""Listeners that are described by a flavour: the steps of its type answer, whoever asks."""

import base64
import json

import pytest
from websockets.frames import Frame, Opcode

from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.invocation import FunctionReference
from gateway.listener_types import FLAVOURS, NamedFlavour, listener_type_of
from gateway.listeners.alb.listener import AlbSteps
from gateway.listeners.arrivals import arrive
from gateway.listeners.context import ListenerContext
from gateway.listeners.function_url import FunctionUrlSteps
from gateway.listeners.http_steps import HttpApiSteps
from gateway.listeners.listener import Upgraded
from gateway.listeners.of_flavour import listener_of
from gateway.listeners.rest_steps import RestApiSteps
from gateway.listeners.websocket_steps import WebSocketSteps
from gateway.loading import load
from gateway.observe.record import begin
from gateway.translation.flavour import Flavour
from gateway.translation.flavours.alb import Alb
from gateway.translation.flavours.function_url import FunctionUrl
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.flavours.rest_api import RestApi
from gateway.translation.flavours.websocket import WebSocketApi
from gateway.translation.messages import Request, Response
from gateway.types import Json
from tests.listeners.doubles import RecordingTransport
from tests.listeners.observers import Seen, observed
from tests.listeners.scripted import ok, scripted
from tests.services import listener_context

pytestmark = pytest.mark.anyio

KEY = base64.b64encode(bytes(16))
HANDSHAKE = [
    (b"Host", b"h"),
    (b"Connection", b"Upgrade"),
    (b"Upgrade", b"websocket"),
    (b"Sec-WebSocket-Version", b"13"),
    (b"Sec-WebSocket-Key", KEY),
]
AUTHORIZER: dict[str, Json] = {"principalId": "me", "lambda": {"a": "b"}}
STEPS = {
    "alb": AlbSteps,
    "rest_api": RestApiSteps,
    "http_api": HttpApiSteps,
    "function_url": FunctionUrlSteps,
    "websocket_api": WebSocketSteps,
}
WITH_AUTHORIZERS = [named for named in FLAVOURS.values() if listener_type_of(named.name).type != "alb"]


def in_front_of(function: Function) -> tuple[ListenerContext, FunctionReference]:
    """What the listener of a flavour takes, beside its flavour."""
    return listener_context({"f": function}), FunctionReference("f")


def flavour_of(named: NamedFlavour, **options: str) -> Flavour:
    """A flavour of the table, with more options if asked for."""
    flavour: Flavour = load(named.flavour)(**named.options, **options)
    return flavour


def request_for(named: NamedFlavour) -> Request:
    """A request that reaches the function."""
    lines = [(b"Host", b"h")] if named.plain_requests else HANDSHAKE
    path = b"/a" if named.plain_requests else b"/prod"
    return Request("GET", path, b"", lines, b"", ("192.0.2.1", 1), ("127.0.0.1", 2))


@pytest.mark.parametrize("named", FLAVOURS.values(), ids=lambda named: named.name)
async def test_every_flavour_answers(named: NamedFlavour) -> None:
    """The listener has the steps and the limits of its type; the function gets the flavour's event."""
    function, target = scripted(ok)
    flavour = flavour_of(named)
    listener = listener_of(flavour, *in_front_of(function))
    answer = await listener.respond(request_for(named))

    assert type(listener.steps) is STEPS[listener_type_of(named.name).type]
    assert type(listener.steps.flavour) is type(flavour)
    assert len(target.events) == 1
    response = answer.response if isinstance(answer, Upgraded) else answer
    assert response.status == (200 if named.plain_requests else 101)
    assert isinstance(answer, Response) is named.plain_requests


@pytest.mark.parametrize(
    ("flavour", "rule"),
    [
        (Alb(), "0"),
        (RestApi(), "ANY /{proxy+}"),
        (HttpApi(), "$default"),
        (FunctionUrl(), ""),
    ],
    ids=["alb", "rest", "http", "url"],
)
async def test_the_record(flavour: Flavour, rule: str) -> None:
    """The steps of the type fill the exchange in."""
    function, target = scripted(ok)
    request = Request("GET", b"/a", b"", [(b"Host", b"h")], b"", ("192.0.2.1", 1), ("127.0.0.1", 2))
    response, exchange = await observed(listener_of(flavour, *in_front_of(function)), request)

    assert (response.status, exchange.rule, exchange.fault) == (200, rule, None)
    assert exchange.function == FunctionReference("f")
    assert json.loads(exchange.event) == target.events[0]


@pytest.mark.parametrize("named", WITH_AUTHORIZERS, ids=lambda named: named.name)
async def test_an_authorizer_is_taken_as_given(named: NamedFlavour) -> None:
    """Nobody is asked, and it is the event's as it is; a Function URL shows one under ``AWS_IAM`` only."""
    function, target = scripted(ok)
    options = {"auth_type": "AWS_IAM"} if listener_type_of(named.name).type == "function_url" else {}
    flavour = flavour_of(named, **options)
    await listener_of(flavour, *in_front_of(function), AUTHORIZER).respond(request_for(named))

    context = target.events[0]["requestContext"]
    assert isinstance(context, dict)
    assert context["authorizer"] == AUTHORIZER


async def test_a_load_balancer_has_no_authorizers() -> None:
    """The message says what to do."""
    with pytest.raises(UsageError, match="a load balancer has no authorizers; leave the option authorizer out"):
        listener_of(Alb(), *in_front_of(scripted(ok)[0]), AUTHORIZER)


def test_a_flavour_of_no_type() -> None:
    """Its own kind is not in the table."""

    class Other(Alb):
        """Another flavour."""

    with pytest.raises(UsageError, match="Other is the flavour of no listener type"):
        listener_of(Other(), *in_front_of(scripted(ok)[0]))


@pytest.mark.parametrize(
    ("flavour", "status"),
    [(Alb(), 414), (RestApi(), 414), (HttpApi(), 431), (FunctionUrl(), 414)],
    ids=["alb", "rest", "http", "url"],
)
def test_bytes_that_are_no_request(flavour: Flavour, status: int) -> None:
    """They get the type's own answer, as on a port of its settings."""
    listener = listener_of(flavour, *in_front_of(scripted(ok)[0]))

    assert listener.reject(414, ("192.0.2.1", 1), b"GET /").status == status


async def test_messages_of_a_described_api_have_an_observer() -> None:
    """The handshake's observer is the connection's."""
    function, target = scripted(ok)
    listener = listener_of(WebSocketApi(), *in_front_of(function))
    listener.observer = seen = Seen()
    request = request_for(FLAVOURS["websocket"])
    answer = await listener.respond(request, begin(seen, arrive(), request))
    assert isinstance(answer, Upgraded)
    transport = RecordingTransport()
    answer.tunnel.open(transport)
    answer.tunnel.received(Frame(Opcode.TEXT, b"hi").serialize(mask=True))
    message = await seen.one()
    answer.tunnel.lost()
    farewell = await seen.one()
    await listener.aclose()

    assert [it.kind for it in seen.begun] == ["request", "message", "message"]
    assert (message.rule, farewell.rule) == ("$default", "$disconnect")
    assert [json.loads(it.event) for it in (message, farewell)] == target.events[1:]
