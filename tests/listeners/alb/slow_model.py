"""An independent slow model of rules: the documentation's sentences, one line each, without any preparation."""

import ipaddress
import re
from collections.abc import Sequence
from typing import TypeAlias

from gateway.config import conditions as kinds
from gateway.config.conditions import ConditionSettings
from gateway.config.rules import RuleSettings
from gateway.translation.messages import Request

Symbols: TypeAlias = list[tuple[str, bool]]


def symbols(pattern: str, *, escapes: bool) -> Symbols:
    """Characters, each with whether it is a wildcard."""
    found: Symbols = []
    place = 0
    while place < len(pattern):
        if escapes and pattern[place] == "\\" and pattern[place + 1 : place + 2] in ("*", "?", "\\"):
            place += 1
            found.append((pattern[place], False))
        else:
            found.append((pattern[place], pattern[place] in "*?"))
        place += 1
    return found


def glob(pattern: Symbols, text: str) -> bool:
    """``*`` is zero or more characters, ``?`` exactly one; the whole text must match."""
    if not pattern:
        return not text
    (character, wild), rest = pattern[0], pattern[1:]
    if wild and character == "*":
        return any(glob(rest, text[skipped:]) for skipped in range(len(text) + 1))
    return bool(text) and (wild or character == text[0]) and glob(rest, text[1:])


def like(pattern: str, text: str, *, escapes: bool = False) -> bool:
    """A case-insensitive match."""
    return glob(symbols(pattern.lower(), escapes=escapes), text.lower())


def holds(condition: ConditionSettings, asked: Request) -> bool:
    """Whether a condition holds, by the words of the documentation."""
    headers = [(name.decode().lower(), value.decode()) for name, value in asked.headers]
    match condition:
        case kinds.PathPattern(values, regexes):
            path = asked.raw_path.decode()
            return any(glob(symbols(it, escapes=False), path) for it in values) or any(
                re.search(it, path) for it in regexes
            )
        case kinds.HostHeader(values, regexes):
            host = [*(value for name, value in headers if name == "host"), ""][0].split(":")[0]
            return any(like(it, host) for it in values) or any(re.search(it, host, re.IGNORECASE) for it in regexes)
        case kinds.HttpHeader(values, regexes, http_header_name=wanted):
            lines = [value for name, value in headers if name == wanted.lower()]
            return any(like(it, line) for it in values for line in lines) or any(
                re.search(it, line, re.IGNORECASE) for it in regexes for line in lines
            )
        case kinds.HttpRequestMethod(values):
            return asked.method in values
        case kinds.QueryString(values):
            pairs = [part.split("=", 1) for part in asked.raw_query.decode().split("&") if part]
            return any(
                (it.key is None or like(it.key, pair[0], escapes=True)) and like(it.value, (*pair, "")[1], escapes=True)
                for it in values
                for pair in pairs
            )
        case kinds.SourceIp(values):
            return any(ipaddress.ip_address(asked.client[0]) in ipaddress.ip_network(it) for it in values)


def decided(rules: Sequence[RuleSettings], asked: Request) -> int:
    """The priority of the rule that decides; 0 for the default."""
    matching = [it.priority for it in rules if all(holds(condition, asked) for condition in it.conditions)]
    return min(matching, default=0)
