"""A defect of the gateway, wherever it is, gets the listener's own answer and one traceback in the log."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NoReturn

import httpx
import pytest
from websockets.asyncio.client import connect

from gateway.config import apis
from gateway.config.doors import FunctionUrlSettings, HttpApiSettings, RestApiSettings, WebSocketApiSettings
from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.invocation import FunctionReference, Invocation, StreamBroken
from gateway.listeners.alb.attributes import alb_attributes
from gateway.listeners.alb.balancer import alb_of
from gateway.listeners.alb.listener import Routing
from gateway.listeners.alb.rules import compile_rules
from gateway.listeners.alb.target_groups import LambdaTargetGroup
from gateway.listeners.asgi import AsgiApplication
from gateway.listeners.context import ListenerContext
from gateway.listeners.failing import tell_cut
from gateway.listeners.function_url import function_url
from gateway.listeners.http_api import http_api
from gateway.listeners.listener import Listener, Upgraded
from gateway.listeners.of_flavour import listener_of
from gateway.listeners.rest_api import rest_api
from gateway.listeners.server import ListenerServer
from gateway.listeners.websocket_api import websocket_api
from gateway.observe.record import Exchange, Observers
from gateway.translation.desync import Mode
from gateway.translation.flavours.alb import Alb
from gateway.translation.flavours.function_url import FunctionUrl
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.route import RouteMatch
from gateway.types import Address
from tests.listeners.alb.doubles import ARN, FORWARD, alb_listener
from tests.listeners.alb.stacks import alb
from tests.listeners.doubles import SMALL, Client, EchoListener, chunks, whole
from tests.listeners.observers import Seen
from tests.listeners.scripted import Scripted, ScriptedStream, ok, scripted
from tests.services import called, listener_context

pytestmark = pytest.mark.anyio

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"


class Defect(Exception):
    """What nobody raises on purpose."""


def fail(*_: object, **__: object) -> NoReturn:
    """A defect."""
    raise Defect


class Defective(Scripted):
    """A target that raises, as targets never do."""

    def __init__(self) -> None:
        super().__init__(ok)

    async def invoke(self, invocation: Invocation) -> NoReturn:
        """A defect."""
        raise Defect(invocation.request_id)


def defective() -> Function:
    """A function on such a target."""
    return Function(FunctionConfiguration("f", "app.handler"), Defective())


class AlbWithoutEncode(Alb):
    """A flavour with a defect."""

    def encode(self, request: Request, arrival: Arrival, match: RouteMatch | None = None) -> bytes:
        """A defect."""
        fail(request, arrival, match)


class AlbWithoutDecode(Alb):
    """A flavour with another one."""

    def decode(self, payload: bytes, request: Request, arrival: Arrival) -> Response:
        """A defect."""
        fail(payload, request, arrival)


def in_front_of(function: Function) -> tuple[ListenerContext, FunctionReference]:
    """What the listener of a flavour takes, beside its flavour."""
    return listener_context({"f": function}), FunctionReference("f")


def load_balancer() -> Listener:
    """A load balancer in front of a defective function."""
    settings = alb(groups=["group"], default_actions=FORWARD)
    attributes = alb_attributes(settings)
    groups = {"group": LambdaTargetGroup("group", Alb(ARN, attributes=attributes), *called(defective()))}
    return alb_listener(Routing(compile_rules(settings), groups, attributes, Mode.DEFENSIVE, b"key"))


def guarded() -> Listener:
    """A REST API with a defective authorizer."""
    route = apis.RestRoute("f", authorizer="guard")
    guard = apis.Authorizer("REQUEST", "guard", ("method.request.header.Host",))
    settings = RestApiSettings(0, routes={"GET /a": route}, authorizers={"guard": guard})
    return rest_api(settings, listener_context({"f": scripted(ok)[0], "guard": defective()}))


@asynccontextmanager
async def port_of(listener: Listener) -> AsyncIterator[Client]:
    """A client of a listener on a real port."""
    server = ListenerServer(listener)
    await server.start()
    client = await Client.connect(server.port)
    try:
        yield client
    finally:
        await client.close()
        await server.stop(0)


@pytest.fixture
def reports(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What was being done at each defect in the log; nothing else may be there, asyncio's own words least of all."""

    def found() -> list[str]:
        gc.collect()
        assert {record.name for record in caplog.records} <= {"gateway"}
        assert all(record.exc_info for record in caplog.records)
        return [record.getMessage().removesuffix(ENDING) for record in caplog.records]

    return found


ENDING = " met a defect of the gateway; please report it with this traceback"
SOCKET = b"GET /prod HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
SOCKET += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n\r\n"
PAGE = (
    b"<html>\r\n<head><title>500 Internal Server Error</title></head>\r\n<body>\r\n"
    b"<center><h1>500 Internal Server Error</h1></center>\r\n</body>\r\n</html>\r\n"
)
WORDS = b"Internal Server Error"
REST = b'{"message": "Internal server error"}'
HTTP = b'{"message":"Internal Server Error"}'
LISTENERS: dict[str, tuple[Callable[[], Listener], int, bytes]] = {
    "alb": (load_balancer, 500, PAGE),
    "rest": (lambda: rest_api(RestApiSettings(0, "f"), listener_context({"f": defective()})), 500, REST),
    "http": (lambda: http_api(HttpApiSettings(0, function="f"), listener_context({"f": defective()})), 500, HTTP),
    "http-v1": (
        lambda: http_api(
            HttpApiSettings(0, function="f", payload_format_version="1.0"), listener_context({"f": defective()})
        ),
        500,
        HTTP,
    ),
    "url": (lambda: function_url(FunctionUrlSettings(0, "f"), listener_context({"f": defective()})), 502, WORDS),
    "url-stream": (
        lambda: function_url(
            FunctionUrlSettings(0, "f", invoke_mode="RESPONSE_STREAM"), listener_context({"f": defective()})
        ),
        502,
        WORDS,
    ),
    "websocket": (lambda: websocket_api(WebSocketApiSettings(0, "f"), listener_context({"f": defective()})), 500, REST),
    "rest authorizer": (guarded, 500, REST),
    "alb of a test": (lambda: listener_of(Alb(), *in_front_of(defective())), 500, PAGE),
    "url of a test": (lambda: listener_of(FunctionUrl(), *in_front_of(defective())), 502, WORDS),
    "encode": (lambda: alb_of(AlbWithoutEncode(), *in_front_of(scripted(ok)[0])), 500, PAGE),
    "decode": (lambda: alb_of(AlbWithoutDecode(), *in_front_of(scripted(ok)[0])), 500, PAGE),
}


@pytest.mark.parametrize("name", LISTENERS)
async def test_on_a_port(name: str, reports: Callable[[], list[str]]) -> None:
    """Each listener type has its own answer for a defect; the connection closes after it."""
    make, status, body = LISTENERS[name]
    path = "/prod" if name == "websocket" else "/a"
    async with port_of(make()) as client:
        answer = await client.ask(SOCKET if name == "websocket" else GET)
        assert await client.rest() == b""

    assert (answer.status, answer.body, answer.headers["Connection"]) == (status, body, "close")
    assert reports() == [f"GET {path}"]


@pytest.mark.parametrize("name", [name for name in LISTENERS if name != "websocket"])
async def test_through_asgi(name: str, reports: Callable[[], list[str]]) -> None:
    """The ASGI application gives the same answer, and the server below it sees no exception."""
    make, status, body = LISTENERS[name]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(AsgiApplication(make())), base_url="http://h") as client:
        answer = await client.get("/a")

    assert (answer.status_code, answer.content) == (status, body)
    assert reports() == ["GET /a"]


class Failing(EchoListener):
    """An echo with a defect at ``/a``, and one in its refusals if asked for."""

    def __init__(self, rejects: Callable[[int], Response] | None = None) -> None:
        super().__init__()
        self.answers[b"/a"] = fail
        self._rejects = rejects or (lambda status: super(Failing, self).reject(status, ("127.0.0.1", 1), b""))

    def reject(self, status: int, client: Address, request_line: bytes) -> Response:
        """As the test says."""
        del client, request_line
        return self._rejects(status)


BROKEN = Response(200, [("Content-Length", "2")], b"ok")  # type: ignore[list-item]  # the defect: text for bytes


async def test_what_cannot_be_written(reports: Callable[[], list[str]]) -> None:
    """An answer whose lines are no bytes is a defect like any other."""
    listener = Failing()
    listener.answers[b"/a"] = lambda _: BROKEN
    async with port_of(listener) as client:
        answer = await client.ask(GET)

    assert (answer.status, answer.body) == (500, b"no\n")
    assert reports() == ["GET /a"]


@pytest.mark.parametrize("rejects", [fail, lambda _: BROKEN, lambda _: Response(500, [], chunks(b"x"))])
@pytest.mark.parametrize("asgi", [False, True], ids=["port", "asgi"])
async def test_an_answer_that_fails_too(
    rejects: Callable[[int], Response], asgi: bool, reports: Callable[[], list[str]]
) -> None:
    """When not even the listener's own answer can be made, the client gets a bare 500; the traceback has both."""
    if asgi:
        transport = httpx.ASGITransport(AsgiApplication(Failing(rejects)))
        async with httpx.AsyncClient(transport=transport, base_url="http://h") as web:
            got = await web.get("/a")
        assert (got.status_code, got.content) == (500, b"")
    else:
        async with port_of(Failing(rejects)) as client:
            await client.send(GET)
            head = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            assert await client.rest() == head

    assert reports() == ["GET /a"]


async def test_what_follows_is_not_answered(reports: Callable[[], list[str]]) -> None:
    """Nothing on the connection of a defect is trusted any more; a new connection is as good as ever."""
    listener = Failing()
    async with port_of(listener) as client:
        await client.send(GET + GET.replace(b"/a", b"/b"))
        assert (await client.rest()).count(b"HTTP/1.1") == 1
        another = await Client.connect(client.writer.get_extra_info("peername")[1])
        assert (await another.ask(GET.replace(b"/a", b"/b"))).status == 200
        await another.close()

    assert reports() == ["GET /a"]


async def test_a_refusal_that_fails(reports: Callable[[], list[str]]) -> None:
    """Bytes that are no request are answered, too, when the listener's refusal has a defect."""

    def rejects(status: int) -> Response:
        return fail() if status != 500 else Response(500, [(b"Content-Length", b"2")], b"no", close=True)

    async with port_of(Failing(rejects)) as client:
        answer = await client.ask(b"nonsense\r\n\r\n")

    assert (answer.status, answer.body) == (500, b"no")
    assert reports() == ["bytes of a client"]


class Unsure(EchoListener):
    """An echo with a defect that only the reading of a long body meets."""

    @property
    def accepts_streams(self) -> bool:
        """A defect."""
        return bool(fail())

    @accepts_streams.setter
    def accepts_streams(self, _: bool) -> None:
        """What the echo is born with."""


async def test_a_defect_while_reading(reports: Callable[[], list[str]]) -> None:
    """What the reading of a request meets is answered after the requests before it."""
    async with port_of(Unsure(SMALL)) as client:
        await client.send(GET + b"POST /c HTTP/1.1\r\nContent-Length: 101\r\n\r\nx")
        answers = [await client.answer(), await client.answer()]
        assert await client.rest() == b""

    assert [(answer.status, answer.body) for answer in answers][1] == (500, b"no\n")
    assert [answer.status for answer in answers] == [200, 500]
    assert len(reports()) == 1


async def failing_after(*parts: bytes) -> AsyncIterator[bytes]:
    """A stream with a defect at its end."""
    for part in parts:
        yield part
    fail()


@pytest.mark.parametrize("parts", [[], [b"first"]], ids=["at once", "half-way"])
async def test_a_stream_that_fails(parts: list[bytes], reports: Callable[[], list[str]]) -> None:
    """After the head only the end of the connection tells the client that the answer is not whole."""
    listener = EchoListener()
    listener.observer = seen = Seen()
    listener.answers[b"/a"] = lambda _: Response(200, [], failing_after(*parts))
    async with port_of(listener) as client:
        await client.send(GET)
        answer = await client.rest()

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert not answer.endswith(b"0\r\n\r\n")
    transfer = (await seen.one()).transfer
    assert transfer
    assert transfer.broken
    assert reports() == ["the streamed answer to GET /a"]


async def test_a_stream_that_fails_through_asgi(reports: Callable[[], list[str]]) -> None:
    """An ASGI server truncates an answer when its application raises, which does not bring the traceback again."""
    listener = EchoListener()
    listener.answers[b"/a"] = lambda _: Response(200, [], failing_after(b"first"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(AsgiApplication(listener)), base_url="http://h"
    ) as client:
        with pytest.raises(StreamBroken) as raised:
            await client.get("/a")

    assert raised.value.__suppress_context__
    assert reports() == ["the streamed answer to GET /a"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (StreamBroken("Sandbox.Timedout", b'{"errorType":"Sandbox.Timedout","errorMessage":"after 1 s"}'), "after 1 s"),
        (StreamBroken("Runtime.ExitError"), ""),
        (StreamBroken("ConnectionError", b"http://127.0.0.1:1: reset\n"), "http://127.0.0.1:1: reset\\n"),
        (StreamBroken("Odd", b"\xff["), "\\ufffd["),
    ],
)
def test_the_reason_of_a_cut(caplog: pytest.LogCaptureFixture, broken: StreamBroken, reason: str) -> None:
    """One line of ASCII, with the function's own words where it has any."""
    tell_cut(Request("GET", b"/a", b"", [], b"", ("127.0.0.1", 1), ("127.0.0.1", 80)), broken)

    assert caplog.messages == [f"GET /a: the answer is cut off: {broken.error_type}{reason and ': '}{reason}"]


def unclosable(_: Request) -> Response:
    """A streamed answer with a defect at its end."""

    class Unclosable(ScriptedStream):
        async def aclose(self) -> NoReturn:
            """A defect."""
            fail()

    stream = Unclosable()
    stream.write(b"all")
    stream.end()
    return Response(200, [(b"Content-Length", b"3")], stream)


async def test_a_stream_that_cannot_be_closed(reports: Callable[[], list[str]]) -> None:
    """The answer was whole, so the connection goes on."""
    listener = EchoListener()
    listener.answers[b"/a"] = unclosable
    async with port_of(listener) as client:
        assert (await client.ask(GET)).body == b"all"
        assert (await client.ask(GET.replace(b"/a", b"/b"))).status == 200

    assert reports() == ["the end of the streamed answer to GET /a"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_stream_that_cannot_be_closed_through_asgi(method: str, reports: Callable[[], list[str]]) -> None:
    """The server below the application sees no exception, which would cut the answer off."""
    listener = EchoListener()
    listener.answers[b"/a"] = unclosable
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(AsgiApplication(listener)), base_url="http://h"
    ) as client:
        assert (await client.request(method, "/a")).content == (b"all" if method == "GET" else b"")

    assert reports() == [f"the end of the streamed answer to {method} /a"]


class Blind:
    """An observer with defects."""

    details = False

    def began(self, exchange: Exchange) -> None:
        """A defect."""
        fail(exchange)

    def ended(self, exchange: Exchange) -> None:
        """Another one."""
        fail(exchange)


@pytest.mark.parametrize("asgi", [False, True], ids=["port", "asgi"])
async def test_an_observer_that_fails(asgi: bool, reports: Callable[[], list[str]]) -> None:
    """The client has its answer; the other observers have theirs."""
    listener = EchoListener()
    seen = Seen()
    listener.observer = Observers([Blind(), seen])
    if asgi:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(AsgiApplication(listener)), base_url="http://h"
        ) as web:
            assert (await web.get("/a")).status_code == 200
    else:
        async with port_of(listener) as client:
            assert (await client.ask(GET)).status == 200
            assert (await client.ask(GET)).status == 200
            await seen.one()
    ended = await seen.one()

    assert ended is seen.begun[-1]
    assert reports() == ["an observer of GET /a"] * 2 * len(seen.begun)


class Tunnelled:
    """Another protocol with a defect in one place; implements `Tunnel`."""

    def __init__(self, place: str) -> None:
        self._place = place

    def open(self, transport: asyncio.Transport) -> None:
        """The connection is its own."""
        del transport
        self._maybe("open")

    def received(self, data: bytes) -> None:
        """Bytes of the client."""
        del data
        self._maybe("received")

    def paused(self) -> None:
        """Nothing."""

    def resumed(self) -> None:
        """Nothing."""

    def shutdown(self) -> None:
        """Nothing."""

    def lost(self) -> None:
        """The connection is gone."""

    def _maybe(self, place: str) -> None:
        if place == self._place:
            fail()


@pytest.mark.parametrize(
    ("tunnel", "where"),
    [
        (Tunnelled("open"), "the upgrade of GET /a"),
        (Tunnelled("received"), "the bytes of an upgraded connection"),
    ],
)
async def test_an_upgrade_that_fails(tunnel: Tunnelled, where: str, reports: Callable[[], list[str]]) -> None:
    """After the 101 there is no answer any more: the connection ends."""
    listener = EchoListener()
    listener.answers[b"/a"] = lambda request: Upgraded(whole(request, b"", 101), tunnel)
    async with port_of(listener) as client:
        assert (await client.ask(GET)).status == 101
        await client.send(b"more")
        assert await client.rest() == b""

    assert reports() == [where]


async def test_a_message_of_a_web_socket(reports: Callable[[], list[str]]) -> None:
    """The client reads API Gateway's own frame, and its connection stays."""
    function, target = scripted(ok)
    listener = websocket_api(WebSocketApiSettings(0, "f"), listener_context({"f": function}))
    async with port_of(listener) as client:
        port = client.writer.get_extra_info("peername")[1]
        async with connect(f"ws://127.0.0.1:{port}/prod") as socket:
            target.answer = fail
            await socket.send("{}")
            frame = await asyncio.wait_for(socket.recv(), 5)
            target.answer = ok
        await listener.aclose()

    assert '"message": "Internal server error"' in str(frame)
    assert [report.partition(" of ")[0] for report in reports()] == ["a message"]


async def test_a_farewell_that_fails(reports: Callable[[], list[str]]) -> None:
    """The connection is gone, so only the log has it."""
    function, target = scripted(ok)
    listener = websocket_api(WebSocketApiSettings(0, "f"), listener_context({"f": function}))
    async with port_of(listener) as client:
        port = client.writer.get_extra_info("peername")[1]
        async with connect(f"ws://127.0.0.1:{port}/prod"):
            target.answer = fail
        await listener.aclose()

    assert reports() == ["the end of a WebSocket connection"]
