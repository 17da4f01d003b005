"""What a configuration may say but should not: AWS would refuse it, or it can have no effect.

Limits, from the AWS ELB user guide (condition types for listener rules, quotas) and the ELBv2 API model

- 3 values in a condition (5 in ``source-ip``), 5 values and 5 wildcards in a rule, 100 rules for a load balancer.
- 128 characters in a pattern; a path pattern has only certain characters, a host pattern needs a dot and has only
  letters behind the last one.
- Priorities are unique in a listener.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.config.conditions import ConditionSettings, QueryString, SourceIp
from gateway.config.rules import Forward, RuleSettings
from gateway.config.settings import AlbSettings, Settings, TargetGroupSettings
from gateway.listeners.alb.coverage import rule_covers
from gateway.listeners.alb.lint_patterns import pattern_findings
from gateway.listeners.alb.patterns import parse

_VALUES_IN_CONDITION: Final = 3
_BLOCKS_IN_CONDITION: Final = 5
_VALUES_IN_RULE: Final = 5
_WILDCARDS_IN_RULE: Final = 5
_RULES: Final = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at.

    Attributes:
        path: The key path in the file, such as ``listeners[0].rules[2].conditions[0]``.
        limit: AWS's limit in words, "" when the finding is not about one.
    """

    path: str
    message: str
    limit: str = ""


def lint(settings: Settings) -> list[Finding]:
    """Everything worth a look, in the order of the file."""
    findings = [it for name, group in settings.target_groups.items() for it in _group_findings(name, group)]
    used = set[str]()
    for index, listener in enumerate(settings.listeners):
        if isinstance(listener, AlbSettings):
            findings.extend(_listener_findings(f"listeners[{index}]", listener))
            used.update(_used_groups(listener))
    used.update(group.shadow for group in settings.target_groups.values())
    findings.extend(
        Finding(f"target_groups.{name}", "no rule and no default action forwards to this target group")
        for name in settings.target_groups
        if name not in used
    )
    return findings


def _used_groups(listener: AlbSettings) -> Iterator[str]:
    for actions in (listener.default_actions, *(rule.actions for rule in listener.rules)):
        for action in actions:
            if isinstance(action, Forward):
                yield from (group.target_group for group in action.target_groups)


def _group_findings(name: str, group: TargetGroupSettings) -> Iterator[Finding]:
    path = f"target_groups.{name}"
    if group.is_lambda and group.attributes["stickiness.enabled"]:
        message = "stickiness is for HTTP targets; for functions use target_group_stickiness_config of a forward action"
        yield Finding(f'{path}.attributes."stickiness.enabled"', message)
    if not group.is_lambda and group.attributes["lambda.multi_value_headers.enabled"]:
        yield Finding(f'{path}.attributes."lambda.multi_value_headers.enabled"', "this attribute is for functions only")
    if not group.is_lambda and not group.health_check.enabled:
        message = "health checks of HTTP targets cannot be disabled"
        yield Finding(f"{path}.health_check.enabled", message, "enabled for every target but functions")
    if group.health_check.timeout >= group.health_check.interval:
        message = f"the timeout of {group.health_check.timeout} s is not below the interval"
        yield Finding(
            f"{path}.health_check.timeout", message, f"less than the interval, {group.health_check.interval} s"
        )


def _listener_findings(path: str, listener: AlbSettings) -> Iterator[Finding]:
    if len(listener.rules) > _RULES:
        yield Finding(f"{path}.rules", f"{len(listener.rules)} rules", f"{_RULES} rules for a load balancer")
    yield from _duplicate_priorities(path, listener.rules)
    for index, rule in enumerate(listener.rules):
        yield from _rule_findings(f"{path}.rules[{index}]", rule)
        shadow = _shadowing(listener.rules, index)
        if shadow is not None:
            priority = listener.rules[shadow].priority
            message = f"never reached: every request that it matches is taken by rules[{shadow}] (priority {priority})"
            yield Finding(f"{path}.rules[{index}]", message)
    for number, action in enumerate(listener.default_actions):
        if isinstance(action, Forward):
            yield from _weights(f"{path}.default_actions[{number}]", action)


def _duplicate_priorities(path: str, rules: Sequence[RuleSettings]) -> Iterator[Finding]:
    first: dict[int, int] = {}
    for index, rule in enumerate(rules):
        other = first.setdefault(rule.priority, index)
        if other != index:
            message = (
                f"priority {rule.priority} is already that of rules[{other}]; the rule that stands first is tried first"
            )
            yield Finding(f"{path}.rules[{index}].priority", message, "unique priorities in a listener")


def _shadowing(rules: Sequence[RuleSettings], index: int) -> int | None:
    """The place of a rule that is tried before and takes everything that this one matches."""
    rule = rules[index]
    for other, earlier in enumerate(rules):
        before = (earlier.priority, other) < (rule.priority, index)
        if before and rule_covers(earlier.conditions, rule.conditions):
            return other
    return None


def _rule_findings(path: str, rule: RuleSettings) -> Iterator[Finding]:
    counts = [_count(condition) for condition in rule.conditions]
    if sum(counts) > _VALUES_IN_RULE:
        yield Finding(f"{path}.conditions", f"{sum(counts)} values", f"{_VALUES_IN_RULE} values in a rule")
    wildcards = sum(_wildcards(condition) for condition in rule.conditions)
    if wildcards > _WILDCARDS_IN_RULE:
        yield Finding(f"{path}.conditions", f"{wildcards} wildcards", f"{_WILDCARDS_IN_RULE} wildcards in a rule")
    for index, condition in enumerate(rule.conditions):
        place = f"{path}.conditions[{index}]"
        most = _BLOCKS_IN_CONDITION if isinstance(condition, SourceIp) else _VALUES_IN_CONDITION
        if counts[index] > most:
            yield Finding(place, f"{counts[index]} values", f"{most} values in this condition")
        for key, message, limit in pattern_findings(condition):
            yield Finding(f"{place}.{key}", message, limit)
    for number, action in enumerate(rule.actions):
        if isinstance(action, Forward):
            yield from _weights(f"{path}.actions[{number}]", action)


def _weights(path: str, action: Forward) -> Iterator[Finding]:
    if not any(group.weight for group in action.target_groups):
        yield Finding(
            f"{path}.target_groups", "every weight is 0, so no target group gets a request: clients get a 503"
        )


def _count(condition: ConditionSettings) -> int:
    return len(condition.values) + len(getattr(condition, "regex_values", ()))


def _wildcards(condition: ConditionSettings) -> int:
    if isinstance(condition, QueryString):
        texts = [text for pair in condition.values for text in (pair.key or "", pair.value)]
        return sum(parse(text, escapes=True).wildcards for text in texts)
    return sum(parse(value).wildcards for value in condition.values)
