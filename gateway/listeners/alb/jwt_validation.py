"""The action jwt-validation: a bearer token is checked against a key set and a list of claims.

Facts, from the AWS ELB user guide ("Verify JWTs using an Application Load Balancer") and the ELBv2 API model, 2025

- The token stands in ``Authorization: Bearer``; RS256 only; ``exp`` and ``iss`` are required, ``nbf`` and ``iat``
  checked when present.
- An additional claim is one text (``single-string``), a list of texts (``string-array``) or one text of several words
  (``space-separated-values``).  One value that both the token and the configuration name is enough.
- The key set has at most 150 KB and 10 keys and must come within 5 seconds, else 562.
- A token that fails gets 401; one that passes is sent on to the target.
- How long keys are kept is not documented: five minutes here, less when a token names an unknown key.
"""

import asyncio
from typing import TYPE_CHECKING, Final

import orjson

from gateway.config.authentication import JwtClaim, JwtValidation
from gateway.listeners.alb.authentication_failure import AuthenticationFailure
from gateway.listeners.tokens import NoToken, instant, read_object, signed_payload, token_head
from gateway.translation.messages import Request
from gateway.types import EpochMs, Json

if TYPE_CHECKING:
    import httpx
    from jwt import PyJWK

_JWKS_BYTES: Final = 150 * 1024
_JWKS_KEYS: Final = 10
_JWKS_TIMEOUT_S: Final = 5.0
_KEEP_MS: Final = 300_000
# A token with a made-up key id must not cause a fetch each time.
_AGAIN_MS: Final = 10_000


class KeySet:
    """The signing keys of one issuer, fetched when they are needed."""

    def __init__(self, url: str, client: "httpx.AsyncClient") -> None:
        self._url = url
        self._client = client
        self._keys: list[PyJWK] = []
        self._fetched_at: EpochMs | None = None
        self._one_at_a_time = asyncio.Lock()

    async def candidates(self, key_id: str | None, now: EpochMs) -> "list[PyJWK]":
        """The keys that may have signed a token: the one it names, or all when it names none.

        Raises:
            AuthenticationFailure: The key set cannot be had.
        """
        async with self._one_at_a_time:
            age = None if self._fetched_at is None else now - self._fetched_at
            unknown = key_id is not None and all(key.key_id != key_id for key in self._keys)
            if age is None or age > _KEEP_MS or (unknown and age > _AGAIN_MS):
                self._keys = parse_key_set(await self._fetch())
                self._fetched_at = now
        return [key for key in self._keys if key_id is None or key.key_id == key_id]

    async def _fetch(self) -> bytes:
        import httpx  # noqa: PLC0415

        content = bytearray()
        try:
            async with asyncio.timeout(_JWKS_TIMEOUT_S), self._client.stream("GET", self._url) as answer:
                if not answer.is_success:
                    raise AuthenticationFailure("JWKSRequestFailed", f"{self._url} answered {answer.status_code}")
                async for chunk in answer.aiter_bytes():
                    content += chunk
                    if len(content) > _JWKS_BYTES:
                        raise AuthenticationFailure("JWKSResponseSizeExceeded", f"more than {_JWKS_BYTES} bytes")
        except (httpx.HTTPError, TimeoutError, RuntimeError) as error:  # RuntimeError: as in `oidc_provider`
            raise AuthenticationFailure("JWKSRequestTimeout", f"{self._url}: {type(error).__name__} {error}") from error
        return bytes(content)


def parse_key_set(content: bytes) -> "list[PyJWK]":
    """The RSA keys of a JWK Set (RFC 7517); raises `AuthenticationFailure` when it is none or has too many."""
    import jwt  # noqa: PLC0415 - an extra

    try:
        parsed: Json = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise AuthenticationFailure("JWKSResponseInvalid", f"it is not JSON: {error}") from error
    listed = parsed.get("keys") if isinstance(parsed, dict) else None
    if not isinstance(listed, list):
        raise AuthenticationFailure("JWKSResponseInvalid", "it has no list of keys")
    if len(listed) > _JWKS_KEYS:
        raise AuthenticationFailure("JWKSResponseSizeExceeded", f"{len(listed)} keys; allowed: {_JWKS_KEYS}")
    rsa = [key for key in listed if isinstance(key, dict) and key.get("kty") == "RSA"]
    try:
        return [jwt.PyJWK(key, algorithm="RS256") for key in rsa]
    except (jwt.PyJWTError, ValueError) as error:
        raise AuthenticationFailure("JWKSResponseInvalid", f"a key cannot be used: {error}") from error


async def validate(request: Request, action: JwtValidation, keys: KeySet, now: EpochMs) -> None:
    """Check a request's token; raises `AuthenticationFailure`."""
    token = bearer_token(request)
    try:
        key_id = token_head(token).get("kid")
    except NoToken as error:
        raise AuthenticationFailure("JWTRequestFormatInvalid", str(error)) from error
    for key in await keys.candidates(None if key_id is None else str(key_id), now):
        payload = signed_payload(token, key, ["RS256"])
        if payload is not None:
            check_claims(payload, action, now // 1000)
            return
    raise AuthenticationFailure("JWTSignatureValidationError", f"no key of the set signed it (kid {key_id!r:.80})")


def bearer_token(request: Request) -> str:
    """The token of a request; raises `AuthenticationFailure`."""
    values = [value for name, value in request.headers if name.lower() == b"authorization"]
    if not values:
        raise AuthenticationFailure("JWTHeaderNotPresent", "the request has no Authorization header")
    scheme, _, token = values[0].decode("latin-1").partition(" ")
    if len(values) > 1 or scheme.lower() != "bearer" or token.count(".") != 2:
        raise AuthenticationFailure("JWTRequestFormatInvalid", "Authorization is not 'Bearer' and one JWT")
    return token.strip()


def check_claims(payload: bytes, action: JwtValidation, now_s: int) -> None:
    """Check the claims of a token whose signature is good; raises `AuthenticationFailure`."""
    try:
        claims = read_object(payload)
    except NoToken as error:
        raise AuthenticationFailure("JWTRequestFormatInvalid", f"the payload: {error}") from error
    for name in ("exp", "iss", *(claim.name for claim in action.additional_claims)):
        if name not in claims:
            raise AuthenticationFailure("JWTClaimNotPresent", f"the token has no {name}")
    if claims["iss"] != action.issuer:
        raise AuthenticationFailure("JWTClaimValueInvalid", f"iss is {claims['iss']!r:.80}, not {action.issuer!r}")
    _check_times(claims, now_s)
    for claim in action.additional_claims:
        _check_claim(claim, claims[claim.name])


def _check_times(claims: dict[str, Json], now_s: int) -> None:
    for name in ("exp", "nbf", "iat"):
        if name not in claims:
            continue
        when = instant(claims[name])
        if when is None:
            raise AuthenticationFailure("JWTClaimFormatInvalid", f"{name} is {claims[name]!r:.80}, not a number")
        if (when <= now_s) if name == "exp" else (when > now_s):
            raise AuthenticationFailure("JWTClaimValueInvalid", f"{name} is {when}, now is {now_s}")


def _check_claim(claim: JwtClaim, value: Json) -> None:
    found: list[str]
    match claim.format, value:
        case "single-string", str():
            found = [value]
        case "space-separated-values", str():
            found = value.split()
        case "string-array", list() if all(isinstance(item, str) for item in value):
            found = [str(item) for item in value]
        case _:
            raise AuthenticationFailure("JWTClaimFormatInvalid", f"{claim.name} is no {claim.format}: {value!r:.80}")
    if not any(wanted in found for wanted in claim.values):
        raise AuthenticationFailure("JWTClaimValueInvalid", f"{claim.name} has none of {', '.join(claim.values)}")
