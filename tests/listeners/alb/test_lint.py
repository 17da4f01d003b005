"""Findings about configurations that load but should not stay as they are."""

import pytest

from gateway.listeners.alb.lint import Finding, lint
from gateway.types import Json
from tests.listeners.alb.stacks import NOT_FOUND, rule, settings_of

FORWARD: Json = [{"type": "forward", "target_groups": [{"target_group": "web"}]}]
WEB: dict[str, Json] = {"targets": ["http://127.0.0.1:9000"]}
FUNCTION: dict[str, Json] = {"function": "one"}


def path(*values: str) -> Json:
    """A path condition."""
    return {"field": "path-pattern", "values": list(values)}


def findings(*rules: Json, groups: Json = None, default: Json = NOT_FOUND) -> list[Finding]:
    """What lint finds in a listener with these rules."""
    listener: Json = {"type": "alb", "port": 80, "default_actions": default, "rules": list(rules)}
    functions: Json = {"one": {"handler": "a.b"}}
    return lint(settings_of(functions=functions, target_groups=groups or {}, listeners=[listener]))


def test_nothing_to_say() -> None:
    """A plain configuration has no findings."""
    assert findings(rule(path("/a/*")), rule(path("/b"), priority=2), groups={"web": WEB}, default=FORWARD) == []


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (
            [rule(path("/a"), priority=7), rule(path("/b"), priority=7)],
            Finding(
                "listeners[0].rules[1].priority",
                "priority 7 is already that of rules[0]; the rule that stands first is tried first",
                "unique priorities in a listener",
            ),
        ),
        (
            [rule(path("/a/b"), priority=2), rule(path("/a/*"), priority=1)],
            Finding(
                "listeners[0].rules[0]",
                "never reached: every request that it matches is taken by rules[1] (priority 1)",
            ),
        ),
        (
            [rule(path("/a", "/b", "/c", "/d"))],
            Finding("listeners[0].rules[0].conditions[0]", "4 values", "3 values in this condition"),
        ),
        (
            [rule({"field": "source-ip", "values": [f"10.0.0.{number}/32" for number in range(6)]})],
            Finding("listeners[0].rules[0].conditions[0]", "6 values", "5 values in this condition"),
        ),
        (
            [rule(path("/a", "/b", "/c"), {"field": "http-request-method", "values": ["GET", "PUT", "POST"]})],
            Finding("listeners[0].rules[0].conditions", "6 values", "5 values in a rule"),
        ),
        (
            [rule(path("/*/*/*?"), {"field": "query-string", "values": [{"key": "a*", "value": "*\\*"}]})],
            Finding("listeners[0].rules[0].conditions", "6 wildcards", "5 wildcards in a rule"),
        ),
        (
            [rule(path("a*"))],
            Finding("listeners[0].rules[0].conditions[0].values[0]", "'a*': can never match: a path begins with /"),
        ),
        (
            [rule(path("/a"), actions=[{"type": "forward", "target_groups": [{"target_group": "web", "weight": 0}]}])],
            Finding(
                "listeners[0].rules[0].actions[0].target_groups",
                "every weight is 0, so no target group gets a request: clients get a 503",
            ),
        ),
    ],
)
def test_rules(rules: list[Json], expected: Finding) -> None:
    """Each finding has its place, what is the matter, and AWS's limit where there is one."""
    assert expected in findings(*rules, groups={"web": WEB}, default=FORWARD)


def test_more_rules_than_aws_allows() -> None:
    """A load balancer has a hundred rules at most, unless AWS raises the quota."""
    rules = [rule(path(f"/{number}"), priority=number + 1) for number in range(101)]

    assert findings(*rules) == [Finding("listeners[0].rules", "101 rules", "100 rules for a load balancer")]


def test_weights_of_the_default_action() -> None:
    """The default action is looked at as well."""
    action: Json = [{"type": "forward", "target_groups": [{"target_group": "web", "weight": 0}]}]

    assert findings(groups={"web": WEB}, default=action)[0].path == "listeners[0].default_actions[0].target_groups"


@pytest.mark.parametrize(
    ("group", "place"),
    [
        ({**FUNCTION, "attributes": {"stickiness.enabled": True}}, 'attributes."stickiness.enabled"'),
        (
            {**WEB, "attributes": {"lambda.multi_value_headers.enabled": True}},
            'attributes."lambda.multi_value_headers.enabled"',
        ),
        ({**WEB, "health_check": {"enabled": False}}, "health_check.enabled"),
        ({**WEB, "health_check": {"timeout": 40}}, "health_check.timeout"),
    ],
)
def test_target_groups(group: Json, place: str) -> None:
    """Attributes and health checks that do not fit the kind of target."""
    assert [it.path for it in findings(groups={"web": group}, default=FORWARD)] == [f"target_groups.web.{place}"]


def test_target_group_that_nobody_uses() -> None:
    """A target group without a rule is named, one that only gets copies is not."""
    groups: Json = {"web": {**WEB, "shadow": "copy"}, "copy": WEB, "lost": WEB}

    assert findings(groups=groups, default=FORWARD) == [
        Finding("target_groups.lost", "no rule and no default action forwards to this target group")
    ]
