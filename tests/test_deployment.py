"""The functions of one configuration after another, in a Lambda service."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import orjson
import pytest

from gateway.config.settings import Settings
from gateway.deployment import Deployment
from gateway.errors import UsageError
from gateway.functions.service import LambdaService
from gateway.hosting import Host, HostOptions
from gateway.invocation import FunctionReference, Invocation, Returned
from tests.gateways import Front, function, gateway_settings
from tests.targets.hosting import Log

pytestmark = pytest.mark.anyio

ONE, TWO = FunctionReference("one"), FunctionReference("two")
FAR = FunctionReference("aws:far")


def settings_of(*names: str, far: str = "") -> Settings:
    """Functions of these names; a listener forwards to one elsewhere, if any."""
    settings = gateway_settings([function(name, "host.alb") for name in names], [Front("one")])
    groups = {name: it._replace(function="", targets=(far,)) for name, it in settings.target_groups.items()}
    return replace(settings, target_groups=groups) if far else settings


@asynccontextmanager
async def deployed(settings: Settings) -> AsyncIterator[tuple[Deployment, LambdaService]]:
    """A deployment whose functions are loaded."""
    host = Host(HostOptions(os.environ, Log().append, python=sys.executable))
    service = LambdaService()
    deployment = Deployment(settings, host, service)
    try:
        assert set(await deployment.start()) <= {None}
        yield deployment, service
    finally:
        await service.aclose()
        await host.aclose()


async def test_a_change_takes_and_gives() -> None:
    """What is the same stays as it is; what is new waits for the commit; what is gone is found no longer."""
    async with deployed(settings_of("one", "two")) as (deployment, service):
        kept = service.functions.find(ONE)
        change = await deployment.prepare(settings_of("one", "three"))
        before = [it.configuration.name for it in service.functions]
        deployment.commit(change)
        after = [it.configuration.name for it in service.functions]
        event = orjson.dumps({"path": "/a", "httpMethod": "GET"})
        outcome = await service.invoke(FunctionReference("three"), Invocation(event, "id"))

        assert (before, after) == (["one", "two"], ["one", "three"])
        assert service.functions.find(ONE) is kept
    assert isinstance(outcome, Returned)


async def test_a_change_that_cannot_work_changes_nothing() -> None:
    """The functions that were loaded for it end again."""
    async with deployed(settings_of("one")) as (deployment, service):
        bad = settings_of("one", "two")
        functions = {**bad.functions, "bad": function("bad", "host.missing")}
        with pytest.raises(UsageError, match="missing"):
            await deployment.prepare(replace(bad, functions=functions))

        assert [it.configuration.name for it in service.functions] == ["one"]


async def test_functions_elsewhere_come_and_go_with_the_target_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are found by their targets, and by nobody who lists the functions of here."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    async with deployed(settings_of("one", far="aws:far")) as (deployment, service):
        there = service.configuration(FAR)
        deployment.commit(await deployment.prepare(settings_of("one")))

        assert there is not None
        assert (there.name, service.configuration(FAR)) == ("far", None)
        assert [it.configuration.name for it in service.functions] == ["one"]
