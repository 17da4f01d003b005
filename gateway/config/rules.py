"""The rules of a load balancer's listener as frozen values, and the actions that route.

Names, ranges and defaults are those of the ELBv2 API (``Rule``, ``Action``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, TypeAlias

from gateway.config.not_allowed import NotAllowed

if TYPE_CHECKING:  # read from the annotations when there is a file; and a listener that only forwards has no others
    from gateway.config.authentication import AuthenticationSettings
    from gateway.config.conditions import ConditionSettings
    from gateway.config.keys import AbsolutePath, Check, Length, Range
    from gateway.config.transforms import TransformSettings
    from gateway.config.values import ActionStatus, RedirectPort, fields_once, one_routing_action_last, types_once


class TargetGroupTuple(NamedTuple):
    """A target group of a forward action."""

    target_group: str
    """The name of a target group of this file."""
    weight: Annotated[int, Range(0, 999)] = 1
    """Its share of the requests, against the weights of the others."""


class TargetGroupStickiness(NamedTuple):
    """Whether a client stays with the target group that it got first."""

    enabled: bool = False
    """Whether AWSALBTG cookies are sent and obeyed."""
    duration_seconds: Annotated[int, Range(1, 604800)] = 3600
    """How long a client stays, in seconds."""


class Forward(NamedTuple):
    """Forward to one to five target groups."""

    target_groups: Annotated[tuple[TargetGroupTuple, ...], Length(1, 5)]
    """The target groups and their weights."""
    target_group_stickiness_config: TargetGroupStickiness = TargetGroupStickiness()
    """Group stickiness."""
    type: Literal["forward"] = "forward"


class Redirect(NamedTuple):
    """Redirect; the parts may hold #{protocol}, #{host}, #{port}, #{path} (without its first /) and #{query}."""

    status_code: Literal["HTTP_301", "HTTP_302"]
    """Permanent or temporary."""
    protocol: Literal["HTTP", "HTTPS", "#{protocol}"] = "#{protocol}"
    """HTTP, HTTPS or #{protocol}."""
    host: Annotated[str, Length(1, 128)] = "#{host}"
    """The host name."""
    port: RedirectPort = "#{port}"
    """1-65535 or #{port}."""
    path: Annotated[AbsolutePath, Length(high=128)] = "/#{path}"
    """The path, with its first /."""
    query: Annotated[str, Length(high=128)] = "#{query}"
    """The query, without the ?."""
    type: Literal["redirect"] = "redirect"

    def check_keys(self) -> None:
        """Raise `NotAllowed` when it leads to itself."""
        if self[1:5] == Redirect("HTTP_301")[1:5]:
            raise NotAllowed("this redirect leads to itself; change protocol, host, port or path")


class FixedResponse(NamedTuple):
    """Answer without a target."""

    status_code: ActionStatus
    """2xx, 4xx or 5xx."""
    content_type: Literal["text/plain", "text/css", "text/html", "application/javascript", "application/json"] = (
        "text/plain"
    )
    """The type of the message."""
    message_body: Annotated[str, Length(high=1024)] = ""
    """The message."""
    type: Literal["fixed-response"] = "fixed-response"


RoutingSettings: TypeAlias = Forward | Redirect | FixedResponse
ActionSettings: TypeAlias = "RoutingSettings | AuthenticationSettings"
Actions: TypeAlias = "Annotated[tuple[ActionSettings, ...], Check(one_routing_action_last)]"


class RuleSettings(NamedTuple):
    """One rule; the first whose conditions all hold decides."""

    priority: Annotated[int, Range(1, 50000)]
    """Rules are tried from the lowest number to the highest."""
    conditions: Annotated[tuple[ConditionSettings, ...], Length(1), Check(fields_once)]
    """All of them must hold."""
    actions: Actions
    """What to do."""
    transforms: Annotated[tuple[TransformSettings, ...], Check(types_once)] = ()
    """What to rewrite before the request goes to a target."""
