"""One listener of a load balancer with everything behind it: target groups, checks, shadows, authentication."""

import asyncio
from typing import TYPE_CHECKING

from gateway.config.forwarding import actions_of, group_names
from gateway.config.rules import RoutingSettings
from gateway.config.settings import AlbSettings
from gateway.listeners.alb.attributes import alb_attributes
from gateway.listeners.alb.group_builder import GroupBuilder, GroupOptions
from gateway.listeners.alb.listener import Routing
from gateway.listeners.alb.rules import compile_rules
from gateway.listeners.alb.target_groups import TargetGroup
from gateway.listeners.context import ListenerContext
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

    def __init__(self, listener: AlbSettings, context: ListenerContext) -> None:
        self._listener = listener
        self._context = context
        self._attributes = alb_attributes(listener)
        self.authentication = self._authentication()
        groups = self._build_groups()
        self._groups = tuple(groups.values())
        rules = compile_rules(listener)
        self.routing = Routing(
            rules=rules,
            groups=groups,
            attributes=self._attributes,
            desync=Mode(listener.attributes["routing.http.desync_mitigation_mode"]),
            sticky_key=context.sticky_key,
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
        if all(isinstance(action, RoutingSettings) for action in actions_of(self._listener)):
            return None
        from gateway.listeners.alb.authenticate import Authentication  # noqa: PLC0415 - needs an extra

        region, account = self._context.service.account_region
        arn = f"arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/{LOAD_BALANCER}"
        return Authentication.of(self._listener, self._attributes, arn, self._context.cache)

    def _build_groups(self) -> dict[str, TargetGroup]:
        idle_timeout_s = float(self._listener.attributes["idle_timeout.timeout_seconds"])
        options = GroupOptions(self._attributes, self._context.sticky_key, idle_timeout_s)
        builder = GroupBuilder(self._context.target_groups, self._context.service, options)
        self.checkers = builder.checkers
        return {name: builder.build(name) for name in group_names(self._listener)}
