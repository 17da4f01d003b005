"""The conditions of a listener's rules as frozen values.

Names, ranges and defaults are those of the ELBv2 API (``RuleCondition``).
"""

import dataclasses
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

from gateway.config.keys import Check, Cidr, Length, Matching, NonEmpty
from gateway.config.not_allowed import NotAllowed
from gateway.config.regex import RegexText


@dataclass(frozen=True, slots=True)
class Patterns:
    """Values or regular expressions, never both."""

    values: tuple[NonEmpty, ...] = ()
    """Patterns with the wildcards * and ?; one of them must match the whole text."""
    regex_values: tuple[RegexText, ...] = ()
    """Regular expressions (RE2) instead of values; one of them must be found in the text."""

    def check_keys(self) -> None:
        """Raise `NotAllowed` unless it has one of the two."""
        if bool(self.values) == bool(self.regex_values):
            raise NotAllowed("give either values or regex_values, with at least one entry")


@dataclass(frozen=True, slots=True)
class HostHeader(Patterns):
    """The host name of the request, without a port; upper and lower case are the same."""

    field: ClassVar[Literal["host-header"]] = "host-header"


@dataclass(frozen=True, slots=True)
class PathPattern(Patterns):
    """The path of the request, without the query; upper and lower case differ."""

    field: ClassVar[Literal["path-pattern"]] = "path-pattern"


def _not_host(name: str) -> str:
    if name.lower() == "host":
        raise NotAllowed("found {found}; use a host-header condition for this header")
    return name


@dataclass(frozen=True, slots=True)
class HttpHeader(Patterns):
    """Any line of a header; upper and lower case are the same."""

    field: ClassVar[Literal["http-header"]] = "http-header"
    http_header_name: Annotated[
        str,
        Check(_not_host),
        Matching(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}", "up to 40 characters of a header name, no wildcards"),
    ] = dataclasses.field(kw_only=True)
    """The header's name; no wildcards."""


_Method: TypeAlias = Annotated[str, Matching("[A-Z_-]{1,40}", "up to 40 of A-Z, - and _")]


@dataclass(frozen=True, slots=True)
class HttpRequestMethod:
    """The request method; exact."""

    field: ClassVar[Literal["http-request-method"]] = "http-request-method"
    values: Annotated[tuple[_Method, ...], Length(1)]
    """Method names of A-Z, - and _."""


@dataclass(frozen=True, slots=True)
class QueryStringPair:
    """A key and a value to find in the query string."""

    key: NonEmpty | None = dataclasses.field(default=None, kw_only=True)
    """Left out, any key will do."""
    value: NonEmpty
    """A pattern; * and ? are wildcards unless a backslash stands before them."""


@dataclass(frozen=True, slots=True)
class QueryString:
    """Key and value pairs of the query string, not decoded; upper and lower case are the same."""

    field: ClassVar[Literal["query-string"]] = "query-string"
    values: Annotated[tuple[QueryStringPair, ...], Length(1)]
    """Pairs; one of them must be found."""


@dataclass(frozen=True, slots=True)
class SourceIp:
    """The address of the client's connection."""

    field: ClassVar[Literal["source-ip"]] = "source-ip"
    values: Annotated[tuple[Cidr, ...], Length(1)]
    """CIDR blocks, IPv4 or IPv6."""


ConditionSettings: TypeAlias = HostHeader | PathPattern | HttpHeader | HttpRequestMethod | QueryString | SourceIp
