"""Target groups as a configuration asks for them: kind of target, health checks and shadow."""

from collections.abc import Mapping
from typing import NamedTuple

from gateway.config.settings import TargetGroupSettings
from gateway.configuration import AccountRegion
from gateway.functions.service import LambdaService
from gateway.invocation import FunctionReference
from gateway.listeners.alb.health_checker import (
    CheckedTargetGroup,
    HealthCheckClock,
    HealthChecker,
    WallClock,
    function_probe,
)
from gateway.listeners.alb.target_groups import LambdaTargetGroup, TargetGroup, target_group_arn
from gateway.observe.record import Observer
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.flavours.alb import Alb


class GroupOptions(NamedTuple):
    """What all groups behind one listener share.

    Attributes:
        sticky_key: The secret behind stickiness cookies, at most 64 bytes.
        idle_timeout_s: ``idle_timeout.timeout_seconds``.
        observer: Told of health checks.
    """

    attributes: AlbAttributes
    sticky_key: bytes
    idle_timeout_s: float = 60.0
    clock: HealthCheckClock = WallClock()
    observer: Observer | None = None


class GroupBuilder:
    """Builds the target groups of one listener.

    Args:
        settings: All target groups of the configuration.
        service: Runs the functions, those that run elsewhere included.
        options: What the groups share.

    Attributes:
        checkers: The health checks of each group that was built, by its name.
    """

    def __init__(
        self,
        settings: Mapping[str, TargetGroupSettings],
        service: LambdaService,
        options: GroupOptions,
    ) -> None:
        self.checkers: dict[str, HealthChecker] = {}
        self._settings = settings
        self._service = service
        self._options = options

    def build(self, name: str) -> TargetGroup:
        """The group of this name, with its checks, and its shadow when it has one.

        Raises:
            UsageError: A target is no address of a server.
        """
        settings = self._settings[name]
        group = self._checked(settings)
        if not settings.shadow:
            return group
        from gateway.listeners.alb.shadow import ShadowedTargetGroup  # noqa: PLC0415 - few groups have one

        return ShadowedTargetGroup(group, self._checked(self._settings[settings.shadow]))

    def _checked(self, settings: TargetGroupSettings) -> TargetGroup:
        group, checker = self._of_function(settings) if settings.is_lambda else self._of_servers(settings)
        self.checkers[settings.name] = checker
        if settings.is_lambda and not settings.health_check.enabled:
            return group
        return CheckedTargetGroup(group, checker)

    def _of_function(self, settings: TargetGroupSettings) -> tuple[TargetGroup, HealthChecker]:
        service = self._service
        function, place, function_arn = _described(settings, service)
        arn = settings.arn or target_group_arn(settings.name, *place)
        multi_value = bool(settings.attributes["lambda.multi_value_headers.enabled"])
        alb = Alb(arn, multi_value, self._options.attributes)
        check = settings.health_check
        probes = {function_arn: function_probe(alb, service, function, check.path)}
        checker = HealthChecker(settings.name, check, probes, self._options.clock, observer=self._options.observer)
        return LambdaTargetGroup(settings.name, alb, service, function), checker

    def _of_servers(self, settings: TargetGroupSettings) -> tuple[TargetGroup, HealthChecker]:
        from gateway.listeners.alb.http_probe import http_probe  # noqa: PLC0415 - a gateway of functions has no client
        from gateway.listeners.alb.http_targets import HttpTargetGroup  # noqa: PLC0415 - as above
        from gateway.targets.http_transport import parse_origin  # noqa: PLC0415 - as above

        check = settings.health_check
        probes = {url: http_probe(parse_origin(url), check.path, check.timeout) for url in settings.targets}
        minimum = settings.attributes["target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"]
        checker = HealthChecker(settings.name, check, probes, self._options.clock, int(minimum), self._options.observer)
        group = HttpTargetGroup(
            settings,
            settings.arn or target_group_arn(settings.name, *self._service.account_region),
            self._options.attributes,
            self._options.sticky_key,
            lambda: checker.fit,
            self._options.idle_timeout_s,
        )
        return group, checker


def _described(settings: TargetGroupSettings, service: LambdaService) -> tuple[FunctionReference, AccountRegion, str]:
    """The function behind a target group, here or elsewhere, where it is, and its ARN."""
    if settings.function:
        reference = FunctionReference(settings.function)
        return reference, service.account_region, service.arn(reference)
    from gateway.functions.remote import remote_reference  # noqa: PLC0415 - only for what runs elsewhere
    from gateway.targets.remote_name import remote_configuration  # noqa: PLC0415 - as above

    configuration = remote_configuration(",".join(settings.targets), service.account_region)
    place = AccountRegion(configuration.region, configuration.account)
    return remote_reference(settings.targets, settings.endpoint_url), place, configuration.arn
