"""The listener of a load balancer as the edges see it."""

import re
from dataclasses import replace

import orjson
import pytest

from gateway.invocation import Returned, Throttled
from gateway.listener_types import listener_type
from gateway.listeners.alb.authentication_answer import AuthenticationAnswer, Passed
from gateway.listeners.alb.listener import AlbSteps, Routing
from gateway.listeners.pipeline import PipelineListener
from gateway.observe.record import Exchange
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.flavours.alb import LIMITS
from gateway.translation.messages import Arrival, Request, Response
from gateway.types import Json
from tests.listeners.alb.doubles import ARN, FORWARD, ScriptedTarget, alb_listener, get, listener, routing
from tests.listeners.alb.stacks import alb, rule
from tests.listeners.observers import observed, respond

pytestmark = pytest.mark.anyio

PATH: Json = {"field": "path-pattern", "values": ["/a*"]}


def answering(text: str = "hi") -> ScriptedTarget:
    """A function that always answers with this text."""
    return ScriptedTarget(Returned(orjson.dumps({"statusCode": 200, "body": text})))


def plain(payload: bytes = b'{"statusCode":200,"body":"hi"}') -> PipelineListener:
    """A load balancer in front of a function that always returns this."""
    return listener(alb(groups=["group"], default_actions=FORWARD), group=ScriptedTarget(Returned(payload)))


def routing_of(subject: PipelineListener) -> Routing:
    """What it does with requests now."""
    assert isinstance(subject.steps, AlbSteps)
    return subject.steps.routing


async def test_answers() -> None:
    """The function's result is the answer, also when nobody wants to know of it."""
    response = await respond(plain(), get())

    assert (response.status, response.body) == (200, b"hi")


async def test_record_for_observers() -> None:
    """An exchange is filled in with what the load balancer did and what came of it."""
    _, exchange = await observed(plain(), get())

    assert exchange.outcome == Returned(b'{"statusCode":200,"body":"hi"}')
    assert (exchange.rule, exchange.actions, exchange.target_group_arn) == ("0", ["forward"], ARN)
    assert (exchange.error_reason, exchange.classification, exchange.fault) == ("-", ("-", "-"), None)


async def test_never_raises() -> None:
    """A result that is no JSON is the client's 502."""
    assert (await respond(plain(b"nonsense"), get())).status == 502


@pytest.mark.parametrize("status", [400, 408, 413, 414, 431, 500, 501, 505])
def test_rejects(status: int) -> None:
    """Bytes that are no request get the load balancer's page, and the connection ends."""
    response = plain().reject(status, ("127.0.0.1", 4711), b"")

    assert response.status == status
    assert response.close
    assert dict(response.headers)[b"Server"] == b"awselb/2.0"


def test_limits() -> None:
    """The edges enforce the load balancer's limits; functions take no streams."""
    assert plain().limits == LIMITS
    assert not plain().accepts_streams


def rules() -> PipelineListener:
    """A load balancer with one rule of each kind; the default is a function."""
    path: Json = {"field": "path-pattern", "values": ["/old/*"]}
    moved: Json = {"type": "redirect", "host": "new.example.com", "path": "/#{path}", "status_code": "HTTP_301"}
    fixed: Json = {
        "type": "fixed-response",
        "status_code": 503,
        "content_type": "text/plain",
        "message_body": "closed",
    }
    given = [
        rule(path, priority=20, actions=[moved]),
        rule({"field": "path-pattern", "values": ["/old/closed"]}, priority=10, actions=[fixed]),
    ]
    return listener(alb(given, ["group"], default_actions=FORWARD), group=answering())


async def test_redirect() -> None:
    """A redirect is answered without the function, with the port in its URL."""
    response, exchange = await observed(rules(), get(b"/old/a%20b")._replace(raw_query=b"x=1"))

    assert response.status == 301
    assert dict(response.headers)[b"Location"] == b"http://new.example.com:8000/old/a%20b?x=1"
    assert (exchange.rule, exchange.actions, exchange.target_group_arn) == ("20", ["redirect"], "")


async def test_fixed_response() -> None:
    """The rule with the lower number decides first; its text is the answer."""
    response, exchange = await observed(rules(), get(b"/old/closed"))

    assert (response.status, response.body) == (503, b"closed")
    assert dict(response.headers)[b"Content-Type"] == b"text/plain; charset=utf-8"
    assert exchange.actions == ["fixed-response"]


async def test_default_action() -> None:
    """What no rule takes is for the default action."""
    response = await respond(rules(), get(b"/new"))

    assert (response.status, response.body) == (200, b"hi")


def transforming(kind: str, replacement: str) -> tuple[PipelineListener, ScriptedTarget]:
    """A load balancer that rewrites requests before they are forwarded, and the function behind it."""
    target = answering()
    transform: Json = {"type": kind, "rewrites": [{"regex": "^/a(.*)$|^h$", "replace": replacement}]}
    given = rule(PATH, actions=FORWARD, transforms=[transform])
    return listener(alb([given], ["group"]), group=target), target


async def test_transform() -> None:
    """The target gets the rewritten request; observers learn of it."""
    subject, target = transforming("url-rewrite", "/b$1")
    response, exchange = await observed(subject, get(b"/a/c"))

    assert response.status == 200
    assert orjson.loads(target.invocations[0].payload)["path"] == "/b/c"
    transformed = exchange.transformed
    assert transformed
    assert transformed.raw_path == b"/b/c"


@pytest.mark.parametrize(("kind", "replacement"), [("url-rewrite", "nowhere"), ("host-header-rewrite", "no host")])
async def test_transform_that_fails(kind: str, replacement: str) -> None:
    """What is no URL or no host is never sent on: 500, and the function is not invoked."""
    subject, target = transforming(kind, replacement)
    response, exchange = await observed(subject, get(b"/a/c"))

    assert (response.status, response.close) == (500, False)
    assert target.invocations == []
    assert (exchange.actions, exchange.transformed) == ([], None)


def weighted(first: int, second: int, **keys: Json) -> PipelineListener:
    """Two functions that answer with their names, by weight."""
    groups: Json = [{"target_group": "one", "weight": first}, {"target_group": "two", "weight": second}]
    forward: Json = [{"type": "forward", "target_groups": groups, **keys}]
    settings = alb(groups=["one", "two"], default_actions=forward)
    return listener(settings, one=answering("one"), two=answering("two"))


@pytest.mark.parametrize(("first", "second", "expected"), [(0, 5, b"two"), (999, 0, b"one")])
async def test_weights(first: int, second: int, expected: bytes) -> None:
    """A group of weight 0 gets nothing."""
    subject = weighted(first, second)

    assert {(await respond(subject, get())).body for _ in range(20)} == {expected}


async def test_no_weight_at_all() -> None:
    """When every group has weight 0 the answer is 503, and the connection stays."""
    response, exchange = await observed(weighted(0, 0), get())

    assert (response.status, response.close) == (503, False)
    assert exchange.actions == []


STICKY: Json = {"enabled": True, "duration_seconds": 60}
COOKIE = re.compile(rb"(AWSALBTG(?:CORS)?)=([^;]+); Expires=[^;]+ GMT; Path=/(; SameSite=None; Secure)?")


def cookies(response: Response) -> dict[bytes, bytes]:
    """The stickiness cookies of an answer."""
    lines = [COOKIE.fullmatch(value) for name, value in response.headers if name == b"Set-Cookie"]
    return {found[1]: found[2] for found in lines if found}


async def test_stickiness() -> None:
    """A client that sends its cookie back stays with its target group, whichever of the two cookies it sends."""
    subject = weighted(1, 1, target_group_stickiness_config=STICKY)
    first = await respond(subject, get())
    given = cookies(first)
    assert set(given) == {b"AWSALBTG", b"AWSALBTGCORS"}
    assert len(set(given.values())) == 1

    for name, value in given.items():
        again = [(await respond(subject, get(headers=((b"Cookie", name + b"=" + value),)))).body for _ in range(20)]
        assert set(again) == {first.body}


async def test_no_cookies_without_stickiness() -> None:
    """A forward action without group stickiness sets none."""
    assert cookies(await respond(weighted(1, 1), get())) == {}


@pytest.mark.parametrize("value", [b"forged", b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", b"a%3D%3D", b""])
async def test_forged_cookie(value: bytes) -> None:
    """A cookie that the load balancer did not make fails the request; the access log names the reason."""
    subject = weighted(1, 1, target_group_stickiness_config=STICKY)
    response, exchange = await observed(subject, get(headers=((b"Cookie", b"AWSALBTG=" + value),)))

    assert response.status == 500
    assert (exchange.error_reason, exchange.target_group_arn) == ("AWSALBTGCookieInvalid", "")


async def test_cookie_of_another_gateway() -> None:
    """A cookie made with another key is a forged one."""
    subject = weighted(1, 1, target_group_stickiness_config=STICKY)
    given = cookies(await respond(subject, get()))
    subject.replace(AlbSteps(replace(routing_of(subject), sticky_key=b"another")))

    response = await respond(subject, get(headers=((b"Cookie", b"AWSALBTG=" + given[b"AWSALBTG"]),)))
    assert response.status == 500


def mitigating(mode: str) -> PipelineListener:
    """A load balancer in one of the desync mitigation modes."""
    settings = alb(groups=["group"], default_actions=FORWARD, attributes={"routing.http.desync_mitigation_mode": mode})
    return listener(settings, group=answering())


SEVERE = ((b"Host", b"h"), (b"Content-Length", b"1"), (b"Content-Length", b"2"))
AMBIGUOUS = ((b"Host", b"h"), (b"Content-Length", b"1"), (b"Transfer-Encoding", b"chunked"))
ACCEPTABLE = ((b"Host", b"h"), (b"Content-Length", b"0"))


@pytest.mark.parametrize(
    ("mode", "headers", "status", "close"),
    [
        ("monitor", SEVERE, 200, True),
        ("defensive", SEVERE, 400, True),
        ("strictest", SEVERE, 400, True),
        ("monitor", AMBIGUOUS, 200, True),
        ("defensive", AMBIGUOUS, 200, True),
        ("strictest", AMBIGUOUS, 400, True),
        ("defensive", ACCEPTABLE, 200, False),
        ("strictest", ACCEPTABLE, 400, True),
    ],
)
async def test_desync_mitigation(
    mode: str, headers: tuple[tuple[bytes, bytes], ...], status: int, *, close: bool
) -> None:
    """What is dangerous is refused as the mode says, and its connection closed and the finding logged in any mode."""
    response, exchange = await observed(mitigating(mode), get(headers=headers))

    assert (response.status, response.close) == (status, close)
    level, reason = exchange.classification
    assert level != "-"
    assert reason != "-"


class KeepingGroup:
    """A target group that keeps the request it gets."""

    name = arn = "group"
    accepts_streams = False

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def start(self) -> None:
        """Nothing to do."""

    async def forward(self, request: Request, arrival: Arrival, exchange: Exchange | None) -> Response:  # noqa: ARG002
        """An empty answer."""
        self.requests.append(request)
        return Response(200, [])

    async def aclose(self) -> None:
        """Nothing to do."""


@pytest.mark.parametrize("mode", ["monitor", "defensive"])
@pytest.mark.parametrize(("headers", "ambiguous"), [(AMBIGUOUS, True), (ACCEPTABLE, False)])
async def test_a_target_group_learns_of_an_unclear_request(
    mode: str, headers: tuple[tuple[bytes, bytes], ...], ambiguous: bool
) -> None:
    """So that nothing goes behind it to a server either."""
    subject, group = mitigating(mode), KeepingGroup()
    subject.replace(AlbSteps(replace(routing_of(subject), groups={"group": group})))
    await respond(subject, get(headers=headers))

    assert [(request.ambiguous, request.keep_alive) for request in group.requests] == [(ambiguous, not ambiguous)]


async def test_compliant_request() -> None:
    """Nothing is logged of an ordinary request."""
    response, exchange = await observed(mitigating("strictest"), get())

    assert response.status == 200
    assert exchange.classification == ("-", "-")


class Doorkeeper:
    """An authentication action that does what the test says."""

    def __init__(self, decision: Passed | AuthenticationAnswer) -> None:
        self.decision = decision
        self.asked: list[bytes] = []

    async def authenticate(self, request: Request, arrival: Arrival) -> Passed | AuthenticationAnswer:  # noqa: ARG002
        """The decision."""
        self.asked.append(request.raw_path)
        return self.decision


def guarded(keeper: Doorkeeper) -> tuple[PipelineListener, ScriptedTarget]:
    """A load balancer that asks before it forwards, and the function behind it."""
    check: Json = {"type": "jwt-validation", "jwks_endpoint": "https://e.com/keys", "issuer": "https://e.com"}
    files: Json = [{"certificate": "cert.pem", "private_key": "key.pem"}]
    settings = alb(
        [rule(PATH, actions=[check, *FORWARD])],  # type: ignore[misc]  # a list
        ["group"],
        protocol="HTTPS",
        certificates=files,
    )
    target = answering()
    made = routing(settings, {"group": target})
    authenticators = {id(it.authentication): keeper for it in made.rules.rules}
    return alb_listener(replace(made, authenticators=authenticators)), target


async def test_authentication_lets_pass() -> None:
    """The target gets the request as authentication made it; the answer gets authentication's cookies."""
    changed = get(b"/a/user", headers=((b"Host", b"h"), (b"X-Amzn-Oidc-Identity", b"me")))
    subject, target = guarded(Doorkeeper(Passed(changed, [(b"Set-Cookie", b"session=1")])))
    response, exchange = await observed(subject, get(b"/a/user"))

    assert orjson.loads(target.invocations[0].payload)["headers"]["x-amzn-oidc-identity"] == "me"
    assert (b"Set-Cookie", b"session=1") in response.headers
    assert exchange.actions == ["authenticate", "forward"]


async def test_authentication_answers(caplog: pytest.LogCaptureFixture) -> None:
    """Its own answer goes out as it is, with its reason for both logs; the function is not invoked."""
    page = Response(401, [(b"Server", b"awselb/2.0")], b"no")
    subject, target = guarded(Doorkeeper(AuthenticationAnswer(page, "AuthInvalidToken", "the token has expired")))
    response, exchange = await observed(subject, get(b"/a"))

    assert (response.status, response.body, target.invocations) == (401, b"no", [])
    assert (exchange.actions, exchange.error_reason) == (["authenticate"], "AuthInvalidToken")
    assert "authentication -> 401: the token has expired" in caplog.text


async def test_authentication_is_asked_by_its_rule_only() -> None:
    """Requests that another rule takes are not asked."""
    keeper = Doorkeeper(AuthenticationAnswer(Response(401, [])))
    subject, _ = guarded(keeper)
    response = await respond(subject, get(b"/public"))

    assert (response.status, keeper.asked) == (404, [])


async def test_authentication_that_nothing_carries_out() -> None:
    """A rule that asks for it is never carried out without: what is missing there is a defect."""
    subject, target = guarded(Doorkeeper(AuthenticationAnswer(Response(401, []))))
    subject.replace(AlbSteps(replace(routing_of(subject), authenticators={})))

    with pytest.raises(KeyError):
        await respond(subject, get(b"/a"))
    assert target.invocations == []


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (plain(), {"mitigate", "integrate"}),
        (weighted(1, 1), {"mitigate", "route", "integrate"}),
        (weighted(1, 1, target_group_stickiness_config=STICKY), {"mitigate", "route", "integrate", "finish"}),
        (
            guarded(Doorkeeper(AuthenticationAnswer(Response(401, []))))[0],
            {"mitigate", "route", "authorize", "integrate", "finish"},
        ),
    ],
    ids=["one target group", "weights", "stickiness", "authentication"],
)
def test_steps_with_nothing_to_do(subject: PipelineListener, expected: set[str]) -> None:
    """They are left out: the fewer, the less its settings ask for."""
    assert {name for name in listener_type("alb").steps if subject.steps.needs(name)} == expected


async def test_throttled() -> None:
    """A fault of the function is the load balancer's 502 with a reason for the log."""
    subject = listener(alb(groups=["group"], default_actions=FORWARD), group=ScriptedTarget(Throttled("why")))
    response, exchange = await observed(subject, get())

    assert (response.status, exchange.error_reason) == (502, "LambdaThrottling")


async def test_routing_is_replaced_as_a_whole() -> None:
    """A new configuration holds from the next request on; the old one is given back."""
    subject = plain()
    before = subject.steps
    settings = alb(attributes={"routing.http.response.server.enabled": False})
    after = AlbSteps(routing(settings, {}))
    assert subject.replace(after) is before
    response = await respond(subject, get())

    assert response.status == 404
    assert b"Server" not in dict(response.headers)
    assert subject.steps is after
    assert routing_of(subject).attributes != AlbAttributes()
