"""The conditions of a rule, as the file writes them."""

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from gateway.config.strict import Cidr, RegexText, Strict, fault, matching

_NonEmpty: TypeAlias = Annotated[str, Field(min_length=1)]


class _Patterns(Strict):
    """Values or regular expressions, never both."""

    values: tuple[_NonEmpty, ...] = ()
    """Patterns with the wildcards * and ?; one of them must match the whole text."""
    regex_values: tuple[RegexText, ...] = ()
    """Regular expressions (RE2) instead of values; one of them must be found in the text."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if bool(self.values) == bool(self.regex_values):
            raise fault("give either values or regex_values, with at least one entry")
        return self


class HostHeaderModel(_Patterns):
    """The host name of the request, without a port; upper and lower case are the same."""

    field: Literal["host-header"]


class PathPatternModel(_Patterns):
    """The path of the request, without the query; upper and lower case differ."""

    field: Literal["path-pattern"]


def _not_host(name: str) -> str:
    if name.lower() == "host":
        raise fault("found {found}; use a host-header condition for this header")
    return name


class HttpHeaderModel(_Patterns):
    """Any line of a header; upper and lower case are the same."""

    field: Literal["http-header"]
    http_header_name: Annotated[
        str,
        AfterValidator(_not_host),
        matching(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}", "up to 40 characters of a header name, no wildcards"),
    ]
    """The header's name; no wildcards."""


_Method: TypeAlias = Annotated[str, matching("[A-Z_-]{1,40}", "up to 40 of A-Z, - and _")]


class HttpRequestMethodModel(Strict):
    """The request method; exact."""

    field: Literal["http-request-method"]
    values: Annotated[tuple[_Method, ...], Field(min_length=1)]
    """Method names of A-Z, - and _."""


class QueryStringPairModel(Strict):
    """A key and a value to find in the query string."""

    key: _NonEmpty | None = None
    """Left out, any key will do."""
    value: _NonEmpty
    """A pattern; * and ? are wildcards unless a backslash stands before them."""


class QueryStringModel(Strict):
    """Key and value pairs of the query string, not decoded; upper and lower case are the same."""

    field: Literal["query-string"]
    values: Annotated[tuple[QueryStringPairModel, ...], Field(min_length=1)]
    """Pairs; one of them must be found."""


class SourceIpModel(Strict):
    """The address of the client's connection."""

    field: Literal["source-ip"]
    values: Annotated[tuple[Cidr, ...], Field(min_length=1)]
    """CIDR blocks, IPv4 or IPv6."""


ConditionModel: TypeAlias = Annotated[
    HostHeaderModel | PathPatternModel | HttpHeaderModel | HttpRequestMethodModel | QueryStringModel | SourceIpModel,
    Field(discriminator="field"),
]
