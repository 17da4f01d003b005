"""The values of functions, target groups and rules that are checked by more than their type.

The forms are those of Lambda's ``CreateFunction`` and of the ELBv2 API.  Settings name these types in annotations
only, so that this is imported when a file is read.
"""

import re
from typing import Annotated, Final, Protocol, TypeAlias

from gateway.config.keys import Check, Matching, TextOrNumber
from gateway.config.not_allowed import NotAllowed
from gateway.configuration import ACCOUNT, ACCOUNT_TEXT, REGION, REGION_TEXT, RESERVED_VARIABLES, RUNTIME, RUNTIME_TEXT
from gateway.executors import EXECUTORS, LOCAL, executor_of
from gateway.loading import is_place

_ROUTING: Final = ("forward", "redirect", "fixed-response")


class HasType(Protocol):
    """An action or a transform."""

    type: str


class HasField(Protocol):
    """A condition."""

    field: str


def _not_reserved(name: str) -> str:
    if name in RESERVED_VARIABLES or name.startswith("_"):
        raise NotAllowed("found {found}; Lambda reserves this variable, choose another name")
    return name


def _codes(text: str) -> str:
    """Codes and ranges such as ``200,202`` or ``200-299``."""
    for part in text.split(","):
        low, _, high = part.partition("-")
        codes = [code for code in (low, high or low) if code.isascii() and code.isdigit() and 200 <= int(code) <= 499]
        if len(codes) < 2 or int(codes[0]) > int(codes[1]):
            raise NotAllowed("found {found}; allowed: codes from 200 to 499 such as '200,202' or '200-299'")
    return text


def _executor(name: str) -> str:
    if name not in LOCAL and not is_place(name):
        raise NotAllowed(f"found {{found}}; allowed: {', '.join(LOCAL)}, or package.module:Name for one of your own")
    return name


def _target(text: str) -> str:
    executor = executor_of(text)
    if executor is None or not re.fullmatch(executor.pattern, text):
        allowed = ", ".join(row.written for row in EXECUTORS if row.schemes)
        raise NotAllowed(f"found {{found}}; allowed: {allowed}")
    return _without_slash(text)


def _without_slash(text: str) -> str:
    return text.rstrip("/")


def _one_kind(targets: tuple[str, ...]) -> tuple[str, ...]:
    kinds = {row for target in targets if (row := executor_of(target))}
    if len(kinds) > 1:
        raise NotAllowed(
            "found different kinds; allowed: only http://…, only rie:… or only one aws:… target in a group"
        )
    if len(targets) > 1 and not all(row.several for row in kinds):
        raise NotAllowed(
            f"found {len(targets)} functions; allowed: one, as AWS registers one function in a target group"
        )
    return targets


def _redirect_port(text: str) -> str:
    if text != "#{port}" and not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise NotAllowed("found {found}; allowed: 1 to 65535 or '#{port}'")
    return text


def _answer_status(code: int) -> int:
    if not 200 <= code <= 599 or 300 <= code <= 399:
        raise NotAllowed("found {found}; allowed: 200 to 299 and 400 to 599")
    return code


def one_routing_action_last(actions: tuple[HasType, ...]) -> tuple[HasType, ...]:
    """Exactly one of forward, redirect and fixed-response, at the end; at most one other before it."""
    types = [action.type for action in actions]
    if not types or types[-1] not in _ROUTING or any(kind in _ROUTING for kind in types[:-1]):
        raise NotAllowed(
            f"found {', '.join(types) or 'no action'}; allowed: exactly one of {', '.join(_ROUTING)}, as the last"
        )
    if len(types) > 2:
        raise NotAllowed(
            f"found {', '.join(types)}; allowed: one authenticate-… or jwt-validation action before the last"
        )
    return actions


def types_once(transforms: tuple[HasType, ...]) -> tuple[HasType, ...]:
    """At most one transform of each type."""
    if len({transform.type for transform in transforms}) < len(transforms):
        raise NotAllowed("found a type twice; allowed: one host-header-rewrite and one url-rewrite")
    return transforms


def fields_once(conditions: tuple[HasField, ...]) -> tuple[HasField, ...]:
    """At most one condition of each field, except of http-header and query-string."""
    fields = [condition.field for condition in conditions if condition.field not in ("http-header", "query-string")]
    for name in fields:
        if fields.count(name) > 1:
            raise NotAllowed(f"found {name} {fields.count(name)} times; allowed: once in a rule")
    return conditions


Variable: TypeAlias = Annotated[
    str, Matching("[A-Za-z_][A-Za-z0-9_]*", "letters, digits and _, no digit first"), Check(_not_reserved)
]
Runtime: TypeAlias = Annotated[
    str,
    Matching(RUNTIME, RUNTIME_TEXT),
]
ExecutorName: TypeAlias = Annotated[str, Check(_executor)]
Matcher: TypeAlias = Annotated[TextOrNumber, Check(_codes)]
Targets: TypeAlias = Annotated[tuple[Annotated[str, Check(_target)], ...], Check(_one_kind)]
TargetGroupArn: TypeAlias = Annotated[
    str, Matching(r"(arn:[a-z-]+:elasticloadbalancing:\S+)?", "an ARN of elasticloadbalancing")
]
EndpointUrl: TypeAlias = Annotated[
    str, Matching(r"(https?://\S+)?", "a URL such as http://127.0.0.1:4566"), Check(_without_slash)
]
Region: TypeAlias = Annotated[str, Matching(f"({REGION})?", REGION_TEXT)]
Account: TypeAlias = Annotated[TextOrNumber, Matching(ACCOUNT, ACCOUNT_TEXT)]
RedirectPort: TypeAlias = Annotated[TextOrNumber, Check(_redirect_port)]
ActionStatus: TypeAlias = Annotated[int, Check(_answer_status)]
