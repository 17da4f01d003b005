"""The rules of a load balancer's listener as frozen values: conditions, transforms and actions.

Names and defaults are those of the ELBv2 API (``RuleCondition``, ``Action``, ``RuleTransform``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class TargetGroupTuple:
    """A target group and its weight in a forward action."""

    target_group: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class TargetGroupStickiness:
    """Group stickiness of a forward action; ``duration_seconds`` is 1-604800 when enabled."""

    enabled: bool = False
    duration_seconds: int = 3600


@dataclass(frozen=True, slots=True)
class Forward:
    """Action ``forward``."""

    target_groups: tuple[TargetGroupTuple, ...]
    target_group_stickiness_config: TargetGroupStickiness = TargetGroupStickiness()


@dataclass(frozen=True, slots=True)
class Redirect:
    """Action ``redirect``; every part may hold ``#{protocol} #{host} #{port} #{path} #{query}``."""

    status_code: str
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"


@dataclass(frozen=True, slots=True)
class FixedResponse:
    """Action ``fixed-response``."""

    status_code: int
    content_type: str = "text/plain"
    message_body: str = ""


@dataclass(frozen=True, slots=True)
class AuthenticateOidc:
    """Action ``authenticate-oidc``; ``session_timeout`` in seconds."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    user_info_endpoint: str
    client_id: str
    client_secret: str = field(repr=False)
    session_cookie_name: str = "AWSELBAuthSessionCookie"
    scope: str = "openid"
    session_timeout: int = 604800
    authentication_request_extra_params: Mapping[str, str] = field(default_factory=dict)
    on_unauthenticated_request: str = "authenticate"


@dataclass(frozen=True, slots=True)
class AuthenticateCognito:
    """Action ``authenticate-cognito``; ``session_timeout`` in seconds."""

    user_pool_arn: str
    user_pool_client_id: str
    user_pool_domain: str
    session_cookie_name: str = "AWSELBAuthSessionCookie"
    scope: str = "openid"
    session_timeout: int = 604800
    authentication_request_extra_params: Mapping[str, str] = field(default_factory=dict)
    on_unauthenticated_request: str = "authenticate"


@dataclass(frozen=True, slots=True)
class JwtClaim:
    """A claim that a token must have beyond ``exp`` and ``iss``."""

    name: str
    format: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JwtValidation:
    """Action ``jwt-validation``."""

    jwks_endpoint: str
    issuer: str
    additional_claims: tuple[JwtClaim, ...] = ()


AuthenticationSettings: TypeAlias = AuthenticateOidc | AuthenticateCognito | JwtValidation
RoutingSettings: TypeAlias = Forward | Redirect | FixedResponse
ActionSettings: TypeAlias = AuthenticationSettings | RoutingSettings


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


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """One rule of a load balancer's listener."""

    priority: int
    conditions: tuple[ConditionSettings, ...]
    actions: tuple[ActionSettings, ...]
    transforms: tuple[TransformSettings, ...] = ()
