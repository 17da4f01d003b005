"""The rules of a listener: the first one whose conditions all hold decides.

Facts, from the AWS ELB user guide (listener rules)

- Rules are tried by priority from the lowest number to the highest; the default rule comes last and has no conditions.
- Conditions are matched against the request as the client sent it, before any transform.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from gateway.config.rules import ActionSettings, RoutingSettings, RuleSettings
from gateway.config.settings import AlbSettings
from gateway.listeners.alb.actions import Action, ForwardAction, compile_action
from gateway.listeners.alb.facts import FactReader
from gateway.translation.messages import Request

if TYPE_CHECKING:
    from gateway.config.authentication import AuthenticationSettings
    from gateway.listeners.alb.conditions import Condition
    from gateway.listeners.alb.rule_index import RuleIndex
    from gateway.listeners.alb.transforms import Transform


class Rule(NamedTuple):
    """A compiled rule.

    Attributes:
        priority: 1-50000; 0 for the default rule, as in the access log.
        place: Its place among the listener's rules in the file; -1 for the default rule.
        authentication: What must be passed before the action.
        action: Where the request goes.
        transform: What is rewritten on the way; None for nothing.
    """

    priority: int
    place: int
    conditions: "tuple[Condition, ...]"
    authentication: "AuthenticationSettings | None"
    action: Action
    transform: "Transform | None"


_Row = tuple[int, Callable[..., object], "tuple[Condition, ...]", Rule]


class RuleTable:
    """The rules of one listener, ready to match.

    The first condition of each rule that the indexes leave is tested in one flat loop: nearly all of them end there.
    """

    __slots__ = ("_indexes", "_left", "_reader", "_rows", "default", "rules")

    def __init__(
        self, rules: Sequence[Rule], default: Rule, reader: FactReader, indexes: "Sequence[RuleIndex]" = ()
    ) -> None:
        self.rules = tuple(rules)
        self.default = default
        self._reader = reader
        self._indexes = tuple(indexes)
        self._rows: tuple[_Row, ...] = tuple(
            (rule.conditions[0].fact, rule.conditions[0].test, rule.conditions[1:], rule) for rule in self.rules
        )
        self._left = _choice(self._rows)

    def match(self, request: Request) -> Rule:
        """The rule that decides about a request."""
        facts = self._reader.read(request)
        rows = self._rows
        # The facts are a plain list and the loops have no method call of ours: this runs for every request.
        if self._indexes:
            left = -1
            for place, texts, under, mask in self._indexes:
                for text in texts(facts[place]):
                    if text in under:
                        mask |= under[text]  # noqa: PLW2901 - the rules under no text, and those under these
                left &= mask
            rows = self._left(left)
        for fact, test, others, rule in rows:
            if test(facts[fact]):
                for other in others:
                    if not other.test(facts[other.fact]):
                        break
                else:
                    return rule
        return self.default


def _choice(rows: Sequence[_Row]) -> Callable[[int], tuple[_Row, ...]]:
    """What gives the rows of some rules, bit n for the n-th; the same ones are asked for again and again."""

    @lru_cache(maxsize=1024)
    def chosen(left: int) -> tuple[_Row, ...]:
        return tuple(row for place, row in enumerate(rows) if left >> place & 1)

    return chosen


def compile_rules(listener: AlbSettings) -> RuleTable:
    """The rule table of a listener; rules of the same priority keep the order of the file."""
    authentication, action = _compile_actions(listener.default_actions)
    default = Rule(0, -1, (), authentication, action, None)
    if not listener.rules:
        return RuleTable((), default, FactReader(frozenset(), {}))
    from gateway.listeners.alb.conditions import fact_reader  # noqa: PLC0415 - only for listeners that have rules
    from gateway.listeners.alb.rule_index import index_rules  # noqa: PLC0415 - as above

    reader = fact_reader(
        [condition for rule in listener.rules for condition in rule.conditions], listener.trusted_proxies
    )
    ordered = sorted(enumerate(listener.rules), key=lambda item: item[1].priority)
    rules = [_compile_rule(rule, place, reader) for place, rule in ordered]
    return RuleTable(rules, default, reader, index_rules([rule.conditions for _, rule in ordered], reader))


def only_group(table: RuleTable) -> str | None:
    """The target group of every request, when no rule, weight, cookie or transform decides; None otherwise."""
    action = table.default.action
    if table.rules or table.default.authentication or not isinstance(action, ForwardAction):
        return None
    if len(action.groups) > 1 or not action.groups[0].weight or action.stickiness_seconds:
        return None
    return action.groups[0].name


def _compile_rule(rule: RuleSettings, place: int, reader: FactReader) -> Rule:
    from gateway.listeners.alb.conditions import compile_condition  # noqa: PLC0415 - as above
    from gateway.listeners.alb.transforms import compile_transforms  # noqa: PLC0415 - as above

    # The order of conditions means nothing; cheap ones first spare the dear ones.
    conditions = sorted((compile_condition(condition, reader) for condition in rule.conditions), key=lambda it: it.fact)
    authentication, action = _compile_actions(rule.actions)
    transform = compile_transforms(rule.transforms)
    return Rule(rule.priority, place, tuple(conditions), authentication, action, transform)


def _compile_actions(actions: Sequence[ActionSettings]) -> "tuple[AuthenticationSettings | None, Action]":
    *before, last = actions
    authentication = before[0] if before else None
    if not isinstance(last, RoutingSettings) or isinstance(authentication, RoutingSettings):
        raise TypeError("the actions were not checked: one routing action must come last")
    return authentication, compile_action(last)
