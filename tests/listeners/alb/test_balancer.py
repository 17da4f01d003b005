"""The listener of a load balancer and what its settings put behind it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from gateway.config.attributes import LISTENER, TARGET_GROUP
from gateway.config.authentication import JwtValidation
from gateway.config.conditions import PathPattern
from gateway.config.rules import ActionSettings, Forward, RuleSettings, TargetGroupTuple
from gateway.config.settings import AlbSettings, MutualAuthentication, TargetGroupSettings
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.functions.remote import remote_function, remote_reference
from gateway.invocation import FunctionReference
from gateway.listeners.alb.balancer import alb, alb_of
from gateway.listeners.alb.listener import AlbSteps
from gateway.listeners.context import ListenerContext
from gateway.listeners.pipeline import PipelineListener, PortNeeds
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.flavours.alb import Alb
from gateway.translation.messages import Response
from tests.gateways import NO_CHECKS, Front, function, gateway_of
from tests.listeners.alb.doubles import ARN, get
from tests.listeners.alb.identity_provider import Provider
from tests.listeners.observers import Seen, observed, respond
from tests.listeners.scripted import ok, scripted
from tests.services import listener_context, service_of
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
async def started(settings: AlbSettings, around: ListenerContext) -> AsyncIterator[PipelineListener]:
    """A load balancer's listener, without a port."""
    balancer = alb(settings, around)
    await balancer.start()
    try:
        yield balancer
    finally:
        await balancer.aclose()


def steps_of(balancer: PipelineListener) -> AlbSteps:
    """What answers its requests."""
    assert isinstance(balancer.steps, AlbSteps)
    return balancer.steps


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
            found = await respond(subject, get(b"/over/there"))
            missing = await respond(subject, get(b"/missing"))
    finally:
        await other.stop(5)

    assert answered(found) == (200, b"/over/there")
    assert missing.status == 502


async def test_the_shadow_of_a_function_elsewhere() -> None:
    """The client gets the first one's answer; the other one, which no rule names, gets the same event."""
    async with answering(result("first")) as first, answering(result("second")) as second:
        groups = group("first", f"rie:{first.url}", shadow="second"), group("second", f"rie:{second.url}")
        async with context(*groups) as around, started(listener(to("first")), around) as subject:
            response = await respond(subject, get(b"/a"))
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
            responses = [await respond(subject, get(path)) for path in (b"/a", b"/server/a")]

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
            responses = [await respond(subject, get(path)) for path in (b"/private", b"/public")]
        without = alb(listener(to("near")), around)

    assert [it.status for it in responses] == [401, 200]
    assert steps_of(without).routing.authentication is None


async def test_the_redirect_back_of_a_login(tmp_path: Path) -> None:
    """It is the load balancer's, whatever the rules say; every other path is theirs."""
    near, target = scripted(ok)
    every = RuleSettings(1, (PathPattern(("/*",)),), (to("near"),))
    settings = listener(Provider().action(), to("near"), rules=(every,))
    async with (
        context(group("near"), functions={"near": near}) as around,
        started(settings, around._replace(cache=tmp_path)) as subject,
    ):
        response, exchange = await observed(subject, get(b"/oauth2/idpresponse"))
        others = [await respond(subject, get(path)) for path in (b"/oauth2/idpresponse/more", b"/other")]

    assert (response.status, exchange.error_reason, exchange.rule) == (401, "AuthMissingStateParam", "")
    assert ([it.status for it in others], len(target.events)) == ([200, 200], 2)


async def test_what_a_listener_asks_of_its_port(tmp_path: Path) -> None:
    """The idle timeout and HTTP/2 of its attributes, and client certificates as its mutual authentication says."""
    plain = listener(to("near"))
    attributes = {**plain.attributes, "idle_timeout.timeout_seconds": 7, "routing.http2.enabled": False}
    trust = tmp_path / "trust.pem"
    mutual = [MutualAuthentication(mode, trust) for mode in ("verify", "passthrough")]
    strict, lax = (replace(plain, attributes=attributes, mutual_authentication=it) for it in mutual)
    async with context(group("near")) as around:
        ports = [alb(settings, around).steps.port for settings in (plain, strict, lax)]

    assert ports == [
        PortNeeds(60.0, http2=True),
        PortNeeds(7.0, client_ca=trust),
        PortNeeds(7.0, client_ca=trust, client_may_have_none=True),
    ]


async def test_settings_that_cannot_work() -> None:
    """Passthrough cannot do without a trust store here, which is said before there is a port."""
    settings = replace(
        listener(to("near")), protocol="HTTPS", mutual_authentication=MutualAuthentication("passthrough")
    )
    async with context(group("near")) as around:
        with pytest.raises(UsageError, match="needs a trust_store"):
            alb(settings, around)


async def test_health_checks_of_target_groups() -> None:
    """There are some for each group that an action or a shadow names, and for no other."""
    groups = (
        group("one", "http://127.0.0.1:1", shadow="two"),
        group("two", "http://127.0.0.1:2"),
        group("three", "http://127.0.0.1:3"),
    )
    async with context(*groups) as around:
        checkers = steps_of(alb(listener(to("one")), around)).checkers

    assert {name: list(checker.states) for name, checker in checkers.items()} == {
        "one": ["http://127.0.0.1:1"],
        "two": ["http://127.0.0.1:2"],
    }


async def test_observers_of_health_checks() -> None:
    """Who looks on is told of them, though they belong to no request."""
    seen = Seen()
    checked = group("server", "http://127.0.0.1:1")._replace(health_check=NO_CHECKS._replace(enabled=True))
    async with context(checked) as around, started(listener(to("server")), around._replace(observer=seen)):
        exchange = await seen.one()

    assert (exchange.kind, exchange.request) == ("health check", None)


async def test_a_listener_described_by_its_flavour() -> None:
    """Every request reaches the function, written as the flavour says; the answer has the flavour's attributes."""
    near, target = scripted(lambda _: {"statusCode": 200, "multiValueHeaders": {"X-A": ["1"]}})
    flavour = Alb(ARN, multi_value_headers=True, attributes=AlbAttributes(server_header=False))
    around = listener_context({"near": near})
    subject = alb_of(flavour, around, FunctionReference("near"))
    response, exchange = await observed(subject, get(b"/any/where"))

    lines = dict(response.headers)
    assert (lines[b"X-A"], b"Server" in lines) == (b"1", False)
    (event,) = target.events
    assert (event["path"], "multiValueHeaders" in event, "headers" in event) == ("/any/where", True, False)
    assert event["requestContext"] == {"elb": {"targetGroupArn": ARN}}
    assert (exchange.rule, exchange.actions, exchange.target_group_arn) == ("0", ["forward"], ARN)
    assert exchange.function == FunctionReference("near")


async def test_such_a_listener_mitigates_desync() -> None:
    """As a load balancer does that nobody has set otherwise."""
    near, target = scripted(ok)
    subject = alb_of(Alb(), listener_context({"near": near}), FunctionReference("near"))
    response = await respond(subject, get(headers=((b"Content-Length", b"1"), (b"Content-Length", b"2"))))

    assert (response.status, target.events) == (400, [])


def test_a_load_balancer_has_no_authorizers() -> None:
    """Who gives a context of one is told to leave it out."""
    with pytest.raises(UsageError, match="leave the option authorizer out"):
        alb_of(Alb(), listener_context({}), FunctionReference("near"), {"principalId": "me"})
