"""Target groups of functions."""

import asyncio
import re

import pytest

from gateway.invocation import FunctionReference, Returned
from gateway.listeners.alb.target_groups import LambdaTargetGroup, target_group_arn
from gateway.listeners.arrivals import arrive
from gateway.observe.record import Exchange
from gateway.translation.flavours.alb import Alb
from tests.listeners.alb.doubles import ARN, ScriptedTarget, function, get
from tests.listeners.doubles import chunks
from tests.services import called

pytestmark = pytest.mark.anyio


async def test_forward() -> None:
    """The function of the group answers, and its event names the group."""
    target = ScriptedTarget(Returned(b'{"statusCode":200,"body":"hi"}'))
    group = LambdaTargetGroup("group", Alb(ARN), *called(function(target)))
    response = await group.forward(get(), arrive(), None)

    assert (response.status, response.body) == (200, b"hi")
    assert ARN.encode() in target.invocations[0].payload
    assert group.arn == ARN


async def test_record_of_an_invocation() -> None:
    """What was invoked with which event, and what came of it; nobody asks for a report where there is no record."""
    target = ScriptedTarget(Returned(b'{"statusCode":200}'))
    group = LambdaTargetGroup("group", Alb(ARN), *called(function(target)))
    exchange = Exchange(arrive(), get())
    await group.forward(get(), exchange.arrival, exchange)
    await group.forward(get(), arrive(), None)

    first, second = target.invocations
    assert (exchange.function, exchange.event, exchange.outcome) == (
        FunctionReference("f"),
        first.payload,
        target.outcome,
    )
    assert exchange.answered_at >= exchange.invoked_at > 0
    assert first.report is exchange.report is not None
    assert second.report is None


async def test_stream_is_too_large() -> None:
    """A body that another group of the listener could take is over the limit of a function: 413, and it ends there."""
    target = ScriptedTarget(Returned(b"{}"))
    group = LambdaTargetGroup("group", Alb(ARN), *called(function(target)))
    arrival = arrive()
    exchange = Exchange(arrival)
    response = await group.forward(get()._replace(stream=chunks(b"x")), arrival, exchange)

    assert (response.status, response.close, target.invocations) == (413, True, [])
    assert dict(response.headers)[b"Connection"] == b"close"
    assert exchange.fault


async def test_function_outlives_its_group() -> None:
    """Starting and closing a group leaves the function alone: it may stand behind others."""
    target = ScriptedTarget(Returned(b'{"statusCode":200}'))
    group = LambdaTargetGroup("group", Alb(ARN), *called(function(target)))
    await asyncio.gather(group.start(), group.aclose())

    assert (await group.forward(get(), arrive(), None)).status == 200


def test_arn() -> None:
    """An ARN in AWS's form: always the same for a name, another one for another name."""
    arn = target_group_arn("legacy", "eu-west-1", "123456789012")

    assert re.fullmatch(r"arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/legacy/[0-9a-f]{16}", arn)
    assert arn == target_group_arn("legacy", "eu-west-1", "123456789012")
    assert arn.rpartition("/")[2] != target_group_arn("other", "eu-west-1", "123456789012").rpartition("/")[2]
