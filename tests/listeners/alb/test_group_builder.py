"""From a configuration to target groups that answer."""

from dataclasses import dataclass

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.functions.remote import remote_reference
from gateway.functions.service import LambdaService
from gateway.invocation import Invocation, Outcome, Returned
from gateway.listeners.alb.group_builder import GroupBuilder, GroupOptions
from gateway.listeners.alb.target_groups import TargetGroup
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.messages import Arrival, Request
from gateway.types import Json
from tests.listeners.alb.stacks import settings_of
from tests.targets.http_server import answering, ok

pytestmark = pytest.mark.anyio
ARRIVAL = Arrival("6f7f0961-1234-4abc-8def-0123456789ab", 0, "1-00000000-0123456789abcdef01234567")
GET = Request("GET", b"/", b"", [], b"", ("192.0.2.1", 1), ("127.0.0.1", 80))
LOAD_BALANCER = GroupOptions(AlbAttributes(), b"k" * 32, 5.0)


@dataclass
class Canned:
    """A function's target that gives one result."""

    result: bytes

    async def start(self) -> None:
        """Nothing to make ready."""

    async def invoke(self, invocation: Invocation) -> Outcome:
        """The result."""
        del invocation
        return Returned(self.result)

    def renew(self) -> None:
        """Nothing to load anew."""

    async def aclose(self) -> None:
        """Nothing to stop."""


def builder(groups: dict[str, Json], **functions: bytes) -> GroupBuilder:
    """A builder for these tables; each named group has a function elsewhere with this result."""
    settings = settings_of(target_groups=groups).target_groups
    service = LambdaService()
    for name, result in functions.items():
        function = Function(FunctionConfiguration(name, "a.b"), Canned(result))
        service.put(function, remote_reference(settings[name].targets))
    return GroupBuilder(settings, service, LOAD_BALANCER)


async def answered(group: TargetGroup) -> int:
    """The status of one answer."""
    await group.start()
    response = await group.forward(GET, ARRIVAL, None)
    await group.aclose()
    return response.status


async def test_a_group_of_a_function_that_runs_elsewhere() -> None:
    """Its checks are off, as AWS has them."""
    made = builder({"far": {"targets": ["aws:far"]}}, far=b'{"statusCode":201}')
    group = made.build("far")

    assert await answered(group) == 201
    assert group.arn.startswith("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/far/")
    assert [state.state.value for state in made.checkers["far"].states.values()] == ["unavailable"]


async def test_a_group_of_servers() -> None:
    """Its checks are on; a body of any length may come."""
    async with answering(ok(status=b"202 Soon")) as server:
        made = builder({"legacy": {"targets": [server.url], "health_check": {"matcher": "202"}}})
        group = made.build("legacy")
        assert group.accepts_streams
        assert await answered(group) == 202
    assert list(made.checkers["legacy"].states) == [server.url]


async def test_a_shadow_has_checks_of_its_own() -> None:
    """The client's answer is the group's."""
    tables: dict[str, Json] = {"one": {"targets": ["aws:one"], "shadow": "two"}, "two": {"targets": ["aws:two"]}}
    made = builder(tables, one=b'{"statusCode":200}', two=b'{"statusCode":500}')

    assert await answered(made.build("one")) == 200
    assert set(made.checkers) == {"one", "two"}
