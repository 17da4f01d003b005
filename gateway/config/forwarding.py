"""Where the actions of load balancers lead."""

from gateway.config.rules import ActionSettings, Forward
from gateway.config.settings import AlbSettings, ListenerSettings, Settings, TargetGroupSettings


def actions_of(listener: AlbSettings) -> list[ActionSettings]:
    """All actions of a listener."""
    return [*listener.default_actions, *(action for rule in listener.rules for action in rule.actions)]


def group_names(listener: AlbSettings) -> set[str]:
    """The target groups that a listener's actions name."""
    forwards = [action for action in actions_of(listener) if isinstance(action, Forward)]
    return {it.target_group for action in forwards for it in action.target_groups}


def groups_in_use(settings: Settings) -> list[TargetGroupSettings]:
    """The target groups that some listener forwards to, and their shadows."""
    listeners = (listener for listener in settings.listeners if isinstance(listener, AlbSettings))
    names = {name for listener in listeners for name in group_names(listener)}
    shadows = {settings.target_groups[name].shadow for name in names} - {""}
    return [group for name, group in settings.target_groups.items() if name in names | shadows]


def groups_behind(listener: ListenerSettings, settings: Settings) -> tuple[TargetGroupSettings, ...]:
    """The target groups that one listener forwards to, and their shadows; none for one that is no load balancer."""
    return tuple(groups_in_use(Settings(settings.source, target_groups=settings.target_groups, listeners=(listener,))))
