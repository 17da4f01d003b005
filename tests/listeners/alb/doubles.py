"""A function whose outcomes the test chooses, and requests for it."""

from collections.abc import Mapping

from gateway.config.settings import AlbSettings
from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.invocation import Invocation, Outcome
from gateway.listener_types import listener_type
from gateway.listeners.alb.attributes import alb_attributes
from gateway.listeners.alb.listener import AlbSteps, Routing
from gateway.listeners.alb.rules import compile_rules
from gateway.listeners.alb.target_groups import LambdaTargetGroup
from gateway.listeners.pipeline import PipelineListener
from gateway.translation.desync import Mode
from gateway.translation.flavours.alb import Alb
from gateway.translation.messages import Request
from gateway.types import Json
from tests.services import called

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/tests/6d0ecf831eec9f09"


class ScriptedTarget:
    """Gives one outcome and keeps the invocations."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.invocations: list[Invocation] = []

    async def start(self) -> None:
        """Nothing to do."""

    async def invoke(self, invocation: Invocation) -> Outcome:
        """The outcome."""
        self.invocations.append(invocation)
        return self.outcome

    def renew(self) -> None:
        """Nothing to load anew."""

    async def aclose(self) -> None:
        """Nothing to do."""


def function(target: ScriptedTarget) -> Function:
    """A function that runs on it."""
    return Function(FunctionConfiguration(name="app", handler="app.handler"), target)


FORWARD: Json = [{"type": "forward", "target_groups": [{"target_group": "group"}]}]


def routing(settings: AlbSettings, targets: Mapping[str, ScriptedTarget]) -> Routing:
    """A listener's settings with a function behind each of its target groups."""
    attributes = alb_attributes(settings)
    groups = {
        name: LambdaTargetGroup(name, Alb(ARN, attributes=attributes), *called(function(target)))
        for name, target in targets.items()
    }
    mode = Mode(settings.attributes["routing.http.desync_mitigation_mode"])
    return Routing(compile_rules(settings), groups, attributes, mode, b"key")


def alb_listener(routing: Routing) -> PipelineListener:
    """The listener of a load balancer, without a port."""
    return PipelineListener(AlbSteps(routing), listener_type("alb").steps)


def listener(settings: AlbSettings, **targets: ScriptedTarget) -> PipelineListener:
    """A listener with target groups of these names."""
    return alb_listener(routing(settings, targets))


def get(
    path: bytes = b"/a", headers: tuple[tuple[bytes, bytes], ...] = ((b"Host", b"h"),), body: bytes = b""
) -> Request:
    """A request as an edge gives it."""
    return Request("GET", path, b"", headers, body, ("127.0.0.1", 4711), ("127.0.0.1", 8000))
