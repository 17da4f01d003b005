"""The rules of a listener: the first one whose conditions all hold decides.

Facts, from the AWS ELB user guide (listener rules)

- Rules are tried by priority from the lowest number to the highest; the default rule comes last and has no conditions.
- Conditions are matched against the request as the client sent it, before any transform.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gateway.config.rules import ActionSettings, RoutingSettings, RuleSettings
from gateway.config.settings import AlbSettings
from gateway.listeners.alb.actions import Action, ForwardAction, compile_action
from gateway.listeners.alb.facts import FactReader
from gateway.translation.messages import Request

if TYPE_CHECKING:
    from gateway.config.authentication import AuthenticationSettings
    from gateway.listeners.alb.conditions import Condition
    from gateway.listeners.alb.transforms import Transform


class Rule(NamedTuple):
    """A compiled rule.

    Attributes:
        priority: 1-50000; 0 for the default rule, as in the access log.
        place: Its place among the listener's rules in the file; -1 for the default rule.
        authentication: What must be passed before the action.
        action: Where the request goes.
        transform: What is rewritten on the way; None for nothing.
        segments: The first path segments that it can match at all (``/orders``); None when there is no telling.
    """

    priority: int
    place: int
    conditions: "tuple[Condition, ...]"
    authentication: "AuthenticationSettings | None"
    action: Action
    transform: "Transform | None"
    segments: frozenset[bytes] | None = None


_Row = tuple[int, Callable[..., object], "tuple[Condition, ...]", Rule]


class RuleTable:
    """The rules of one listener, ready to match.

    A rule whose path patterns all begin with a whole first segment (``/orders/*``) is tried only for paths that begin
    with it.  The first condition of each rule left is tested in one flat loop: nearly all of them end there.
    """

    __slots__ = ("_by_segment", "_elsewhere", "_reader", "default", "rules")

    def __init__(self, rules: Sequence[Rule], default: Rule, reader: FactReader) -> None:
        self.rules = tuple(rules)
        self.default = default
        self._reader = reader
        rows: list[tuple[frozenset[bytes] | None, _Row]] = [
            (rule.segments, (rule.conditions[0].fact, rule.conditions[0].test, rule.conditions[1:], rule))
            for rule in self.rules
        ]
        # Each segment's rows hold the rules without a segment too, in the order of the priorities.
        named = {segment for segments, _ in rows if segments for segment in segments}
        self._by_segment = {
            segment: tuple(row for segments, row in rows if segments is None or segment in segments)
            for segment in named
        }
        self._elsewhere = tuple(row for segments, row in rows if segments is None)

    def match(self, request: Request) -> Rule:
        """The rule that decides about a request."""
        facts = self._reader.read(request)
        # The facts are a plain list and the loop has no method call of ours: this runs for every request.
        path = request.raw_path
        end = path.find(b"/", 1)
        rows = self._by_segment.get(path[:end] if end > 0 else path, self._elsewhere)
        for fact, test, others, rule in rows:
            if test(facts[fact]):
                for other in others:
                    if not other.test(facts[other.fact]):
                        break
                else:
                    return rule
        return self.default


def compile_rules(listener: AlbSettings) -> RuleTable:
    """The rule table of a listener; rules of the same priority keep the order of the file."""
    authentication, action = _compile_actions(listener.default_actions)
    default = Rule(0, -1, (), authentication, action, None)
    if not listener.rules:
        return RuleTable((), default, FactReader(frozenset(), {}))
    from gateway.listeners.alb.conditions import fact_reader  # noqa: PLC0415 - only for listeners that have rules

    reader = fact_reader(
        [condition for rule in listener.rules for condition in rule.conditions], listener.trusted_proxies
    )
    rules = [_compile_rule(rule, index, reader) for index, rule in enumerate(listener.rules)]
    rules.sort(key=lambda rule: rule.priority)
    return RuleTable(rules, default, reader)


def only_group(table: RuleTable) -> str | None:
    """The target group of every request, when no rule, weight, cookie or transform decides; None otherwise."""
    action = table.default.action
    if table.rules or table.default.authentication or not isinstance(action, ForwardAction):
        return None
    if len(action.groups) > 1 or not action.groups[0].weight or action.stickiness_seconds:
        return None
    return action.groups[0].name


def _compile_rule(rule: RuleSettings, index: int, reader: FactReader) -> Rule:
    from gateway.listeners.alb.conditions import compile_condition  # noqa: PLC0415 - as above
    from gateway.listeners.alb.transforms import compile_transforms  # noqa: PLC0415 - as above

    # The order of conditions means nothing; cheap ones first spare the dear ones.
    conditions = sorted((compile_condition(condition, reader) for condition in rule.conditions), key=lambda it: it.fact)
    authentication, action = _compile_actions(rule.actions)
    transform = compile_transforms(rule.transforms)
    return Rule(rule.priority, index, tuple(conditions), authentication, action, transform, _segments(rule))


def _segments(rule: RuleSettings) -> frozenset[bytes] | None:
    """The first segments of paths that the rule's path patterns can match; None when a wildcard may stand in them."""
    from gateway.config.conditions import PathPattern  # noqa: PLC0415 - as above
    from gateway.listeners.alb.patterns import parse  # noqa: PLC0415 - as above

    patterns = next((it.values for it in rule.conditions if isinstance(it, PathPattern)), ())
    segments: set[bytes] = set()
    for pattern in map(parse, patterns):
        end = pattern.start.find(b"/", 1)
        if end < 0 and pattern.wildcards:
            return None
        segments.add(pattern.start[:end] if end > 0 else pattern.start)
    return frozenset(segments) or None


def _compile_actions(actions: Sequence[ActionSettings]) -> "tuple[AuthenticationSettings | None, Action]":
    *before, last = actions
    authentication = before[0] if before else None
    if not isinstance(last, RoutingSettings) or isinstance(authentication, RoutingSettings):
        raise TypeError("the actions were not checked: one routing action must come last")
    return authentication, compile_action(last)
