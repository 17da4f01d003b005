"""The actions that a request must pass before it is routed, as frozen values.

Names and defaults are those of the ELBv2 API (``Action``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


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
