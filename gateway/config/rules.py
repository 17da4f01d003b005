"""The rules of a load balancer's listener as frozen values, and the actions that route.

Names and defaults are those of the ELBv2 API (``Rule``, ``Action``).
"""

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:  # a listener that only forwards has none of these
    from gateway.config.authentication import AuthenticationSettings
    from gateway.config.conditions import ConditionSettings
    from gateway.config.transforms import TransformSettings


class TargetGroupTuple(NamedTuple):
    """A target group and its weight in a forward action."""

    target_group: str
    weight: int = 1


class TargetGroupStickiness(NamedTuple):
    """Group stickiness of a forward action; ``duration_seconds`` is 1-604800 when enabled."""

    enabled: bool = False
    duration_seconds: int = 3600


class Forward(NamedTuple):
    """Action ``forward``."""

    target_groups: tuple[TargetGroupTuple, ...]
    target_group_stickiness_config: TargetGroupStickiness = TargetGroupStickiness()


class Redirect(NamedTuple):
    """Action ``redirect``; every part may hold ``#{protocol} #{host} #{port} #{path} #{query}``."""

    status_code: str
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"


class FixedResponse(NamedTuple):
    """Action ``fixed-response``."""

    status_code: int
    content_type: str = "text/plain"
    message_body: str = ""


RoutingSettings: TypeAlias = Forward | Redirect | FixedResponse
ActionSettings: TypeAlias = "AuthenticationSettings | RoutingSettings"


class RuleSettings(NamedTuple):
    """One rule of a load balancer's listener."""

    priority: int
    conditions: "tuple[ConditionSettings, ...]"
    actions: tuple[ActionSettings, ...]
    transforms: "tuple[TransformSettings, ...]" = ()
