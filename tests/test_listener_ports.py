"""Listeners as settings describe them, on ports of their own."""

import asyncio
import json
import os
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.applications import Starlette
from websockets.asyncio.client import connect

from gateway.app import Gateway
from gateway.config import apis
from gateway.config.doors import FunctionUrlSettings, HttpApiSettings, RestApiSettings
from gateway.config.listener import Certificate
from gateway.config.settings import AlbSettings, ListenerSettings, Settings
from gateway.configuration import AccountRegion
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.hosting import HostOptions
from gateway.invocation import FunctionReference
from gateway.lambda_api.signature import SignatureCheck
from gateway.listener_options import ListenerOptions
from gateway.listener_ports import ListenerPort, fixed
from gateway.listener_types import FLAVOURS, listener_type_of
from gateway.listeners.context import ListenerContext
from gateway.listeners.iam import Verify
from gateway.loading import load
from gateway.observe.recording import Recording, from_text
from gateway.recordings.recorder import Recorder
from gateway.types import Json
from tests.gateways import Front, function, gateway_settings
from tests.listeners.observers import Seen
from tests.listeners.scripted import context_of, scripted
from tests.services import service_of
from tests.targets.hosting import FUNCTIONS, Log, eventually

pytestmark = pytest.mark.anyio

LOAD_BALANCER = gateway_settings([function("f", "host.alb")], [Front("f")])
TLS = Path(__file__).parent / "data" / "tls"
KEY = TLS / "key.pem"
HTTP_FRONTS = [name for name, named in FLAVOURS.items() if named.plain_requests and not named.name.startswith("alb")]


def shows(event: dict[str, Json]) -> Json:
    """A function that answers with its event."""
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}


def says(text: str) -> Function:
    """A function that always says the same."""
    return scripted(lambda _: {"statusCode": 200, "body": text})[0]


def around(one: Function) -> ListenerContext:
    """A gateway whose function ``f`` is this one."""
    return ListenerContext(service_of({"f": one}), LOAD_BALANCER.target_groups, b"key", Path("unused"))


@asynccontextmanager
async def opened(port: ListenerPort) -> AsyncIterator[httpx.AsyncClient]:
    """A listener from start to stop, and a client of its port."""
    await port.start()
    await port.server.start()
    try:
        url = f"http://127.0.0.1:{port.server.port}"
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            yield client
    finally:
        await port.server.stop(0)
        await port.aclose()


@asynccontextmanager
async def running(*listeners: ListenerSettings) -> AsyncIterator[Gateway]:
    """A gateway with one function ``f`` behind listeners."""
    settings = Settings(FUNCTIONS, {"f": function("f", "host.alb_event")}, LOAD_BALANCER.target_groups, listeners)
    gateway = Gateway(settings, HostOptions(os.environ, Log().append, python=sys.executable))
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop(5)


def recorded(folder: Path) -> Recording:
    """The one recording of a folder."""
    (file,) = folder.iterdir()
    return from_text(file.read_bytes())


def settings_of(name: str) -> ListenerSettings:
    """A listener of this name on a free port, in front of ``f``."""
    if name == "alb":
        return LOAD_BALANCER.listeners[0]
    made: ListenerSettings = load(listener_type_of(name).settings)(port=0, function="f", **FLAVOURS[name].settings)
    return made


def kind_of(event: Mapping[str, Json]) -> str:
    """Which listener type an event is from, told by what only its own events have."""
    context = event["requestContext"]
    assert isinstance(context, dict)
    if "elb" in context:
        return "alb"
    if "version" not in event:
        return "rest"
    if event["version"] == "1.0":
        return "http-v1"
    return "url" if context["accountId"] == "anonymous" else "http"


async def test_every_listener_type_answers() -> None:
    """All of them beside each other in one gateway, each on its own port with its own kind of event."""
    names = ["alb", *HTTP_FRONTS]
    async with running(*map(settings_of, names)) as gateway, httpx.AsyncClient(trust_env=False) as client:
        answers = [await client.get(f"http://127.0.0.1:{server.port}/a") for server in gateway.servers]

    documents = {name: answer.json() for name, answer in zip(names, answers, strict=True)}
    # A handler that does not stream has its whole result passed on.
    documents["url-stream"] = json.loads(documents["url-stream"]["body"])
    assert {name: kind_of(event) for name, event in documents.items()} == {
        **dict(zip(names, names, strict=True)),
        "url-stream": "url",
    }


@pytest.mark.parametrize("name", ["alb", *HTTP_FRONTS])
async def test_each_exchange_is_a_file(tmp_path: Path, name: str) -> None:
    """It says which listener it came from, in the words of ``--as``."""
    recorder = Recorder(tmp_path)
    async with opened(
        ListenerPort(settings_of(name), around(says("hi")), ListenerOptions(recorder=recorder))
    ) as client:
        await client.get("/a")
    await recorder.aclose()

    recording = recorded(tmp_path)
    assert (recording.flavour, recording.request.raw_path) == (name, b"/a")
    assert recording.payload is not None
    assert json.loads(recording.payload)["body"] == "hi"


async def test_a_handshake_is_a_file_too(tmp_path: Path) -> None:
    """What a client of a WebSocket API asks for over HTTP is recorded."""
    recorder = Recorder(tmp_path)
    port = ListenerPort(settings_of("websocket"), around(says("hi")), ListenerOptions(recorder=recorder))
    async with opened(port) as client, connect(f"ws://127.0.0.1:{client.base_url.port}/prod", proxy=None):
        pass
    await recorder.aclose()

    assert recorded(tmp_path).flavour == "websocket"


async def test_access_log_beside_the_recorder(tmp_path: Path) -> None:
    """A load balancer tells both of the same request."""
    lines: list[bytes] = []
    recorder = Recorder(tmp_path)
    options = ListenerOptions(lines.append, recorder)
    async with opened(ListenerPort(settings_of("alb"), around(says("hi")), options)) as client:
        await client.get("/both")
        await eventually(lambda: bool(lines))
    await recorder.aclose()

    assert b"/both" in lines[0]
    assert recorded(tmp_path).request.raw_path == b"/both"


async def test_an_observer_beside_the_others(tmp_path: Path) -> None:
    """Who looks on is told of the same exchange as access log and recorder, on every listener."""
    lines: list[bytes] = []
    recorder, seen = Recorder(tmp_path), Seen()
    options = ListenerOptions(lines.append, recorder, observer=seen)
    async with opened(ListenerPort(settings_of("alb"), around(says("hi")), options)) as client:
        await client.get("/all")
        exchange = await seen.one()
        await eventually(lambda: bool(lines))
    await recorder.aclose()

    assert seen.begun == [exchange]
    assert exchange.request is not None
    assert (exchange.request.raw_path, recorded(tmp_path).request.raw_path) == (b"/all", b"/all")
    assert exchange.function == FunctionReference("f")
    assert b"/all" in lines[0]


@pytest.mark.parametrize("name", HTTP_FRONTS)
def test_only_load_balancers_have_an_access_log(name: str) -> None:
    """Other listeners write none, and without an observer nothing is recorded of their requests."""
    lines: list[bytes] = []

    assert ListenerPort(settings_of(name), around(says("hi")), ListenerOptions(lines.append)).listener.observer is None
    assert ListenerPort(settings_of("alb"), around(says("hi"))).listener.observer is None


def secure(name: str) -> ListenerSettings:
    """The same listener over TLS."""
    return replace(settings_of(name), protocol="HTTPS", certificates=(Certificate(TLS / "certificate.pem", KEY),))


def remembers(event: dict[str, Json]) -> Json:
    """A function that sets a cookie for secure connections, and tells which one came back."""
    headers = event["headers"]
    assert isinstance(headers, dict)
    cookie = next((value for name, value in headers.items() if name.lower() == "cookie"), "none")
    came = event.get("cookies") or [cookie]
    assert isinstance(came, list)
    return {"statusCode": 200, "headers": {"Set-Cookie": "a=1; Secure"}, "body": came[0]}


@pytest.mark.parametrize(
    ("name", "version"),
    [(name, "HTTP/2" if name in {"alb", "rest", "http", "http-v1"} else "HTTP/1.1") for name in ["alb", *HTTP_FRONTS]],
)
async def test_tls_on_every_listener_type(name: str, version: str) -> None:
    """A client gets the listener's certificate, the HTTP version that the type offers, and cookies for TLS back."""
    port = ListenerPort(secure(name), around(scripted(remembers)[0]))
    trust = ssl.create_default_context(cafile=TLS / "certificate.pem")
    async with opened(port), httpx.AsyncClient(verify=trust, http2=True, trust_env=False) as client:
        answers = [await client.get(f"https://localhost:{port.server.port}/a") for _ in range(2)]

    assert [answer.http_version for answer in answers] == [version] * 2
    if name != "url-stream":  # a handler that does not stream has its whole result passed on, and sets no cookie
        assert [answer.text for answer in answers] == ["none", "a=1"]


async def test_a_websocket_over_tls() -> None:
    """Connections of wss:// carry messages both ways, and end."""
    function, told = scripted(lambda _: {"statusCode": 200})
    port = ListenerPort(secure("websocket"), around(function))
    trust = ssl.create_default_context(cafile=TLS / "certificate.pem")
    async with opened(port), httpx.AsyncClient(verify=trust, trust_env=False) as client:
        url = f"//localhost:{port.server.port}/prod"
        async with connect(f"wss:{url}", ssl=trust, proxy=None) as socket:
            await socket.send("{}")
            await asyncio.wait_for(await socket.ping(), 5)
            connection_id = context_of(told.events[0])["connectionId"]
            posted = await client.post(f"https:{url}/@connections/{connection_id}", content=b"posted")
            received = await asyncio.wait_for(socket.recv(), 5)

    assert (posted.status_code, received, socket.close_code) == (200, "posted", 1000)


async def routes_of(name: str, verify: Callable[[str], Verify] | None) -> list[tuple[str, int]]:
    """The paths that a listener publishes on the control port, with the status for a call without a signature."""
    routes = ListenerPort(settings_of(name), around(says("hi"))).control_routes(verify)
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return [(route.path, (await client.get(route.path)).status_code) for route in routes]


@pytest.mark.parametrize(
    ("name", "path", "service", "status"),
    [
        ("alb", "/_gateway/target-health/0", "lambda", 200),
        ("websocket", "/prod/@connections/{connection_id:path}", "execute-api", 410),
    ],
)
async def test_what_a_listener_publishes(name: str, path: str, service: str, status: int) -> None:
    """Its row names it; in strict mode a signature for the right service is asked for, else none."""
    asked: list[str] = []

    def verify(service: str) -> Verify:
        asked.append(service)
        return SignatureCheck({"AKID": "secret"}, "us-east-1", service=service).check

    assert await routes_of(name, None) == [(path, status)]
    assert await routes_of(name, verify) == [(path, 403)]
    assert asked == [service]


@pytest.mark.parametrize("name", HTTP_FRONTS)
async def test_most_listeners_publish_nothing(name: str) -> None:
    """The control port has no route of theirs."""
    assert await routes_of(name, None) == []


@pytest.mark.parametrize("name", ["alb", *HTTP_FRONTS])
async def test_going_over_to_another_function(name: str) -> None:
    """The listener stays as it is, and the next request gets the new one's answer."""
    context = around(says("old"))
    async with opened(ListenerPort(settings_of(name), context)) as client:
        before = await client.get("/a")
        context.service.put(says("new"))
        after = await client.get("/a")

    assert [("old" in it.text, "new" in it.text) for it in (before, after)] == [(True, False), (False, True)]


@pytest.mark.parametrize("name", ["rest", "http", "url"])
async def test_a_gateway_moves_its_apis(name: str) -> None:
    """A function that has changed is what an API of the running gateway calls from then on."""
    async with running(settings_of(name)) as gateway, httpx.AsyncClient(trust_env=False) as client:
        url = f"http://127.0.0.1:{gateway.servers[0].port}/a"
        before = await client.get(url)
        await gateway.reconfigure(replace(gateway.settings, functions={"f": function("f", "host.raises")}))
        after = await client.get(url)

    assert (before.status_code, after.status_code) == (200, {"rest": 502, "http": 500, "url": 502}[name])


async def test_functions_change_below_open_connections() -> None:
    """A connection of a WebSocket API stays open, and its next message goes to the new function."""
    async with (
        running(settings_of("websocket")) as gateway,
        connect(f"ws://127.0.0.1:{gateway.servers[0].port}/prod") as client,
    ):
        await gateway.reconfigure(replace(gateway.settings, functions={"f": function("f", "host.raises")}))
        await client.send("hello")
        answer = json.loads(await client.recv())

    assert answer["message"] == "Internal server error"


async def test_idle_timeout_of_a_load_balancer() -> None:
    """Its attribute says how long a client may be silent, and a new configuration is obeyed at once."""
    before, after = (idle_after(seconds) for seconds in (7, 9))
    port = ListenerPort(before, around(says("hi")))
    first = port.server.options.idle_timeout_s
    await (await port.prepare(after, around(says("hi")))).commit()

    assert (first, port.server.options.idle_timeout_s) == (7.0, 9.0)


async def test_a_change_that_is_discarded() -> None:
    """The old steps stay and are not closed; only the new ones are."""
    port = ListenerPort(idle_after(7), around(says("hi")))
    steps = port.listener.steps
    async with opened(port) as client:
        await (await port.prepare(idle_after(9), around(says("hi")))).discard()
        answer = await client.get("/a")

    assert (port.listener.steps, port.server.options.idle_timeout_s) == (steps, 7.0)
    assert answer.text == "hi"


def test_what_cannot_change_while_a_listener_runs() -> None:
    """Of a load balancer only what its port is made of; everything of the others."""
    balancer, api = idle_after(7), settings_of("http")

    assert fixed(balancer) == fixed(idle_after(9)) != fixed(replace(balancer, port=81))
    assert fixed(api) != fixed(replace(HTTP_API, function="f"))


def idle_after(seconds: int) -> AlbSettings:
    """A load balancer with this idle timeout."""
    settings = LOAD_BALANCER.listeners[0]
    assert isinstance(settings, AlbSettings)
    return replace(settings, attributes={**settings.attributes, "idle_timeout.timeout_seconds": seconds})


URL = FunctionUrlSettings(0, "f", auth_type="AWS_IAM")
HTTP_API = HttpApiSettings(0, routes={"$default": apis.HttpRoute("f", authorization_type="AWS_IAM")})
REST_API = RestApiSettings(0, routes={"ANY /{proxy+}": apis.RestRoute("f", authorization_type="AWS_IAM")})


def signed(url: str, service: str) -> dict[str, str]:
    """The header lines of a request that botocore signed for a service."""
    request = AWSRequest("GET", url)
    SigV4Auth(Credentials("AKID", "secret"), service, "us-east-1").add_auth(request)
    return dict(request.headers.items())


@pytest.mark.parametrize(
    ("settings", "service"),
    [(URL, "lambda"), (HTTP_API, "execute-api"), (REST_API, "execute-api")],
    ids=["url", "http", "rest"],
)
async def test_signatures_are_checked(settings: ListenerSettings, service: str) -> None:
    """With keys only what they signed for the listener's own service passes, without keys any signature does."""
    strict = around(says("hi"))._replace(
        verify=lambda name: SignatureCheck({"AKID": "secret"}, "us-east-1", service=name).check
    )
    statuses: list[int] = []
    for context in (strict, around(says("hi"))):
        async with opened(ListenerPort(settings, context)) as client:
            url = str(client.base_url.join("/a"))
            other = ({"lambda", "execute-api"} - {service}).pop()
            lines = [signed(url, service), signed(url, other), {}]
            statuses += [(await client.get(url, headers=line)).status_code for line in lines]

    assert statuses == [200, 403, 403, 200, 200, 403]


@pytest.mark.parametrize("name", ["rest", "http", "http-v1"])
async def test_account(name: str) -> None:
    """An API is the gateway's account's, also when no function tells which that is."""
    place = AccountRegion(account="210987654321")
    service = LambdaService(account_region=place)
    service.put(scripted(shows)[0], FunctionReference("f"))
    async with opened(ListenerPort(settings_of(name), around(says("hi"))._replace(service=service))) as client:
        context = (await client.get("/")).json()["requestContext"]

    assert context["accountId"] == "210987654321"


@pytest.mark.parametrize(("allowed", "source_ip"), [(True, "192.0.2.7"), (False, "127.0.0.1")])
async def test_developer_headers_are_off_unless_asked_for(allowed: bool, source_ip: str) -> None:
    """Only who allows them lets a client choose its own address."""
    port = ListenerPort(settings_of("http"), around(scripted(shows)[0])._replace(dev_headers=allowed))
    async with opened(port) as client:
        event = (await client.get("/", headers={"X-Gateway-Source-Ip": "192.0.2.7"})).json()

    assert event["requestContext"]["http"]["sourceIp"] == source_ip


@pytest.mark.parametrize(("name", "status"), [("alb", 502), ("rest", 500), ("http", 500), ("url", 403)])
async def test_a_function_that_comes_later(name: str, status: int) -> None:
    """Until it is there requests fail as those of a function that was deleted."""
    context = around(says("hi"))
    context.service.remove(FunctionReference("f"))
    async with opened(ListenerPort(settings_of(name), context)) as client:
        before = await client.get("/a")
        context.service.put(says("hi"), FunctionReference("f"))
        after = await client.get("/a")

    assert (before.status_code, after.text) == (status, "hi")
