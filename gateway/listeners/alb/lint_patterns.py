"""Patterns that AWS refuses, and patterns that no request can match."""

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from gateway.config.conditions import ConditionSettings, HostHeader, HttpHeader, PathPattern, QueryString

PatternFinding: TypeAlias = tuple[str, str, str]
"""The key below the condition, the message, and AWS's limit or ""."""

_LENGTH: Final = 128
_PATH: Final = re.compile(r"""[A-Za-z0-9_\-.$/~"'@:+&*?]*""")
_HOST: Final = re.compile(r"[A-Za-z0-9.*?-]*")
_VISIBLE: Final = re.compile(r"[ -~]*")
_TOP_LEVEL: Final = re.compile(r".*\.[A-Za-z]+", re.DOTALL)


def pattern_findings(condition: ConditionSettings) -> Iterator[PatternFinding]:
    """What is to be said about the patterns of a condition."""
    match condition:
        case PathPattern(values, regexes):
            for index, value in enumerate(values):
                yield from _each(f"values[{index}]", value, _path(value))
            yield from _regexes(regexes, anchored_to="/")
        case HostHeader(values, regexes):
            for index, value in enumerate(values):
                yield from _each(f"values[{index}]", value, _host(value))
            yield from _regexes(regexes)
        case HttpHeader(values, regexes):
            for index, value in enumerate(values):
                yield from _each(f"values[{index}]", value, _header(value))
            yield from _regexes(regexes)
        case QueryString(values):
            for index, pair in enumerate(values):
                yield from _each(f"values[{index}].value", pair.value, _query(pair.value, "&#"))
                if pair.key is not None:
                    yield from _each(f"values[{index}].key", pair.key, _query(pair.key, "&#="))
        case _:
            return


def _each(key: str, value: str, findings: Iterator[tuple[str, str]]) -> Iterator[PatternFinding]:
    if len(value) > _LENGTH:
        yield key, f"the pattern has {len(value)} characters", f"{_LENGTH} characters"
    for message, limit in findings:
        yield key, f"{value!r:.80}: {message}", limit


def _path(value: str) -> Iterator[tuple[str, str]]:
    if not value.startswith(("/", "*", "?")):
        yield "can never match: a path begins with /", ""
    if not _PATH.fullmatch(value):
        yield f"has {_others(_PATH, value)}", "A-Z, a-z, 0-9, _ - . $ / ~ \" ' @ : + & * ? in a path pattern"


def _host(value: str) -> Iterator[tuple[str, str]]:
    if ":" in value or "/" in value:
        yield "can never match: the host is compared without scheme, port and path", ""
    elif not _HOST.fullmatch(value):
        yield f"has {_others(_HOST, value)}", "A-Z, a-z, 0-9, - . * ? in a host name"
    elif not _TOP_LEVEL.fullmatch(value):
        yield "has no dot with only letters behind it", "at least one dot, and only letters behind the last"


def _header(value: str) -> Iterator[tuple[str, str]]:
    if not _VISIBLE.fullmatch(value):
        yield f"has {_others(_VISIBLE, value)}", "visible ASCII characters"
    if value != value.strip():
        yield "can never match: spaces around a header's value are removed", ""


def _query(value: str, separators: str) -> Iterator[tuple[str, str]]:
    found = [separator for separator in separators if separator in value]
    if found:
        yield f"can never match: {found[0]} separates parts of the URL; write %{ord(found[0]):02X}", ""
    if not _VISIBLE.fullmatch(value) or " " in value:
        yield "can never match: such characters stand percent-encoded in a URL", "visible ASCII characters"


def _regexes(regexes: tuple[str, ...], anchored_to: str = "") -> Iterator[PatternFinding]:
    for index, regex in enumerate(regexes):
        if len(regex) > _LENGTH:
            yield f"regex_values[{index}]", f"the expression has {len(regex)} characters", f"{_LENGTH} characters"
        start = regex.removeprefix("^").replace("\\/", "/")
        if anchored_to and regex.startswith("^") and start[:1].isalnum() and "|" not in regex:
            message = f"{regex!r:.80}: can never match: what it is compared with begins with {anchored_to}"
            yield f"regex_values[{index}]", message, ""


def _others(allowed: re.Pattern[str], value: str) -> str:
    """The characters that are not allowed."""
    others = dict.fromkeys(character for character in value if not allowed.fullmatch(character))
    return ", ".join(map(repr, others)) + ", which AWS does not allow"
