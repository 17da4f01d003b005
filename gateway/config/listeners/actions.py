"""The actions and transforms of a rule, as the file writes them."""

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from gateway.config.strict import AbsolutePath, RegexText, Strict, TextOrNumber, fault, matching


def _redirect_port(text: str) -> str:
    if text != "#{port}" and not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise fault("found {found}; allowed: 1 to 65535 or '#{port}'")
    return text


_Url: TypeAlias = Annotated[str, matching(r"https?://[^\s/]+\S*", "a URL"), Field(max_length=256)]
_Port: TypeAlias = Annotated[TextOrNumber, AfterValidator(_redirect_port)]
_Seconds: TypeAlias = Annotated[int, Field(ge=1, le=604800)]


class TargetGroupTupleModel(Strict):
    """A target group of a forward action."""

    target_group: str
    """The name of a target group of this file."""
    weight: Annotated[int, Field(ge=0, le=999)] = 1
    """Its share of the requests, against the weights of the others."""


class TargetGroupStickinessModel(Strict):
    """Whether a client stays with the target group that it got first."""

    enabled: bool = False
    """Whether AWSALBTG cookies are sent and obeyed."""
    duration_seconds: _Seconds = 3600
    """How long a client stays, in seconds."""


class ForwardModel(Strict):
    """Forward to one to five target groups."""

    type: Literal["forward"]
    target_groups: Annotated[tuple[TargetGroupTupleModel, ...], Field(min_length=1, max_length=5)]
    """The target groups and their weights."""
    target_group_stickiness_config: TargetGroupStickinessModel = TargetGroupStickinessModel()
    """Group stickiness."""


class RedirectModel(Strict):
    """Redirect; the parts may hold #{protocol}, #{host}, #{port}, #{path} (without its first /) and #{query}."""

    type: Literal["redirect"]
    status_code: Literal["HTTP_301", "HTTP_302"]
    """Permanent or temporary."""
    protocol: Literal["HTTP", "HTTPS", "#{protocol}"] = "#{protocol}"
    """HTTP, HTTPS or #{protocol}."""
    host: Annotated[str, Field(min_length=1, max_length=128)] = "#{host}"
    """The host name."""
    port: _Port = "#{port}"
    """1-65535 or #{port}."""
    path: Annotated[AbsolutePath, Field(max_length=128)] = "/#{path}"
    """The path, with its first /."""
    query: Annotated[str, Field(max_length=128)] = "#{query}"
    """The query, without the ?."""

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if (self.protocol, self.host, self.port, self.path) == ("#{protocol}", "#{host}", "#{port}", "/#{path}"):
            raise fault("this redirect leads to itself; change protocol, host, port or path")
        return self


def _answer_status(code: int) -> int:
    if not 200 <= code <= 599 or 300 <= code <= 399:
        raise fault("found {found}; allowed: 200 to 299 and 400 to 599")
    return code


class FixedResponseModel(Strict):
    """Answer without a target."""

    type: Literal["fixed-response"]
    status_code: Annotated[int, AfterValidator(_answer_status)]
    """2xx, 4xx or 5xx."""
    content_type: Literal["text/plain", "text/css", "text/html", "application/javascript", "application/json"] = (
        "text/plain"
    )
    """The type of the message."""
    message_body: Annotated[str, Field(max_length=1024)] = ""
    """The message."""


class _LoginModel(Strict):
    """What both ways to log in share."""

    session_cookie_name: Annotated[str, Field(min_length=1)] = "AWSELBAuthSessionCookie"
    """The name of the session cookie."""
    scope: str = "openid"
    """The claims to ask for."""
    session_timeout: _Seconds = 604800
    """How long a session lasts, in seconds."""
    authentication_request_extra_params: Annotated[dict[str, str], Field(max_length=10)] = Field(default_factory=dict)
    """Query parameters added to the authorization request."""
    on_unauthenticated_request: Literal["authenticate", "deny", "allow"] = "authenticate"
    """Log in, answer 401, or go on without a user."""


class AuthenticateOidcModel(_LoginModel):
    """Log the user in with an OpenID Connect provider."""

    type: Literal["authenticate-oidc"]
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
    client_secret: str
    """The client's secret; ${VAR} keeps it out of the file."""


class AuthenticateCognitoModel(_LoginModel):
    """Log the user in with a Cognito user pool."""

    type: Literal["authenticate-cognito"]
    user_pool_arn: Annotated[
        str, matching(r"arn:[a-z-]+:cognito-idp:[a-z0-9-]+:\d{12}:userpool/\S+", "the ARN of a Cognito user pool")
    ]
    """The user pool."""
    user_pool_client_id: str
    """The client's id."""
    user_pool_domain: str
    """The domain prefix or the full domain of the user pool."""


def _additional(name: str) -> str:
    if name in ("", "exp", "iss", "nbf", "iat"):
        raise fault("found {found}; allowed: any claim but exp, iss, nbf and iat, which are checked anyway")
    return name


class JwtClaimModel(Strict):
    """A claim to check."""

    name: Annotated[str, AfterValidator(_additional)]
    """The claim; exp, iss, nbf and iat are checked anyway."""
    format: Literal["single-string", "string-array", "space-separated-values"]
    """How the claim holds its values."""
    values: Annotated[tuple[Annotated[str, Field(max_length=256)], ...], Field(min_length=1, max_length=10)]
    """Values to find."""


class JwtValidationModel(Strict):
    """Check the bearer token."""

    type: Literal["jwt-validation"]
    jwks_endpoint: _Url
    """Where the keys are."""
    issuer: Annotated[str, Field(min_length=1, max_length=256)]
    """The issuer that the token must name."""
    additional_claims: Annotated[tuple[JwtClaimModel, ...], Field(max_length=10)] = ()
    """Further claims to check."""


ActionModel: TypeAlias = Annotated[
    ForwardModel
    | RedirectModel
    | FixedResponseModel
    | AuthenticateOidcModel
    | AuthenticateCognitoModel
    | JwtValidationModel,
    Field(discriminator="type"),
]


class RewriteModel(Strict):
    """One rewrite."""

    regex: Annotated[RegexText, Field(max_length=1024)]
    """What to find (RE2)."""
    replace: Annotated[str, Field(max_length=1024)]
    """What to put in its place; $1 is the first group."""


class _RewritesModel(Strict):
    rewrites: Annotated[tuple[RewriteModel, ...], Field(min_length=1, max_length=1)]
    """Exactly one rewrite."""


class HostHeaderRewriteModel(_RewritesModel):
    """Rewrite the host name."""

    type: Literal["host-header-rewrite"]


class UrlRewriteModel(_RewritesModel):
    """Rewrite path and query."""

    type: Literal["url-rewrite"]


TransformModel: TypeAlias = Annotated[HostHeaderRewriteModel | UrlRewriteModel, Field(discriminator="type")]
