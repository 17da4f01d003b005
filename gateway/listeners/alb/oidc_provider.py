"""The identity provider of an action: its endpoints, and the calls that a load balancer makes to them.

Facts

- The load balancer exchanges the code for tokens, validates the id token, then asks the user info endpoint with the
  access token (AWS ELB user guide, "Authenticate users").
- It knows no key set of the provider, so it cannot check the id token's signature; the token came straight from the
  token endpoint, for which OpenID Connect Core (3.1.3.7, 6) allows that.
- A user pool's endpoints are ``/oauth2/authorize``, ``/oauth2/token`` and ``/oauth2/userInfo`` of its domain, which is
  ``PREFIX.auth.REGION.amazoncognito.com`` or one of the user's own; its issuer is
  ``https://cognito-idp.REGION.amazonaws.com/POOL-ID`` (Cognito developer guide, user pool endpoints).
- Claims and access token together may have 11 KB (user guide).
- The client shows its secret with HTTP Basic, OpenID Connect's default (Core, 9); AWS does not say which way it takes.
"""

import base64
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

from gateway.config.authentication import AuthenticateCognito, AuthenticateOidc
from gateway.listeners.alb.authentication_failure import AuthenticationFailure
from gateway.listeners.tokens import NoToken, instant, read_object
from gateway.translation.headers import is_field_value
from gateway.types import EpochMs, Json

if TYPE_CHECKING:
    import httpx

_CLAIMS_BYTES: Final = 11 * 1024
_READ_BYTES: Final = 128 * 1024
"""Bytes of a provider's answer that are read; the tokens of one user have to fit into cookies of 16 KB."""
_LONGEST_S: Final = 604_800


class Provider(NamedTuple):
    """Endpoints and credentials of one action, whichever kind it is."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    user_info_endpoint: str
    client_id: str
    client_secret: str


class TokenResponse(NamedTuple):
    """What the token endpoint gave; texts are "" and ``expires_in``, in seconds, is 0 where it gave none."""

    access_token: str
    id_token: str
    refresh_token: str
    expires_in: int


def provider_of(action: AuthenticateOidc | AuthenticateCognito, client_secret: str = "") -> Provider:
    """The provider of an action; ``client_secret`` is for a user pool's client, whose action does not have it.

    The domain of a user pool may be a whole URL, for a local stand-in of Cognito; AWS takes no such thing.
    """
    if isinstance(action, AuthenticateOidc):
        return Provider(
            action.issuer,
            action.authorization_endpoint,
            action.token_endpoint,
            action.user_info_endpoint,
            action.client_id,
            action.client_secret,
        )
    region, pool = region_and_pool(action.user_pool_arn)
    domain = action.user_pool_domain
    if "://" not in domain:
        domain = f"https://{domain}" if "." in domain else f"https://{domain}.auth.{region}.amazoncognito.com"
    base = f"{domain.rstrip('/')}/oauth2"
    issuer = f"https://cognito-idp.{region}.amazonaws.com/{pool}"
    return Provider(
        issuer, f"{base}/authorize", f"{base}/token", f"{base}/userInfo", action.user_pool_client_id, client_secret
    )


def region_and_pool(user_pool_arn: str) -> tuple[str, str]:
    """Region and id of a user pool."""
    return user_pool_arn.split(":")[3], user_pool_arn.rpartition("/")[2]


class _Answer(NamedTuple):
    """What an endpoint answered."""

    status_code: int
    is_success: bool
    content: bytes


class ProviderCalls:
    """The calls to one provider; each raises `AuthenticationFailure` when it does not give what it should."""

    def __init__(self, provider: Provider, client: "httpx.AsyncClient") -> None:
        self._provider = provider
        self._client = client

    async def exchange(self, code: str, redirect_uri: str, now: EpochMs) -> TokenResponse:
        """Tokens for an authorization code; the id token has been validated."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        tokens = await self._tokens(form)
        if not tokens.id_token:
            raise AuthenticationFailure(
                "AuthInvalidTokenResponse", "the token endpoint gave no id token; is openid in the scope?"
            )
        check_id_token(tokens.id_token, self._provider, now)
        return tokens

    async def refresh(self, refresh_token: str) -> TokenResponse:
        """New tokens for a refresh token; the old refresh token stays when no new one came."""
        tokens = await self._tokens({"grant_type": "refresh_token", "refresh_token": refresh_token})
        return tokens if tokens.refresh_token else tokens._replace(refresh_token=refresh_token)

    async def claims(self, access_token: str) -> dict[str, Json]:
        """What the user info endpoint says; there is always a text ``sub``."""
        import httpx  # noqa: PLC0415

        try:
            answer = await self._ask("GET", self._provider.user_info_endpoint, f"Bearer {access_token}")
        except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: the configuration changed meanwhile
            raise AuthenticationFailure("AuthUserinfoEpRequestTimeout", _why(error)) from error
        if not answer.is_success:
            raise AuthenticationFailure("AuthUserinfoEpRequestFailed", f"it answered {answer.status_code}")
        if len(answer.content) + len(access_token) > _CLAIMS_BYTES:
            raise AuthenticationFailure("AuthUserinfoResponseSizeExceeded", f"more than {_CLAIMS_BYTES} bytes")
        claims = _object(answer.content)
        if not is_field_value(_text(claims, "sub") or "\0"):
            raise AuthenticationFailure("AuthInvalidUserinfoResponse", "it is no JSON object with a usable sub")
        return claims

    async def _tokens(self, form: dict[str, str]) -> TokenResponse:
        import httpx  # noqa: PLC0415

        try:
            answer = await self._ask("POST", self._provider.token_endpoint, self._credentials(), form)
        except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: the configuration changed meanwhile
            raise AuthenticationFailure("AuthTokenEpRequestTimeout", _why(error)) from error
        if len(answer.content) > _READ_BYTES:
            raise AuthenticationFailure("AuthInvalidTokenResponse", f"more than {_READ_BYTES} bytes")
        content = _object(answer.content)
        if not answer.is_success:
            said = content.get("error")
            reason = "AuthInvalidGrantError" if said == "invalid_grant" else "AuthTokenEpRequestFailed"
            raise AuthenticationFailure(reason, f"it answered {answer.status_code} {said or ''}".rstrip())
        access, id_token, refresh = (_text(content, name) for name in ("access_token", "id_token", "refresh_token"))
        if not access or not is_field_value(access):
            raise AuthenticationFailure("AuthInvalidTokenResponse", "it is no JSON object with a usable access_token")
        # A session ends within a week; a number that no 64 bits hold would not fit its cookie.
        expires_in = min(max(instant(content.get("expires_in")) or 0, 0), _LONGEST_S)
        return TokenResponse(access, id_token, refresh, int(expires_in))

    async def _ask(self, method: str, url: str, authorization: str, form: dict[str, str] | None = None) -> "_Answer":
        """An answer, of which no more than a little over `_READ_BYTES` is read; raises what httpx raises."""
        content = bytearray()
        headers = {"authorization": authorization, "accept-encoding": "identity"}
        async with self._client.stream(method, url, data=form, headers=headers) as answer:
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > _READ_BYTES:
                    break
        return _Answer(answer.status_code, answer.is_success, bytes(content))

    def _credentials(self) -> str:
        # Both parts are form-encoded before they are joined (RFC 6749, 2.3.1).
        pair = f"{quote(self._provider.client_id, safe='')}:{quote(self._provider.client_secret, safe='')}"
        return "Basic " + base64.b64encode(pair.encode()).decode()


def check_id_token(token: str, provider: Provider, now: EpochMs) -> None:
    """Check issuer, audience and time of an id token; raises `AuthenticationFailure` (AuthInvalidIdToken)."""
    claims = payload_of(token)
    if claims is None:
        raise AuthenticationFailure("AuthInvalidIdToken", "it is not a JWT")
    if claims.get("iss") != provider.issuer:
        raise AuthenticationFailure("AuthInvalidIdToken", f"iss is {claims.get('iss')!r:.80}, not {provider.issuer!r}")
    audience = claims.get("aud")
    if provider.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise AuthenticationFailure("AuthInvalidIdToken", f"aud is {audience!r:.80}, not {provider.client_id!r}")
    exp = instant(claims.get("exp"))
    if exp is None or exp * 1000 <= now:
        raise AuthenticationFailure("AuthInvalidIdToken", f"exp is {claims.get('exp')!r:.80}")


def payload_of(token: str) -> dict[str, Json] | None:
    """The claims of a JWT whose signature is not looked at; None when it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        return read_object(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:  # NoToken is one
        return None


def _object(content: bytes) -> dict[str, Json]:
    """A JSON object, empty for everything else."""
    try:
        return read_object(content)
    except NoToken:
        return {}


def _text(content: dict[str, Json], name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""


def _why(error: Exception) -> str:
    return f"{type(error).__name__} {error}".rstrip()
