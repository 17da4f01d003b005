"""The actions that a request must pass before it is routed, as frozen values.

Names, ranges and defaults are those of the ELBv2 API (``Action``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, TypeAlias

from gateway.config.keys import Check, Length, Matching, NonEmpty, Range
from gateway.config.not_allowed import NotAllowed

_Url: TypeAlias = Annotated[str, Matching(r"https?://[^\s/]+\S*", "a URL"), Length(high=256)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginKeys:
    """What both ways to log in share."""

    session_cookie_name: NonEmpty = "AWSELBAuthSessionCookie"
    """The name of the session cookie."""
    scope: str = "openid"
    """The claims to ask for."""
    session_timeout: Annotated[int, Range(1, 604800)] = 604800
    """How long a session lasts, in seconds."""
    authentication_request_extra_params: Annotated[Mapping[str, str], Length(high=10)] = field(default_factory=dict)
    """Query parameters added to the authorization request."""
    on_unauthenticated_request: Literal["authenticate", "deny", "allow"] = "authenticate"
    """Log in, answer 401, or go on without a user."""


@dataclass(frozen=True, slots=True)
class AuthenticateOidc(LoginKeys):
    """Log the user in with an OpenID Connect provider."""

    type: ClassVar[Literal["authenticate-oidc"]] = "authenticate-oidc"
    issuer: _Url
    """The issuer."""
    authorization_endpoint: _Url
    """Where the browser is sent."""
    token_endpoint: _Url
    """Where the code is exchanged."""
    user_info_endpoint: _Url
    """Where the claims are read."""
    client_id: str
    """The client's id."""
    client_secret: str = field(repr=False)
    """The client's secret; ${VAR} keeps it out of the file."""


@dataclass(frozen=True, slots=True)
class AuthenticateCognito(LoginKeys):
    """Log the user in with a Cognito user pool."""

    type: ClassVar[Literal["authenticate-cognito"]] = "authenticate-cognito"
    user_pool_arn: Annotated[
        str, Matching(r"arn:[a-z-]+:cognito-idp:[a-z0-9-]+:\d{12}:userpool/\S+", "the ARN of a Cognito user pool")
    ]
    """The user pool."""
    user_pool_client_id: str
    """The client's id."""
    user_pool_domain: str
    """The domain prefix or the full domain of the user pool."""


def _additional(name: str) -> str:
    if name in ("", "exp", "iss", "nbf", "iat"):
        raise NotAllowed("found {found}; allowed: any claim but exp, iss, nbf and iat, which are checked anyway")
    return name


@dataclass(frozen=True, slots=True)
class JwtClaim:
    """A claim to check."""

    name: Annotated[str, Check(_additional)]
    """The claim; exp, iss, nbf and iat are checked anyway."""
    format: Literal["single-string", "string-array", "space-separated-values"]
    """How the claim holds its values."""
    values: Annotated[tuple[Annotated[str, Length(high=256)], ...], Length(1, 10)]
    """Values to find."""


@dataclass(frozen=True, slots=True)
class JwtValidation:
    """Check the bearer token."""

    type: ClassVar[Literal["jwt-validation"]] = "jwt-validation"
    jwks_endpoint: _Url
    """Where the keys are."""
    issuer: Annotated[str, Length(1, 256)]
    """The issuer that the token must name."""
    additional_claims: Annotated[tuple[JwtClaim, ...], Length(high=10)] = ()
    """Further claims to check."""


AuthenticationSettings: TypeAlias = AuthenticateOidc | AuthenticateCognito | JwtValidation
