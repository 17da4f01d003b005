"""The whole gateway in this process."""

import asyncio
import json
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import jwt
import pytest
from websockets.asyncio.client import connect

from gateway.app import Gateway, Server
from gateway.config.doors import FunctionUrlSettings, WebSocketApiSettings
from gateway.config.forwarding import group_names
from gateway.config.rules import FixedResponse, Forward, RuleSettings, TargetGroupTuple
from gateway.config.settings import AlbSettings, FunctionSettings, ListenerSettings, Settings
from gateway.errors import UsageError
from gateway.hosting import HostOptions
from gateway.lambda_api.signature import SignatureCheck
from gateway.listeners.local_authority import authority_file
from gateway.types import Json
from tests.gateways import Front, function, gateway_of, gateway_settings
from tests.listeners.alb.identity_provider import provided
from tests.listeners.doubles import Client, Echo
from tests.targets.hosting import DEADLINE_S, FUNCTIONS, Log, children, eventually, until_gone
from tests.targets.runtime_api.opening import needs_node

pytestmark = pytest.mark.anyio

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"


@pytest.fixture(autouse=True)
def _forget_modules() -> Iterator[None]:
    """What handlers in this process brought with them leaves it after the test."""
    path = sys.path[:]
    yield
    sys.path[:] = path
    for name in {"app", "host"} & set(sys.modules):
        del sys.modules[name]


@asynccontextmanager
async def running(settings: FunctionSettings, *, in_process: bool = False) -> AsyncIterator[Server]:
    """A gateway with a load balancer in front of a function."""
    gateway = gateway_of([settings], [Front("app")], Log().append, in_process=in_process)
    await gateway.start()
    try:
        yield gateway.servers[0]
    finally:
        await gateway.stop(5)


async def ask(port: int, request: bytes = GET) -> Echo:
    """One answer."""
    client = await Client.connect(port)
    answer = await client.ask(request)
    await client.close()
    return answer


@pytest.mark.parametrize("in_process", [True, False])
async def test_serves(in_process: bool) -> None:
    """A request goes through a listener to a handler and back."""
    async with running(function("app", "host.alb"), in_process=in_process) as server:
        answer = await ask(server.port)

    assert (answer.status, answer.body) == (200, b"/a")
    assert answer.headers["Server"] == "awselb/2.0"


async def test_stop_leaves_nothing() -> None:
    """After `stop` there is no process and no open port."""
    before = children()
    async with running(function("app", "host.alb")) as server:
        await ask(server.port)
        assert len(children() - before) == 1  # the launcher, which has started the worker

    assert children() == before
    with pytest.raises(ConnectionRefusedError):
        await ask(server.port)


async def test_failed_start_stops_everything() -> None:
    """When one function cannot be loaded the others and the ports are stopped again."""
    before = children()
    functions = [function("app", "host.alb"), function("bad", "host.missing")]
    gateway = gateway_of(functions, [Front("app")], Log().append)

    with pytest.raises(UsageError, match=r"^function bad: Handler 'missing' missing on module 'host'"):
        await gateway.start()
    assert children() == before
    with pytest.raises(ConnectionRefusedError):
        await ask(gateway.servers[0].port)


async def test_a_listener_that_cannot_be_built_stops_everything() -> None:
    """The handlers load while the listeners are built; they are stopped again as well."""
    before = children()
    settings = gateway_settings([function("app", "host.alb")], [Front("app")])
    groups = {name: group._replace(targets=("http://",)) for name, group in settings.target_groups.items()}
    gateway = Gateway(replace(settings, target_groups=groups), HostOptions(os.environ, Log().append))

    with pytest.raises(UsageError, match="http://"):
        await gateway.start()
    assert children() == before
    assert gateway.servers == []


async def test_stop_lets_requests_finish() -> None:
    """A request that runs when `stop` is called is answered."""
    gateway = gateway_of([function("app", "host.alb_slow")], [Front("app")], Log().append)
    await gateway.start()
    client = await Client.connect(gateway.servers[0].port)
    await client.send(b"GET /slow?seconds=0.3 HTTP/1.1\r\nHost: h\r\n\r\n")
    await eventually(lambda: gateway.functions["app"].in_flight == 1)
    stopping = asyncio.ensure_future(gateway.stop(10))

    assert (await client.answer()).body == b"/slow"
    await client.close()
    await stopping


async def test_force_drops_requests() -> None:
    """`force` makes a running `stop` end at once."""
    gateway = gateway_of([function("app", "host.alb_slow", timeout=60)], [Front("app")], Log().append)
    await gateway.start()
    client = await Client.connect(gateway.servers[0].port)
    await client.send(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: h\r\n\r\n")
    await eventually(lambda: gateway.functions["app"].in_flight == 1)
    stopping = asyncio.ensure_future(gateway.stop(60))
    await asyncio.sleep(0)
    gateway.force()

    await asyncio.wait_for(stopping, 10)
    assert gateway.functions["app"].in_flight == 0
    await client.close()


@asynccontextmanager
async def started(gateway: Gateway) -> AsyncIterator[Gateway]:
    """A gateway from start to stop."""
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop(5)


async def invoke(port: int, name: str = "app", event: bytes = b"{}") -> tuple[int, Json]:
    """Status and result of a call of the Invoke API."""
    path = f"/2015-03-31/functions/{name}/invocations"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(event)}\r\n\r\n"
    client = await Client.connect(port)
    await client.send(head.encode() + event)
    async with asyncio.timeout(DEADLINE_S):
        lines = (await client.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:-2])
        body = await client.reader.readexactly(int(headers["content-length"]))
    await client.close()
    return int(lines[0].split()[1]), json.loads(body)


def written(folder: Path, text: str) -> None:
    """Code of which every handler answers with this text."""
    (folder / "app.py").write_text(
        f"def handler(event, context): return {{'statusCode': 200, 'body': {text!r}}}\n"
        f"def plain(event, context): return {text!r}\n"
    )


async def test_control_port() -> None:
    """The Invoke API calls the same functions on a port of its own; without one there is none."""
    gateway = gateway_of([function("app", "host.alb")], [Front("app")], Log().append)
    control = gateway.add_control_port("127.0.0.1", 0)
    async with started(gateway):
        assert await invoke(control.port, event=b'{"path":"/x"}') == (
            200,
            {"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": "/x"},
        )
        status, refusal = await invoke(control.port, "nobody")
        assert (await ask(gateway.servers[0].port)).body == b"/a"

    assert status == 404
    assert isinstance(refusal, dict)
    assert refusal["Message"] == "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nobody:$LATEST"
    with pytest.raises(ConnectionRefusedError):
        await Client.connect(control.port)


async def test_busy_control_port_stops_everything() -> None:
    """The port that was asked for is needed: without it nothing is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gateway = gateway_of([function("app", "host.alb")], [Front("app")], Log().append)
        gateway.add_control_port("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(UsageError, match="choose another one with --control-port"):
            await gateway.start()

    with pytest.raises(ConnectionRefusedError):
        await ask(gateway.servers[0].port)


@pytest.mark.parametrize("in_process", [True, False])
async def test_tolerant_start(tmp_path: Path, caplog: pytest.LogCaptureFixture, in_process: bool) -> None:
    """Code that cannot be loaded is only logged; requests get 502 until it can be, after `reset`."""
    (tmp_path / "app.py").write_text("def handler(:\n")
    settings = replace(function("app", "app.handler"), code=tmp_path)
    gateway = gateway_of([settings], [Front("app")], Log().append, in_process=in_process)
    await gateway.start(tolerant=True)
    try:
        assert "Syntax error in module 'app': invalid syntax" in caplog.text
        broken = await ask(gateway.servers[0].port)
        written(tmp_path, "repaired now")
        await gateway.reset()
        repaired = await ask(gateway.servers[0].port)
    finally:
        await gateway.stop(5)

    assert (broken.status, repaired.status, repaired.body) == (502, 200, b"repaired now")


async def test_reset_lets_requests_finish(tmp_path: Path) -> None:
    """What is in flight at `reset` ends with the old code; what comes after has the new."""
    slow = (
        "import os, time\n"
        "def handler(event, context):\n"
        "    while not os.path.exists('open'): time.sleep(0.01)\n"
        "    return {'statusCode': 200, 'body': 'old'}\n"
    )
    (tmp_path / "app.py").write_text(slow)
    gateway = gateway_of([replace(function("app", "app.handler"), code=tmp_path)], [Front("app")], Log().append)
    async with started(gateway):
        port = gateway.servers[0].port
        before = await Client.connect(port)
        await before.send(GET)
        await eventually(lambda: gateway.functions["app"].in_flight == 1)
        written(tmp_path, "new")
        await gateway.reset()
        assert (await ask(port)).body == b"new"
        (tmp_path / "open").touch()

        assert (await before.answer()).body == b"old"
        await before.close()


def with_functions(gateway: Gateway, *functions: FunctionSettings) -> Settings:
    """The gateway's settings with these functions in the place of those of the same name."""
    return replace(gateway.settings, functions={**gateway.settings.functions, **{it.name: it for it in functions}})


async def test_reconfigure_replaces_what_changed() -> None:
    """A changed function gets new environments, an unchanged one keeps its own; both listeners go on."""
    pids = [function("one", "host.alb_pid"), function("two", "host.alb_pid")]
    gateway = gateway_of(pids, [Front("one"), Front("two")], Log().append)
    async with started(gateway):
        ports = [server.port for server in gateway.servers]
        before = [(await ask(port)).body for port in ports]
        await gateway.reconfigure(with_functions(gateway, function("two", "host.alb")))
        after = [(await ask(port)).body for port in ports]
        gone = int(before[1])
        await until_gone(gone)

    assert after == [before[0], b"/a"]


async def test_reconfigure_lets_requests_finish() -> None:
    """A request in flight ends in the environment where it began, and the old function is stopped after it."""
    gateway = gateway_of([function("app", "host.alb_slow")], [Front("app")], Log().append)
    async with started(gateway):
        port = gateway.servers[0].port
        client = await Client.connect(port)
        await client.send(b"GET /slow?seconds=0.5 HTTP/1.1\r\nHost: h\r\n\r\n")
        old = gateway.functions["app"]
        await eventually(lambda: old.in_flight == 1)
        await gateway.reconfigure(with_functions(gateway, function("app", "host.alb")))
        assert (await ask(port)).body == b"/a"
        assert old.in_flight == 1

        assert (await client.answer()).body == b"/slow"
        await client.close()


async def test_reconfigure_changes_rules() -> None:
    """Each listener gets its own new actions."""
    gateway = gateway_of([function("app", "host.alb")], [Front("app"), Front("app")], Log().append)
    async with started(gateway):
        first, second = gateway.settings.listeners
        assert isinstance(first, AlbSettings)
        changed = replace(first, default_actions=(FixedResponse(418, "text/plain", "short and stout"),))
        await gateway.reconfigure(replace(gateway.settings, listeners=(changed, second)))
        answers = [await ask(server.port) for server in gateway.servers]

    assert [(answer.status, answer.body) for answer in answers] == [(418, b"short and stout"), (200, b"/a")]


async def test_reconfigure_changes_what_can_be_invoked() -> None:
    """The Invoke API finds a new function and no longer one that is gone."""
    gateway = gateway_of([function("app", "host.alb"), function("old", "host.returns_null")], [Front("app")], print)
    control = gateway.add_control_port("127.0.0.1", 0)
    async with started(gateway):
        assert await invoke(control.port, "old") == (200, None)
        functions = {"app": gateway.settings.functions["app"], "new": function("new", "host.returns_null")}
        await gateway.reconfigure(replace(gateway.settings, functions=functions))

        assert await invoke(control.port, "new") == (200, None)
        assert (await invoke(control.port, "old"))[0] == 404


async def test_reconfigure_keeps_the_old_when_the_new_fails() -> None:
    """A function that cannot be loaded costs nothing: functions, limits and answers stay as they were."""
    gateway = gateway_of([function("app", "host.alb")], [Front("app")], Log().append)
    async with started(gateway):
        bad = with_functions(gateway, function("app", "host.missing"))
        with pytest.raises(UsageError, match="Handler 'missing' missing on module 'host'"):
            await gateway.reconfigure(replace(bad, concurrent_executions=0))
        answer = await ask(gateway.servers[0].port)

    assert answer.body == b"/a"


async def test_region_and_account_cannot_change() -> None:
    """They are in every ARN that somebody may have kept."""
    gateway = gateway_of([function("app", "host.alb")], [Front("app")], Log().append)
    async with started(gateway):
        with pytest.raises(UsageError, match=r"^region and account cannot change .*; start it again$"):
            await gateway.reconfigure(replace(gateway.settings, region="eu-west-1"))


async def test_ports_cannot_change() -> None:
    """Who changes a port is told to start the gateway again."""
    gateway = gateway_of([function("app", "host.alb")], [Front("app")], Log().append)
    async with started(gateway):
        (listener,) = gateway.settings.listeners
        assert isinstance(listener, AlbSettings)
        elsewhere = replace(gateway.settings, listeners=(replace(listener, port=1),))
        with pytest.raises(UsageError, match=r"cannot change while the gateway runs; start it again$"):
            await gateway.reconfigure(elsewhere)


async def test_account_concurrency() -> None:
    """Functions without a reservation share what the account has left; beyond it requests are throttled with 502."""
    reserved = replace(function("reserved", "host.alb"), reserved_concurrent_executions=9)
    functions = [function("one", "host.alb_slow"), function("two", "host.alb"), reserved]
    fronts = [Front("one"), Front("two"), Front("reserved")]
    gateway = gateway_of(functions, fronts, Log().append, concurrent_executions=10)
    async with started(gateway):
        ports = [server.port for server in gateway.servers]
        client = await Client.connect(ports[0])
        await client.send(b"GET /slow?seconds=0.5 HTTP/1.1\r\nHost: h\r\n\r\n")
        await eventually(lambda: gateway.functions["one"].in_flight == 1)
        during = [(await ask(port)).status for port in ports[1:]]
        await client.answer()
        await client.close()
        after = (await ask(ports[1])).status

    assert (during, after) == ([502, 200], 200)


async def test_reconfigure_changes_the_account() -> None:
    """A new limit holds for functions that stay, too."""
    gateway = gateway_of([function("app", "host.alb")], [Front("app")], Log().append)
    async with started(gateway):
        port = gateway.servers[0].port
        before = (await ask(port)).status
        await gateway.reconfigure(replace(gateway.settings, concurrent_executions=0))
        without = (await ask(port)).status
        await gateway.reconfigure(replace(gateway.settings, concurrent_executions=None))
        after = (await ask(port)).status

    assert (before, without, after) == (200, 502, 200)


async def test_access_log() -> None:
    """Each request to a load balancer is a line for who takes them."""
    lines: list[bytes] = []
    gateway = gateway_of([function("app", "host.alb")], [Front("app")], Log().append, access_log=lines.append)
    async with started(gateway):
        await ask(gateway.servers[0].port)
        await eventually(lambda: bool(lines))

    (line,) = lines
    assert line.startswith(b"http ")
    assert b" 200 200 " in line
    assert line.endswith(b"\n")


def test_target_groups_of_a_listener() -> None:
    """Those of its rules and of its default action."""
    forward = Forward((TargetGroupTuple("a"), TargetGroupTuple("b")))
    settings = gateway_settings([function("app", "host.alb")], [Front("app")])
    (listener,) = settings.listeners
    assert isinstance(listener, AlbSettings)
    rule = RuleSettings(1, (), (Forward((TargetGroupTuple("c"),)),))

    assert group_names(replace(listener, default_actions=(forward,), rules=(rule,))) == {"a", "b", "c"}


async def test_login_over_https(tmp_path: Path) -> None:
    """An HTTPS listener without certificates gets one, logs users in, and publishes its key on the control port.

    Nobody signs to read the key, in strict mode neither: on AWS it is public.
    """
    async with provided() as provider:
        plain = gateway_of([function("app", "host.alb_event")], [Front("app")], Log().append).settings
        listener = plain.listeners[0]
        assert isinstance(listener, AlbSettings)
        actions = provider.action(), *listener.default_actions
        secure = replace(listener, protocol="HTTPS", default_actions=actions)
        variables = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
        gateway = Gateway(replace(plain, listeners=(secure,)), HostOptions(variables, Log().append))
        control = gateway.add_control_port("127.0.0.1", 0, SignatureCheck({"AKIDEXAMPLE": "secret"}, "us-east-1"))
        await gateway.start()
        trust = ssl.create_default_context(cafile=authority_file(tmp_path / "lambda-http-gateway"))
        try:
            async with httpx.AsyncClient(verify=trust, http2=True, follow_redirects=True) as client:
                answer = await client.get(f"https://localhost:{gateway.servers[0].port}/a")
                data = answer.json()["headers"]["x-amzn-oidc-data"]
                key_id = jwt.get_unverified_header(data)["kid"]
                key = await client.get(f"http://127.0.0.1:{control.port}/{key_id}")
                health = await client.get(f"http://127.0.0.1:{control.port}/_gateway/target-health/1")
        finally:
            await gateway.stop(0)

    assert (answer.http_version, health.status_code) == ("HTTP/2", 403)
    assert jwt.decode(data, key.text, ["ES256"])["sub"] == "ünsal"


async def test_nothing_is_left_of_a_gateway_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was made for the first function goes when the second one is refused."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    refused = replace(function("two", "host.alb"), environment={"AWS_REGION": "x"})
    with pytest.raises(UsageError):
        gateway_of([function("one", "host.alb"), refused], [Front("one")], Log().append)

    assert is_empty(tmp_path)


def is_empty(folder: Path) -> bool:
    """Whether nothing is in a folder."""
    return not any(folder.iterdir())


BOTO3 = """
import boto3, os

def handler(event, context):
    at = event["requestContext"]
    if at["eventType"] == "MESSAGE":
        url = f"https://{at['domainName']}/{at['stage']}"
        api = boto3.client("apigatewaymanagementapi", endpoint_url=url)
        told = str(os.environ.get("_GATEWAY_CALL_BACKS")).encode()
        api.post_to_connection(ConnectionId=at["connectionId"], Data=told)
    return {"statusCode": 200}
"""
FETCH = """
export const handler = async (event) => {
  const { eventType, domainName, stage, connectionId } = event.requestContext;
  if (eventType === 'MESSAGE') {
    const url = `https://${domainName}/${stage}/@connections/${encodeURIComponent(connectionId)}`;
    await fetch(url, { method: 'POST', body: `${process.env._GATEWAY_CALL_BACKS}` });
  }
  return { statusCode: 200 };
};
"""


@pytest.mark.parametrize(
    ("file", "source", "nothing"),
    [("app.py", BOTO3, "None"), pytest.param("app.mjs", FETCH, "undefined", marks=needs_node)],
)
async def test_a_function_calls_its_api_back(tmp_path: Path, file: str, source: str, nothing: str) -> None:
    """The URL is the one that real projects build from the event; the handler sees nothing of how it leads there."""
    (tmp_path / file).write_text(source)
    runtime = "python" if file.endswith(".py") else "nodejs"
    app = FunctionSettings("app", "app.handler", runtime=runtime, code=tmp_path, timeout=20, environments=1)
    settings = Settings(tmp_path, {"app": app}, {}, (WebSocketApiSettings(0, "app"),))
    gateway = Gateway(settings, HostOptions(os.environ, Log().append, python=sys.executable))
    await gateway.start()
    try:
        async with connect(f"ws://127.0.0.1:{gateway.servers[0].port}/prod", proxy=None) as client:
            await client.send("{}")
            assert await asyncio.wait_for(client.recv(), DEADLINE_S) == nothing
    finally:
        await gateway.stop(5)


@pytest.mark.parametrize("listener", [WebSocketApiSettings(0, "app"), FunctionUrlSettings(0, "app")])
async def test_a_handler_in_this_process_calls_nobody_back(
    listener: ListenerSettings, caplog: pytest.LogCaptureFixture
) -> None:
    """It would lead the gateway's own connections; where it matters that is said."""
    caplog.set_level("INFO")
    options = HostOptions(os.environ, Log().append, in_process=True)
    gateway = Gateway(Settings(FUNCTIONS, {"app": function("app", "host.alb")}, {}, (listener,)), options)
    await gateway.stop(0)

    told = "functions in this process do not reach their APIs under https://DOMAIN"
    assert (told in caplog.messages) is (listener.type == "websocket_api")
