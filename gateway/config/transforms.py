"""The transforms of a listener's rules as frozen values.

Names and defaults are those of the ELBv2 API (``RuleTransform``).
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A regular expression, and what replaces the text that it finds; ``$1`` stands for its first group."""

    regex: str
    replace: str


@dataclass(frozen=True, slots=True)
class HostHeaderRewrite:
    """Transform ``host-header-rewrite``."""

    rewrites: tuple[Rewrite, ...]


@dataclass(frozen=True, slots=True)
class UrlRewrite:
    """Transform ``url-rewrite``."""

    rewrites: tuple[Rewrite, ...]


TransformSettings: TypeAlias = HostHeaderRewrite | UrlRewrite
