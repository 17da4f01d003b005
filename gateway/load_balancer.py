"""One listener of a load balancer with everything behind it: target groups, checks, shadows, authentication."""

import asyncio
from typing import TYPE_CHECKING

from gateway.config.rules import ActionSettings, Forward, RoutingSettings
from gateway.config.settings import AlbSettings, TargetGroupSettings
from gateway.functions.function import Function
from gateway.listeners.alb.attributes import alb_attributes
from gateway.listeners.alb.group_builder import GroupBuilder, GroupOptions
from gateway.listeners.alb.listener import Routing
from gateway.listeners.alb.rules import compile_rules
from gateway.listeners.alb.target_groups import TargetGroup
from gateway.surroundings import Surroundings
from gateway.translation.desync import Mode

if TYPE_CHECKING:
    from gateway.listeners.alb.authenticate import Authentication

LOAD_BALANCER = "app/gateway/50dc6c495c0c9188"


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
        self.authentication = self._authentication()
        self._remote: list[Function] = []
        groups = self._build_groups()
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
        await asyncio.gather(*(function.start() for function in self._remote))
        await asyncio.gather(*(group.start() for group in self._groups))

    async def aclose(self) -> None:
        """Stop the target groups and close the connections to identity providers."""
        await asyncio.gather(*(group.aclose() for group in self._groups))
        await asyncio.gather(*(function.drain() for function in self._remote))
        if self.authentication:
            await self.authentication.aclose()

    def _authentication(self) -> "Authentication | None":
        if all(isinstance(action, RoutingSettings) for action in actions_of(self._listener)):
            return None
        from gateway.listeners.alb.authenticate import Authentication  # noqa: PLC0415 - needs an extra

        region, account = self._surroundings.settings.account_region
        arn = f"arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/{LOAD_BALANCER}"
        return Authentication.of(self._listener, self._attributes, arn, self._surroundings.cache)

    def _build_groups(self) -> dict[str, TargetGroup]:
        settings = self._surroundings.settings.target_groups
        names = group_names(self._listener)
        shadows = {settings[name].shadow for name in names} - {""}
        functions = {name: self._function(settings[name]) for name in names | shadows if settings[name].is_lambda}
        idle_timeout_s = float(self._listener.attributes["idle_timeout.timeout_seconds"])
        place = self._surroundings.settings.account_region
        options = GroupOptions(self._attributes, self._surroundings.sticky_key, idle_timeout_s, account_region=place)
        builder = GroupBuilder(settings, functions, options)
        self.checkers = builder.checkers
        return {name: builder.build(name) for name in names}

    def _function(self, settings: TargetGroupSettings) -> Function:
        """The function of this configuration, or the one that runs elsewhere."""
        if settings.function:
            return self._surroundings.functions[settings.function]
        from gateway.functions.remote import remote_function  # noqa: PLC0415 - only for what runs elsewhere

        file = self._surroundings.settings
        function = remote_function(settings.targets, settings.endpoint_url, file.region, file.account)
        self._remote.append(function)
        return function


def actions_of(listener: AlbSettings) -> list[ActionSettings]:
    """All actions of a listener."""
    return [*listener.default_actions, *(action for rule in listener.rules for action in rule.actions)]


def group_names(listener: AlbSettings) -> set[str]:
    """The target groups that a listener's actions name."""
    forwards = [action for action in actions_of(listener) if isinstance(action, Forward)]
    return {it.target_group for action in forwards for it in action.target_groups}
