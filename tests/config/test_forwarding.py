"""Where the actions of load balancers lead."""

from dataclasses import replace

from gateway.config.attributes import LISTENER
from gateway.config.forwarding import actions_of, group_names, groups_behind, groups_in_use
from gateway.config.rules import FixedResponse, Forward, RuleSettings, TargetGroupTuple
from gateway.config.settings import AlbSettings
from tests.gateways import Front, function, gateway_settings


def to(*names: str) -> Forward:
    """Forward to target groups."""
    return Forward(tuple(TargetGroupTuple(name) for name in names))


def listener(*names: str) -> AlbSettings:
    """The default action forwards to the first group, a rule to each other one."""
    rules = tuple(RuleSettings(number, (), (to(name),)) for number, name in enumerate(names[1:], 1))
    return AlbSettings(0, (to(names[0]),), {key: it.default for key, it in LISTENER.items()}, rules=rules)


def test_the_actions_of_a_listener() -> None:
    """Those of the default action and of every rule."""
    assert actions_of(listener("a", "b", "c")) == [to("a"), to("b"), to("c")]


def test_the_target_groups_of_a_listener() -> None:
    """Each once, and only forward actions name some."""
    alb = replace(
        listener("a", "b"), rules=(RuleSettings(1, (), (FixedResponse(200),)), RuleSettings(2, (), (to("a"),)))
    )

    assert group_names(alb) == {"a"}


def test_groups_that_are_in_use() -> None:
    """A shadow is used by its group; a group that no rule names is not."""
    settings = gateway_settings([function("f", "host.alb")], [Front("f")] * 4)
    groups = {
        name: it._replace(shadow="group-2" if name == "group-0" else "") for name, it in settings.target_groups.items()
    }
    settings = replace(settings, target_groups=groups, listeners=(listener("group-0"), listener("group-1")))

    assert [it.name for it in groups_in_use(settings)] == ["group-0", "group-1", "group-2"]
    assert [it.name for it in groups_behind(listener("group-0"), settings)] == ["group-0", "group-2"]
