"""One listener of a load balancer and what its settings put behind it."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest

from gateway.config.attributes import LISTENER, TARGET_GROUP
from gateway.config.authentication import JwtValidation
from gateway.config.conditions import PathPattern
from gateway.config.rules import ActionSettings, Forward, RuleSettings, TargetGroupTuple
from gateway.config.settings import AlbSettings, Settings, TargetGroupSettings
from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.listeners.alb.listener import AlbListener
from gateway.load_balancer import LoadBalancer, actions_of
from gateway.surroundings import Surroundings
from gateway.translation.messages import Response
from tests.gateways import NO_CHECKS, Front, function, gateway_of
from tests.listeners.alb.doubles import get
from tests.listeners.doors import Scripted, ok, scripted
from tests.targets.hosting import DEADLINE_S, FUNCTIONS, Log, eventually
from tests.targets.http_server import Peer, answering
from tests.targets.http_server import Scripted as Server
from tests.targets.http_server import ok as http_ok
from tests.targets.http_server import scripted as serving

pytestmark = pytest.mark.anyio


def group(name: str, *targets: str, endpoint_url: str = "", shadow: str = "") -> TargetGroupSettings:
    """A target group; one without targets has the function of its own name."""
    attributes = {key: attribute.default for key, attribute in TARGET_GROUP.items()}
    own = "" if targets else name
    return TargetGroupSettings(name, own, targets, attributes, NO_CHECKS, shadow=shadow, endpoint_url=endpoint_url)


def listener(*actions: ActionSettings, rules: tuple[RuleSettings, ...] = ()) -> AlbSettings:
    """A listener with these default actions."""
    return AlbSettings(0, actions, {key: attribute.default for key, attribute in LISTENER.items()}, rules=rules)


def to(*names: str) -> Forward:
    """Forward to target groups."""
    return Forward(tuple(TargetGroupTuple(name) for name in names))


def surroundings(*groups: TargetGroupSettings, functions: Mapping[str, Function] | None = None) -> Surroundings:
    """A gateway with these target groups."""
    settings = Settings(FUNCTIONS, target_groups={it.name: it for it in groups})
    return Surroundings(settings, functions or {}, b"key", Path("unused"))


@asynccontextmanager
async def started(settings: AlbSettings, around: Surroundings) -> AsyncIterator[AlbListener]:
    """A load balancer's listener, without a port."""
    balancer = LoadBalancer(settings, around)
    await balancer.start()
    try:
        yield AlbListener(balancer.routing)
    finally:
        await balancer.aclose()


def answered(response: Response) -> tuple[int, object]:
    """Status and body."""
    return response.status, response.body


def result(body: str) -> bytes:
    """What an emulator answers for a handler that returned this body."""
    return http_ok(orjson.dumps({"statusCode": 200, "body": body}))


async def test_a_function_of_another_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """``aws:`` with ``endpoint_url`` calls whatever speaks the Invoke API there; its own failures come back as 502."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    other = gateway_of([function("far", "host.alb")], [Front("far")], Log().append)
    control = other.add_control_port("127.0.0.1", 0)
    await other.start()
    url = f"http://127.0.0.1:{control.port}"
    groups = group("far", "aws:far", endpoint_url=url), group("missing", "aws:missing", endpoint_url=url)
    rule = RuleSettings(1, (PathPattern(("/missing",)),), (to("missing"),))
    try:
        async with started(listener(to("far"), rules=(rule,)), surroundings(*groups)) as subject:
            found = await subject.respond(get(b"/over/there"))
            missing = await subject.respond(get(b"/missing"))
    finally:
        await other.stop(5)

    assert answered(found) == (200, b"/over/there")
    assert missing.status == 502


async def test_the_shadow_of_a_function_elsewhere() -> None:
    """The client gets the first one's answer; the other one, which no rule names, gets the same event."""
    async with answering(result("first")) as first, answering(result("second")) as second:
        groups = group("first", f"rie:{first.url}", shadow="second"), group("second", f"rie:{second.url}")
        async with started(listener(to("first")), surroundings(*groups)) as subject:
            response = await subject.respond(get(b"/a"))
            await eventually(lambda: bool(second.bodies))

    assert answered(response) == (200, b"first")
    events = [orjson.loads(server.bodies[0]) for server in (first, second)]
    assert [event["path"] for event in events] == ["/a", "/a"]
    arns = [event["requestContext"]["elb"]["targetGroupArn"] for event in events]
    assert [arn.split("/")[1] for arn in arns] == ["first", "second"]


async def test_functions_and_servers_side_by_side() -> None:
    """A rule's HTTP server gets the request itself, the default action's function an event."""
    near, target = scripted(ok)
    rule = RuleSettings(1, (PathPattern(("/server/*",)),), (to("server"),))
    async with answering(http_ok(b"served")) as server:
        around = surroundings(group("near"), group("server", server.url), functions={"near": near})
        async with started(listener(to("near"), rules=(rule,)), around) as subject:
            responses = [await subject.respond(get(path)) for path in (b"/a", b"/server/a")]

    assert [answered(it) for it in responses] == [(200, b"fine"), (200, b"served")]
    assert [event["path"] for event in target.events] == ["/a"]
    assert server.heads[0].startswith(b"GET /server/a HTTP/1.1\r\n")


class Stoppable(Scripted):
    """Remembers that it was stopped."""

    stopped = False

    async def aclose(self) -> None:
        """Remember."""
        self.stopped = True


async def test_functions_of_the_configuration_are_left_alone() -> None:
    """Other listeners may have the same ones: they neither start nor end with a load balancer."""
    target = Stoppable(ok)
    near = Function(FunctionConfiguration("near", "app.handler"), target)
    async with started(listener(to("near")), surroundings(group("near"), functions={"near": near})):
        pass

    assert not target.stopped


async def test_connections_elsewhere_end_with_it() -> None:
    """What the load balancer opened for itself is closed with it."""
    ended = asyncio.Event()

    async def emulator(_: Server, peer: Peer) -> None:
        await peer.body(await peer.head())
        await peer.send(result("far"))
        assert await peer.reader.read() == b""
        ended.set()

    async with serving(emulator) as server:
        around = surroundings(group("far", f"rie:{server.url}"))
        async with started(listener(to("far")), around) as subject:
            response = await subject.respond(get())
            during = ended.is_set()
        await asyncio.wait_for(ended.wait(), DEADLINE_S)

    assert (answered(response), during) == ((200, b"far"), False)


async def test_each_rule_has_its_own_authentication(tmp_path: Path) -> None:
    """Only the rule that validates tokens asks for one; a listener without such a rule has no keys."""
    near, _ = scripted(ok)
    check = JwtValidation("https://issuer.example/jwks", "https://issuer.example")
    rule = RuleSettings(1, (PathPattern(("/private",)),), (check, to("near")))
    around = surroundings(group("near"), functions={"near": near})._replace(cache=tmp_path)
    async with started(listener(to("near"), rules=(rule,)), around) as subject:
        responses = [await subject.respond(get(path)) for path in (b"/private", b"/public")]

    assert [it.status for it in responses] == [401, 200]
    assert LoadBalancer(listener(to("near")), around).authentication is None


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("aws:no name", "write aws:name, aws:name:qualifier or arn:aws:lambda:REGION:ACCOUNT:function:name"),
        ("rie:nowhere", "nowhere"),
        ("ftp://h", "write aws:name, a function's ARN or rie:http://host:9000"),
    ],
)
def test_a_target_that_cannot_be(target: str, message: str) -> None:
    """It is refused before anything starts, with what to write."""
    with pytest.raises(UsageError, match=re.escape(message)):
        LoadBalancer(listener(to("far")), surroundings(group("far", target)))


def test_the_actions_of_a_listener() -> None:
    """Those of the default action and of every rule."""
    rules = tuple(RuleSettings(number, (), (to(name),)) for number, name in ((1, "b"), (2, "c")))

    assert actions_of(listener(to("a"), rules=rules)) == [to("a"), to("b"), to("c")]
