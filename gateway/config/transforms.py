"""The transforms of a listener's rules as frozen values.

Names, ranges and defaults are those of the ELBv2 API (``RuleTransform``).
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

from gateway.config.keys import Length
from gateway.config.regex import RegexText


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One rewrite."""

    regex: Annotated[RegexText, Length(high=1024)]
    """What to find (RE2)."""
    replace: Annotated[str, Length(high=1024)]
    """What to put in its place; $1 is the first group."""


@dataclass(frozen=True, slots=True)
class Rewrites:
    """What both transforms have."""

    rewrites: Annotated[tuple[Rewrite, ...], Length(1, 1)]
    """Exactly one rewrite."""


@dataclass(frozen=True, slots=True)
class HostHeaderRewrite(Rewrites):
    """Rewrite the host name."""

    type: ClassVar[Literal["host-header-rewrite"]] = "host-header-rewrite"


@dataclass(frozen=True, slots=True)
class UrlRewrite(Rewrites):
    """Rewrite path and query."""

    type: ClassVar[Literal["url-rewrite"]] = "url-rewrite"


TransformSettings: TypeAlias = HostHeaderRewrite | UrlRewrite
