"""The action jwt-validation: a bearer token is checked against a key set and a list of claims.

Facts, from the AWS ELB user guide ("Verify JWTs using an Application Load Balancer") and the ELBv2 API model, 2025

- The token stands in ``Authorization: Bearer``; RS256 only; ``exp`` and ``iss`` are required, ``nbf`` and ``iat``
  checked when present.
- An additional claim is one text (``single-string``), a list of texts (``string-array``) or one text of several words
  (``space-separated-values``).  One value that both the token and the configuration name is enough.
- The key set has at most 150 KB and 10 keys and must come within 5 seconds, else 562.
- A token that fails gets 401; one that passes is sent on to the target.
- How long keys are kept is not documented: see `gateway.listeners.key_set_state`.
"""

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from gateway.config.authentication import JwtClaim, JwtValidation
from gateway.listeners.alb.authentication_failure import AuthenticationFailure
from gateway.listeners.key_set import DocumentLimits, KeySet, KeysUnavailable, read_document
from gateway.listeners.tokens import NoToken, instant, read_object, signed_payload, token_head
from gateway.translation.headers import values_of
from gateway.translation.messages import Request
from gateway.types import EpochMs, Json

if TYPE_CHECKING:
    import httpx

_LIMITS: Final = DocumentLimits(size=150 * 1024, timeout_s=5.0)
_JWKS_KEYS: Final = 10


def endpoint_keys(url: str, client: "httpx.AsyncClient", clock: Callable[[], float] = time.monotonic) -> KeySet:
    """The key set of an endpoint."""

    def fetch() -> Awaitable[dict[str, Json]]:
        return read_document(client, url, _LIMITS)

    return KeySet(fetch, _JWKS_KEYS, clock)


async def validate(request: Request, action: JwtValidation, keys: KeySet, now: EpochMs) -> None:
    """Check a request's token; raises `AuthenticationFailure`."""
    token = bearer_token(request)
    try:
        key_id = token_head(token).get("kid")
    except NoToken as error:
        raise AuthenticationFailure("JWTRequestFormatInvalid", str(error)) from error
    try:
        candidates = await keys.candidates(None if key_id is None else str(key_id))
    except KeysUnavailable as error:
        raise AuthenticationFailure(error.reason, str(error)) from error
    for key in candidates:
        payload = signed_payload(token, key, ["RS256"])
        if payload is not None:
            check_claims(payload, action, now // 1000)
            return
    raise AuthenticationFailure("JWTSignatureValidationError", f"no key of the set signed it (kid {key_id!r:.80})")


def bearer_token(request: Request) -> str:
    """The token of a request; raises `AuthenticationFailure`."""
    values = values_of(request.headers, b"authorization")
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
