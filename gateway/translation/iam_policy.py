"""An IAM policy document as an authorizer returns it, evaluated for one call.

Facts, from the IAM user guide (policy evaluation logic, condition operators):

- A matching Deny wins over any Allow; nothing matching is an implicit deny.
- ``*`` stands for any run of characters, ``?`` for one; actions compare without case, resources with it.
- All operators and keys of a Condition must hold; of the values listed for one key, one must (negated operators: none
  may match).
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum
from ipaddress import ip_address, ip_network
from typing import Final

from gateway.translation.wildcards import MARK, STAR, wildcard_expression
from gateway.types import Json


class Decision(Enum):
    """What a policy says about one call."""

    ALLOW = "allowed"
    EXPLICIT_DENY = "denied by a statement"
    IMPLICIT_DENY = "allowed by no statement"


class BadPolicy(ValueError):
    """A document that is no policy; the text says where."""


def evaluate(document: Json, action: str, resource: str, context: Mapping[str, str]) -> Decision:
    """The decision of a policy document.

    Args:
        document: ``{"Version": …, "Statement": [...]}``.
        action: ``execute-api:Invoke``.
        resource: The ARN of the called method.
        context: Condition keys in lower case (``aws:sourceip``) and their values.

    Raises:
        BadPolicy: The document is no policy, or uses a condition operator that is not known here.
    """
    decision = Decision.IMPLICIT_DENY
    for statement in _statements(document):
        if not _applies(statement, action, resource, context):
            continue
        if statement["Effect"] == "Deny":
            return Decision.EXPLICIT_DENY
        decision = Decision.ALLOW
    return decision


def _statements(document: Json) -> list[dict[str, Json]]:
    if not isinstance(document, dict):
        raise BadPolicy("policyDocument must be an object")
    given = document.get("Statement")
    statements = []
    for statement in given if isinstance(given, list) else [given]:
        if not isinstance(statement, dict) or statement.get("Effect") not in {"Allow", "Deny"}:
            raise BadPolicy("each Statement must be an object with the Effect Allow or Deny")
        statements.append(statement)
    return statements


def _applies(statement: dict[str, Json], action: str, resource: str, context: Mapping[str, str]) -> bool:
    if "NotAction" in statement:
        acts = not any(matches(entry.lower(), action.lower()) for entry in _texts(statement["NotAction"]))
    else:
        acts = any(matches(entry.lower(), action.lower()) for entry in _texts(statement.get("Action")))
    if "NotResource" in statement:
        reaches = not any(matches(entry, resource) for entry in _texts(statement["NotResource"]))
    else:
        reaches = any(matches(entry, resource) for entry in _texts(statement.get("Resource")))
    return acts and reaches and _holds(statement.get("Condition"), context)


def _texts(value: Json) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(entry, str) for entry in values):
        raise BadPolicy(f"expected a string or a list of strings, got {value!r:.80}")
    return [entry for entry in values if isinstance(entry, str)]


def _holds(condition: Json, context: Mapping[str, str]) -> bool:
    if condition is None:
        return True
    if not isinstance(condition, dict):
        raise BadPolicy("Condition must be an object")
    return all(_operator_holds(operator, keys, context) for operator, keys in condition.items())


def _operator_holds(operator: str, keys: Json, context: Mapping[str, str]) -> bool:
    name, negated = (operator.replace("Not", "", 1), True) if "Not" in operator else (operator, False)
    test = _OPERATORS.get(name)
    if test is None or not isinstance(keys, dict):
        raise BadPolicy(f"the condition operator {operator} is not known; use one of {', '.join(sorted(_OPERATORS))}")
    for key, values in keys.items():
        actual = context.get(key.lower())
        found = actual is not None and any(test(entry, actual) for entry in _texts(values))
        if found is negated:
            return False
    return True


def _in_network(network: str, address: str) -> bool:
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except ValueError as error:
        raise BadPolicy(str(error)) from error


def matches(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern with ``*`` and ``?`` describes; in one pass over the text."""
    if MARK in pattern:
        expression = wildcard_expression((character in (STAR, MARK), character) for character in pattern)
        return re.fullmatch(expression, text, re.DOTALL) is not None
    first, *others = pattern.split(STAR)
    if not others:
        return pattern == text
    *between, last = others
    at, end = len(first), len(text) - len(last)
    if at > end or not (text.startswith(first) and text.endswith(last)):
        return False
    for part in between:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


_OPERATORS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "StringEquals": lambda wanted, actual: wanted == actual,
    "StringEqualsIgnoreCase": lambda wanted, actual: wanted.lower() == actual.lower(),
    "StringLike": matches,
    "ArnLike": matches,
    "ArnEquals": matches,
    "IpAddress": _in_network,
}
