"""Why a request takes the way it takes: each rule in turn, and the first condition of it that did not hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.config.conditions import (
    ConditionSettings,
    HostHeader,
    HttpHeader,
    HttpRequestMethod,
    PathPattern,
    QueryString,
    SourceIp,
)
from gateway.config.rules import ActionSettings, RuleSettings
from gateway.config.settings import AlbSettings
from gateway.listeners.alb.conditions import compile_condition, fact_reader
from gateway.listeners.alb.facts import FactReader, host_of, source_address
from gateway.listeners.alb.transforms import TransformFailed, compile_transforms
from gateway.translation.headers import first_value
from gateway.translation.messages import Request


@dataclass(frozen=True, slots=True)
class RuleTried:
    """One rule that was tried.

    Attributes:
        place: Where the rule stands among the listener's rules, counted from 0.
        reason: What the first condition that did not hold wanted and what it found; "" for the rule that matched.
    """

    priority: int
    place: int
    matched: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The way of one request.

    Attributes:
        tried: The rules in the order of their priorities, up to the one that matched.
        rule: The rule that decides; None for the default actions.
        actions: What is done, in this order.
        request: The request as its target gets it; as the client sent it when nothing is rewritten.
        transform_error: Why a transform fails (the client then gets a 500), "" when none does.
    """

    tried: tuple[RuleTried, ...]
    rule: RuleSettings | None
    actions: tuple[ActionSettings, ...]
    request: Request
    transform_error: str = ""

    @property
    def url(self) -> str:
        """The URL that the target gets."""
        request = self.request
        target = request.raw_path + (b"?" + request.raw_query if request.raw_query else b"")
        host = request.authority or first_value(request.headers, b"host")
        return f"{request.scheme}://{host.decode('latin-1')}{target.decode('latin-1')}"


def explain(listener: AlbSettings, request: Request) -> Explanation:
    """Try every rule as the listener does, slowly and with reasons."""
    conditions = [condition for rule in listener.rules for condition in rule.conditions]
    reader = fact_reader(conditions, listener.trusted_proxies)
    facts = reader.read(request)
    tried: list[RuleTried] = []
    for place, rule in sorted(enumerate(listener.rules), key=lambda item: item[1].priority):
        failed = _first_failure(rule.conditions, reader, facts)
        reason = _reason(failed, request, reader) if failed else ""
        tried.append(RuleTried(rule.priority, place, failed is None, reason))
        if failed is None:
            return _explained(tuple(tried), rule, request)
    return Explanation(tuple(tried), None, listener.default_actions, request)


def _explained(tried: tuple[RuleTried, ...], rule: RuleSettings, request: Request) -> Explanation:
    transform = compile_transforms(rule.transforms)
    try:
        rewritten = transform.apply(request) if transform else request
    except TransformFailed as error:
        return Explanation(tried, rule, rule.actions, request, str(error))
    return Explanation(tried, rule, rule.actions, rewritten)


def _first_failure(
    conditions: Sequence[ConditionSettings], reader: FactReader, facts: Sequence[object]
) -> ConditionSettings | None:
    for condition in conditions:
        compiled = compile_condition(condition, reader)
        if not compiled.test(facts[compiled.fact]):
            return condition
    return None


def _reason(condition: ConditionSettings, request: Request, reader: FactReader) -> str:
    """``path-pattern: '/two' matches none of '/one/*'``."""
    match condition:
        case PathPattern():
            return f"path-pattern: {_shown(request.raw_path)} matches {_wanted(condition)}"
        case HostHeader():
            return f"host-header: {_shown(host_of(request))} matches {_wanted(condition)}"
        case HttpRequestMethod(values):
            return f"http-request-method: {request.method!r} is not {_alternatives(values)}"
        case HttpHeader(name):
            lines = [value for key, value in request.headers if key.lower() == name.lower().encode()]
            if not lines:
                return f"http-header: there is no {name}"
            return f"http-header: {name} {', '.join(_shown(line) for line in lines)} matches {_wanted(condition)}"
        case QueryString(values):
            pairs = [f"{pair.key}={pair.value}" if pair.key is not None else pair.value for pair in values]
            return f"query-string: {_shown(request.raw_query)} has none of {', '.join(map(repr, pairs))}"
        case SourceIp(values):
            address = source_address(request, reader.trusted)
            return f"source-ip: {address or request.client[0]} is not in {', '.join(values)}"


def _wanted(condition: HostHeader | PathPattern | HttpHeader) -> str:
    if condition.values:
        return f"none of {', '.join(map(repr, condition.values))}"
    return f"none of the regular expressions {', '.join(map(repr, condition.regex_values))}"


def _alternatives(values: Sequence[str]) -> str:
    return " or ".join(map(repr, values))


def _shown(value: bytes) -> str:
    return repr(value.decode("latin-1"))
