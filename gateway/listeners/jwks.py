"""JSON Web Tokens in front of APIs: what makes one acceptable.

Facts (API Gateway developer guide, http-api-jwt-authorizer; Amazon Cognito developer guide, user pool tokens):

- Only RSA signatures are taken.  The key is found by ``kid``.
- ``iss``, ``aud`` (or ``client_id`` when there is no ``aud``), ``exp``, ``nbf`` and ``iat`` are checked, and where the
  route has scopes, one of them must be in ``scope`` or ``scp``.
- The issuer tells where its keys are under ``/.well-known/openid-configuration``; it has 1500 ms and 150,000 bytes.

PyJWT checks the signature (the ``auth`` extra).
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

import httpx

from gateway.config import apis
from gateway.errors import UsageError
from gateway.listeners.authorizing import Question
from gateway.listeners.key_set import DocumentLimits, KeySet, KeysUnavailable, read_document
from gateway.listeners.tokens import NoToken, instant, read_object, signed_payload, token_head
from gateway.translation.authorizers import Grant, identity_values
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.jwt_authorizer import claims_and_scopes, insufficient_scope, invalid_token, missing_token
from gateway.translation.user_pool_claims import user_pool_claims
from gateway.types import Json

if TYPE_CHECKING:
    import jwt

_LIMITS: Final = DocumentLimits(size=150_000, timeout_s=1.5)
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")

Epoch: TypeAlias = Callable[[], float]
"""Seconds since 1970."""


class BadToken(Exception):
    """A token that is not accepted; the text says why in a few words, for the client too."""


def issuer_keys(issuer: str, jwks_uri: str = "", clock: Epoch = time.monotonic) -> KeySet:
    """The key set of an issuer.

    Args:
        issuer: Where the discovery document is looked for.
        jwks_uri: Where the keys are; "" asks the discovery document.
        clock: Seconds; only differences count.

    Raises:
        UsageError: PyJWT is not installed.
    """
    try:
        import jwt  # noqa: F401, PLC0415 - only APIs with such authorizers need it
        from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: F401, PLC0415
    except ImportError:
        raise UsageError("checking tokens needs PyJWT; install lambda-http-gateway[auth]") from None

    async def fetch() -> dict[str, Json]:
        async with httpx.AsyncClient(timeout=_LIMITS.timeout_s, trust_env=False) as client:
            return await read_document(client, jwks_uri or await _discover(client, issuer.rstrip("/")), _LIMITS)

    return KeySet(fetch, clock=clock)


async def _discover(client: httpx.AsyncClient, issuer: str) -> str:
    document = await read_document(client, f"{issuer}/.well-known/openid-configuration", _LIMITS)
    uri = document.get("jwks_uri")
    if isinstance(uri, str):
        return uri
    raise KeysUnavailable("JWKSResponseInvalid", "the discovery document has no jwks_uri")


async def verified_claims(token: str, keys: KeySet, issuer: str, now: float) -> dict[str, Json]:
    """The claims of a token whose signature, issuer and times are right; ``now`` in seconds since 1970.

    Raises:
        BadToken: Something is not.
    """
    try:
        head = token_head(token)
    except NoToken:
        raise BadToken("the token is no JSON Web Token") from None
    if head.get("alg") not in _ALGORITHMS:
        raise BadToken(f"signing method {head.get('alg')!s:.40} is invalid")
    kid = head.get("kid")
    payload = signed_payload(token, await _key(keys, None if kid is None else str(kid)), _ALGORITHMS)
    if payload is None:
        raise BadToken("the token's signature is invalid")
    try:
        claims = read_object(payload)
    except NoToken as error:
        raise BadToken(f"the token cannot be read: {error}") from None
    _check(claims, issuer, now)
    return claims


async def _key(keys: KeySet, kid: str | None) -> "jwt.PyJWK":
    try:
        found = await keys.candidates(kid) if kid is not None else ()
    except KeysUnavailable as error:
        raise BadToken("JWKS communication error") from error
    if not found:
        raise BadToken("the token's kid is none of the issuer's keys")
    return found[0]


def _check(claims: dict[str, Json], issuer: str, now: float) -> None:
    if claims.get("iss") != issuer:
        raise BadToken("invalid issuer")
    expires = instant(claims.get("exp"))
    if expires is None or now >= expires:
        raise BadToken("the token has expired")
    for name in ("nbf", "iat"):
        begins = instant(claims.get(name, 0))
        if begins is None or now < begins:
            raise BadToken("the token is not valid yet")


def granted_scopes(claims: dict[str, Json]) -> list[str]:
    """What stands in ``scope`` or ``scp``: words, or a list."""
    given = claims.get("scope", claims.get("scp"))
    if isinstance(given, list):
        return [entry for entry in given if isinstance(entry, str)]
    return given.split() if isinstance(given, str) else []


class JwtAuthorizer:
    """JWT, in front of an HTTP API; ``epoch`` gives seconds since 1970."""

    def __init__(self, settings: apis.Authorizer, keys: KeySet, epoch: Epoch = time.time) -> None:
        self._settings = settings
        self._sources = settings.identity_source or ("$request.header.Authorization",)
        self._keys = keys
        self._epoch = epoch

    async def ask(self, question: Question) -> Grant:
        """Claims and scopes of the token."""
        try:
            (value,) = identity_values(self._sources[:1], question.event)
        except Refused as refused:
            raise missing_token() from refused
        try:
            claims = await verified_claims(_bare(value), self._keys, self._settings.issuer, self._epoch())
            self._check_audience(claims)
        except BadToken as error:
            raise invalid_token(str(error)) from error
        return Grant(claims_and_scopes(claims, _scopes(claims, question.scopes)))

    def _check_audience(self, claims: dict[str, Json]) -> None:
        audience = claims.get("aud", claims.get("client_id"))
        named = audience if isinstance(audience, list) else [audience]
        if not any(entry in self._settings.audience for entry in named):
            raise BadToken("the token does not have a valid audience")


def _bare(value: str) -> str:
    """A token without ``Bearer``."""
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else value


def _scopes(claims: dict[str, Json], asked: Sequence[str]) -> list[str] | None:
    """The scopes of a token on a route that asks for some; raises `Refused` when it has none of those."""
    if not asked:
        return None
    granted = granted_scopes(claims)
    if not set(granted) & set(asked):
        raise insufficient_scope(asked)
    return granted


class CognitoAuthorizer:
    """COGNITO_USER_POOLS, in front of a REST API: tokens of one of some user pools.

    Args:
        settings: Its ``provider_arns`` are ``arn:aws:cognito-idp:{region}:{account}:userpool/{id}``.
        keys: Makes the key set of an issuer.
        epoch: Seconds since 1970.
    """

    def __init__(self, settings: apis.Authorizer, keys: Callable[[str], KeySet], epoch: Epoch = time.time) -> None:
        self._source = settings.identity_source or ("method.request.header.Authorization",)
        issuers = [_issuer(arn) for arn in settings.provider_arns]
        self._keys = {issuer: keys(issuer) for issuer in issuers}
        self._epoch = epoch

    async def ask(self, question: Question) -> Grant:
        """The claims of the token, which the event has under ``claims``."""
        (value,) = identity_values(self._source[:1], question.event)
        try:
            claims = await self._claims(_bare(value))
        except BadToken as error:
            raise Refused(Cause.UNAUTHORIZED, str(error)) from error
        # With scopes it must be an access token that has one, without them an ID token (same guide).
        if question.scopes and not set(granted_scopes(claims)) & set(question.scopes):
            raise Refused(Cause.UNAUTHORIZED, f"the token has none of the scopes {' '.join(question.scopes)}")
        if not question.scopes and claims.get("token_use", "id") != "id":
            raise Refused(Cause.UNAUTHORIZED, "without authorization_scopes the token must be an ID token")
        return Grant({"claims": user_pool_claims(claims)})

    async def _claims(self, token: str) -> dict[str, Json]:
        problem = BadToken("no user pool")
        for issuer, keys in self._keys.items():
            try:
                return await verified_claims(token, keys, issuer, self._epoch())
            except BadToken as error:
                problem = error
        raise problem


def _issuer(arn: str) -> str:
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "cognito-idp" or not parts[5].startswith("userpool/"):
        raise UsageError(f"{arn!r} is no user pool's ARN: arn:aws:cognito-idp:REGION:ACCOUNT:userpool/ID")
    return f"https://cognito-idp.{parts[3]}.amazonaws.com/{parts[5].removeprefix('userpool/')}"
