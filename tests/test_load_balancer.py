"""One listener of a load balancer and what its settings put behind it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest

from gateway.config.attributes import LISTENER, TARGET_GROUP
from gateway.config.authentication import JwtValidation
from gateway.config.conditions import PathPattern
from gateway.config.rules import ActionSettings, Forward, RuleSettings, TargetGroupTuple
from gateway.config.settings import AlbSettings, TargetGroupSettings
from gateway.functions.function import Function
from gateway.functions.remote import remote_function, remote_reference
from gateway.listeners.alb.listener import AlbListener
from gateway.listeners.context import ListenerContext
from gateway.load_balancer import LoadBalancer
from gateway.translation.messages import Response
from tests.gateways import NO_CHECKS, Front, function, gateway_of
from tests.listeners.alb.doubles import get
from tests.listeners.doors import ok, scripted
from tests.services import service_of
from tests.targets.hosting import Log, eventually
from tests.targets.http_server import answering
from tests.targets.http_server import ok as http_ok

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


@asynccontextmanager
async def context(
    *groups: TargetGroupSettings, functions: Mapping[str, Function] | None = None
) -> AsyncIterator[ListenerContext]:
    """A gateway with these target groups; functions elsewhere are in its service."""
    service = service_of(functions or {})
    for it in groups:
        if it.is_lambda and not it.function:
            function = remote_function(it.targets, it.endpoint_url)
            await function.start()
            service.put(function, remote_reference(it.targets, it.endpoint_url))
    yield ListenerContext(service, {it.name: it for it in groups}, b"key", Path("unused"))
    await service.aclose()


@asynccontextmanager
async def started(settings: AlbSettings, around: ListenerContext) -> AsyncIterator[AlbListener]:
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
        async with context(*groups) as around, started(listener(to("far"), rules=(rule,)), around) as subject:
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
        async with context(*groups) as around, started(listener(to("first")), around) as subject:
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
        groups = group("near"), group("server", server.url)
        async with (
            context(*groups, functions={"near": near}) as around,
            started(listener(to("near"), rules=(rule,)), around) as subject,
        ):
            responses = [await subject.respond(get(path)) for path in (b"/a", b"/server/a")]

    assert [answered(it) for it in responses] == [(200, b"fine"), (200, b"served")]
    assert [event["path"] for event in target.events] == ["/a"]
    assert server.heads[0].startswith(b"GET /server/a HTTP/1.1\r\n")


async def test_each_rule_has_its_own_authentication(tmp_path: Path) -> None:
    """Only the rule that validates tokens asks for one; a listener without such a rule has no keys."""
    near, _ = scripted(ok)
    check = JwtValidation("https://issuer.example/jwks", "https://issuer.example")
    rule = RuleSettings(1, (PathPattern(("/private",)),), (check, to("near")))
    async with context(group("near"), functions={"near": near}) as around:
        cached = around._replace(cache=tmp_path)
        async with started(listener(to("near"), rules=(rule,)), cached) as subject:
            responses = [await subject.respond(get(path)) for path in (b"/private", b"/public")]
        without = LoadBalancer(listener(to("near")), around)

    assert [it.status for it in responses] == [401, 200]
    assert without.authentication is None
