"""One listener of a load balancer with everything behind it: target groups, checks, shadows, authentication."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.config.rules import ActionSettings, AuthenticationSettings, Forward
from gateway.config.settings import AlbSettings, Settings, TargetGroupSettings
from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.listeners.alb.attributes import alb_attributes
from gateway.listeners.alb.listener import Routing
from gateway.listeners.alb.rules import compile_rules
from gateway.listeners.alb.target_groups import LambdaTargetGroup, TargetGroup, target_group_arn
from gateway.translation.desync import Mode
from gateway.translation.flavours.alb import Alb

if TYPE_CHECKING:
    from gateway.listeners.alb.authenticate import Authentication
    from gateway.listeners.alb.health_checker import HealthChecker, Probe

LOAD_BALANCER = "app/gateway/50dc6c495c0c9188"
_ARN = f"arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/{LOAD_BALANCER}"
_MULTI_VALUE_HEADERS = "lambda.multi_value_headers.enabled"
_MINIMUM_HEALTHY = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the listeners of a gateway share.

    Attributes:
        functions: Those of the configuration, by name; somebody else starts and stops them.
        sticky_key: The secret behind stickiness cookies.
        cache: A folder for keys that should outlive the gateway.
    """

    settings: Settings
    functions: Mapping[str, Function]
    sticky_key: bytes
    cache: Path


class LoadBalancer:
    """What one listener's settings describe.

    Attributes:
        routing: For the listener.
        authentication: None without authentication actions.
        checkers: The health checks of each target group that has some, by name.

    Raises:
        UsageError: A target cannot work, or an extra is missing.
    """

    def __init__(self, listener: AlbSettings, surroundings: Surroundings) -> None:
        self._listener = listener
        self._surroundings = surroundings
        self._attributes = alb_attributes(listener)
        self.checkers: dict[str, HealthChecker] = {}
        self.authentication = self._authentication()
        groups = {name: self._group(name) for name in group_names(listener)}
        self._groups = tuple(groups.values())
        rules = compile_rules(listener)
        self.routing = Routing(
            rules=rules,
            groups=groups,
            attributes=self._attributes,
            desync=Mode(listener.attributes["routing.http.desync_mitigation_mode"]),
            sticky_key=surroundings.sticky_key,
            authentication=self.authentication,
            authenticators={
                id(rule.authentication): self.authentication.authenticator(rule.authentication)
                for rule in (*rules.rules, rules.default)
                if self.authentication and rule.authentication
            },
        )

    async def start(self) -> None:
        """Start the target groups; raises `UsageError` when one can never work."""
        await asyncio.gather(*(group.start() for group in self._groups))

    async def aclose(self) -> None:
        """Stop the target groups and close the connections to identity providers."""
        await asyncio.gather(*(group.aclose() for group in self._groups))
        if self.authentication:
            await self.authentication.aclose()

    def _authentication(self) -> "Authentication | None":
        if not any(isinstance(action, AuthenticationSettings) for action in actions_of(self._listener)):
            return None
        from gateway.listeners.alb.authenticate import Authentication  # noqa: PLC0415 - needs an extra

        return Authentication.of(self._listener, self._attributes, _ARN, self._surroundings.cache)

    def _group(self, name: str) -> TargetGroup:
        """A target group with its checks and its shadow."""
        settings = self._surroundings.settings.target_groups[name]
        group = self._http(settings) if not settings.is_lambda else self._lambda(settings)
        if not settings.shadow:
            return group
        from gateway.listeners.alb.shadow import ShadowedTargetGroup  # noqa: PLC0415 - few groups have one

        return ShadowedTargetGroup(group, self._group(settings.shadow))

    def _lambda(self, settings: TargetGroupSettings) -> TargetGroup:
        function = self._function(settings)
        multi_value_headers = bool(settings.attributes[_MULTI_VALUE_HEADERS])
        alb = Alb(self._arn(settings), multi_value_headers, self._attributes)
        group = LambdaTargetGroup(settings.name, alb, function, owned=not settings.function)
        if not settings.health_check.enabled:
            return group
        from gateway.listeners.alb.health_checker import (  # noqa: PLC0415 - off unless asked for
            CheckedTargetGroup,
            function_probe,
        )

        probe = function_probe(alb, function, settings.health_check.path)
        return CheckedTargetGroup(group, self._checker(settings, {function.configuration.name: probe}))

    def _http(self, settings: TargetGroupSettings) -> TargetGroup:
        from gateway.listeners.alb.health_checker import CheckedTargetGroup, http_probe  # noqa: PLC0415 - as below
        from gateway.listeners.alb.http_targets import HttpTargetGroup  # noqa: PLC0415 - only for HTTP servers
        from gateway.targets.http_transport import parse_origin  # noqa: PLC0415 - as above

        check = settings.health_check
        probes = {url: http_probe(parse_origin(url), check.path, check.timeout) for url in settings.targets}
        checker = self._checker(settings, probes)
        idle_timeout_s = float(self._listener.attributes["idle_timeout.timeout_seconds"])
        group = HttpTargetGroup(
            settings,
            self._arn(settings),
            self._attributes,
            self._surroundings.sticky_key,
            lambda: checker.fit,
            idle_timeout_s,
        )
        return CheckedTargetGroup(group, checker)

    def _checker(self, settings: TargetGroupSettings, probes: "Mapping[str, Probe]") -> "HealthChecker":
        from gateway.listeners.alb.health_checker import HealthChecker, WallClock  # noqa: PLC0415 - as above

        minimum = int(settings.attributes.get(_MINIMUM_HEALTHY, 1) or 1)
        checker = HealthChecker(settings.name, settings.health_check, probes, WallClock(), minimum)
        self.checkers[settings.name] = checker
        return checker

    def _function(self, settings: TargetGroupSettings) -> Function:
        """The function of this configuration, or the one that runs elsewhere."""
        if settings.function:
            return self._surroundings.functions[settings.function]
        from gateway.targets import open_target  # noqa: PLC0415 - only for what runs elsewhere

        targets = settings.targets
        spec = targets[0] if len(targets) == 1 else "rie:" + ",".join(it.removeprefix("rie:") for it in targets)
        configuration = FunctionConfiguration(name=settings.name, handler=spec)
        return Function(configuration, open_target(spec, settings.endpoint_url))

    def _arn(self, settings: TargetGroupSettings) -> str:
        if settings.arn:
            return settings.arn
        function = self._surroundings.functions.get(settings.function)
        configuration = function.configuration if function else FunctionConfiguration(settings.name, "")
        return target_group_arn(settings.name, configuration.region, configuration.account)


def actions_of(listener: AlbSettings) -> list[ActionSettings]:
    """All actions of a listener."""
    return [*listener.default_actions, *(action for rule in listener.rules for action in rule.actions)]


def group_names(listener: AlbSettings) -> set[str]:
    """The target groups that a listener's actions name."""
    forwards = [action for action in actions_of(listener) if isinstance(action, Forward)]
    return {it.target_group for action in forwards for it in action.target_groups}
