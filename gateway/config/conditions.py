"""The conditions of a listener's rules as frozen values.

Names and defaults are those of the ELBv2 API (``RuleCondition``).
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class HostHeader:
    """Condition ``host-header``."""

    values: tuple[str, ...] = ()
    regex_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PathPattern:
    """Condition ``path-pattern``."""

    values: tuple[str, ...] = ()
    regex_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpHeader:
    """Condition ``http-header``."""

    http_header_name: str
    values: tuple[str, ...] = ()
    regex_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpRequestMethod:
    """Condition ``http-request-method``."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueryStringPair:
    """One value of a ``query-string`` condition; ``key`` is None where any key will do."""

    value: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class QueryString:
    """Condition ``query-string``."""

    values: tuple[QueryStringPair, ...]


@dataclass(frozen=True, slots=True)
class SourceIp:
    """Condition ``source-ip``; CIDR blocks."""

    values: tuple[str, ...]


ConditionSettings: TypeAlias = HostHeader | PathPattern | HttpHeader | HttpRequestMethod | QueryString | SourceIp
