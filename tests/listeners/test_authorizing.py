"""Lambda authorizers: when they are called, what is remembered, what their failures mean."""

import asyncio
from typing import TypeAlias

import pytest

from gateway.config import apis
from gateway.invocation import Outcome, Returned, Throttled, TimedOut
from gateway.listeners.authorizing import (
    AuthorizerCall,
    HttpAuthorizer,
    Question,
    RequestAuthorizer,
    TokenAuthorizer,
    WebSocketAuthorizer,
)
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Request
from gateway.types import Json
from tests.listeners.scripted import Scripted, failing, scripted
from tests.services import called

pytestmark = pytest.mark.anyio

ARN = "arn:aws:execute-api:us-east-1:123456789012:api/prod/GET/a"
REQUEST = Request("GET", b"/a", b"", [], b"", ("192.0.2.1", 1), ("127.0.0.1", 2))


Answered: TypeAlias = "Json | Outcome"


def policy(effect: str = "Allow", resource: str = "*") -> Json:
    """An answer."""
    statement: Json = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def question(headers: dict[str, Json], arn: str = ARN) -> Question:
    """What is asked for a request with these headers."""
    return Question({"headers": headers, "requestContext": {}}, arn, "192.0.2.1", REQUEST)


def call(answer: Answered, ttl_s: int = 300, clock: list[float] | None = None) -> tuple[AuthorizerCall, Scripted]:
    """An authorizer's function that always gives one answer."""
    function, target = scripted(lambda _: answer)
    now = clock or [0.0]
    return AuthorizerCall(*called(function), ttl_s, lambda: now[0]), target


async def test_an_answer_is_kept_for_its_time() -> None:
    """One call for one token until the time is over; another token is another call."""
    clock = [0.0]
    asked, target = call(policy(), 300, clock)
    authorizer = TokenAuthorizer(apis.Authorizer("TOKEN", "a"), asked)
    calls = []
    for clock[0], token in [(0.0, "t"), (299.0, "t"), (299.0, "u"), (300.0, "t")]:
        await authorizer.ask(question({"Authorization": token}))
        calls.append(len(target.events))

    assert calls == [1, 1, 2, 3]


@pytest.mark.parametrize(("ttl_s", "calls"), [(0, 2), (1, 1)])
async def test_no_time_keeps_nothing(ttl_s: int, calls: int) -> None:
    """A TTL of 0 asks each time."""
    asked, target = call(policy(), ttl_s)
    authorizer = TokenAuthorizer(apis.Authorizer("TOKEN", "a"), asked)
    for _ in range(2):
        await authorizer.ask(question({"Authorization": "t"}))

    assert len(target.events) == calls


async def test_a_kept_answer_is_judged_again() -> None:
    """A policy that names one method denies the others, from memory too; only a call has a latency."""
    asked, target = call(policy(resource=ARN))
    authorizer = TokenAuthorizer(apis.Authorizer("TOKEN", "a"), asked)
    await authorizer.ask(question({"Authorization": "t"}))
    again = await authorizer.ask(question({"Authorization": "t"}))
    with pytest.raises(Refused) as caught:
        await authorizer.ask(question({"Authorization": "t"}, ARN.replace("/a", "/b")))

    assert again.authorizer["integrationLatency"] == 0
    assert caught.value.cause is Cause.IMPLICIT_DENY
    assert len(target.events) == 1


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (failing("Unauthorized"), Cause.UNAUTHORIZED),
        (failing("unauthorized"), Cause.AUTHORIZER_FAILURE),
        (TimedOut(b"{}", 3000), Cause.AUTHORIZER_FAILURE),
        (Throttled("x"), Cause.AUTHORIZER_FAILURE),
        (Returned(b"no json"), Cause.AUTHORIZER_CONFIGURATION),
        ("text", Cause.AUTHORIZER_CONFIGURATION),
        (policy("Deny"), Cause.EXPLICIT_DENY),
    ],
)
async def test_what_is_refused(answer: Answered, cause: Cause) -> None:
    """Each failure has its cause, and none is kept."""
    asked, target = call(answer)
    authorizer = RequestAuthorizer(apis.Authorizer("REQUEST", "a"), asked)
    for _ in range(2):
        with pytest.raises(Refused) as caught:
            await authorizer.ask(question({}))
        assert caught.value.cause is cause
    assert len(target.events) == 2


@pytest.mark.parametrize(("token", "taken"), [("Bearer x", True), ("x", False), ("Bearer ", False)])
async def test_validation_expression(token: str, *, taken: bool) -> None:
    """A token that does not match is refused without a call."""
    asked, target = call(policy())
    settings = apis.Authorizer("TOKEN", "a", identity_validation_expression="Bearer .+")
    authorizer = TokenAuthorizer(settings, asked)
    if taken:
        await authorizer.ask(question({"Authorization": token}))
    else:
        with pytest.raises(Refused) as caught:
            await authorizer.ask(question({"Authorization": token}))
        assert caught.value.cause is Cause.UNAUTHORIZED
    assert len(target.events) == taken


async def test_no_token_makes_its_validation_slow() -> None:
    """An expression that backtracks for ages in other engines is done in one pass."""
    asked, target = call(policy())
    settings = apis.Authorizer("TOKEN", "a", identity_validation_expression="(a+)+b")
    with pytest.raises(Refused):
        await TokenAuthorizer(settings, asked).ask(question({"Authorization": "a" * 10_000}))
    assert target.events == []


async def test_an_http_api_waits_no_longer_than_its_time() -> None:
    """An authorizer that is too slow has failed."""
    gate = asyncio.Event()

    async def slow(_: dict[str, Json]) -> Json:
        await gate.wait()
        return {}

    function, _ = scripted(slow, timeout_ms=60_000)
    authorizer = HttpAuthorizer(apis.Authorizer("REQUEST", "a"), AuthorizerCall(*called(function), 0, lambda: 0.0, 20))
    with pytest.raises(Refused) as caught:
        await authorizer.ask(question({}))
    gate.set()

    assert caught.value.cause is Cause.AUTHORIZER_FAILURE


async def test_identity_sources_of_a_websocket() -> None:
    """Their names begin with ``route``."""
    asked, target = call(policy())
    settings = apis.Authorizer("REQUEST", "a", ("route.request.header.Auth",))
    authorizer = WebSocketAuthorizer(settings, asked)
    with pytest.raises(Refused):
        await authorizer.ask(question({}))
    await authorizer.ask(question({"Auth": "x"}))

    assert [event["type"] for event in target.events] == ["REQUEST"]
