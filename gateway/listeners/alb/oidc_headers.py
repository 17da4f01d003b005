"""The headers in which a load balancer tells a target who the user is.

Facts

- ``x-amzn-oidc-accesstoken`` is the access token, ``x-amzn-oidc-identity`` the claim ``sub``, both in plain text;
  ``x-amzn-oidc-data`` is a JWT of the claims, signed ES256 (AWS ELB user guide, "Authenticate users").
- The token's three parts keep their ``=`` padding, and the signature covers it (user guide; libraries that strip the
  padding report bad signatures).
- Its header holds typ, kid, alg, iss, client, signer and exp in this order, exp as a number; its payload is what the
  user info endpoint said and then exp and iss; exp is 120 seconds after the request's trace id.  Captured from a real
  load balancer in 2019 (base64url with padding; one of 2018 has the standard alphabet and neither exp nor iss inside).
"""

import base64
from collections.abc import Callable
from typing import Final

import orjson

from gateway.listeners.alb.session_cookie import Session
from gateway.types import EpochMs, HeaderList, Json

_VALID_S: Final = 120


class OidcHeaders:
    """Makes the headers for one load balancer.

    ``sign`` gives the 64 bytes of an ES256 signature (RFC 7518, 3.4); ``signer`` is the load balancer's ARN.
    """

    def __init__(self, sign: Callable[[bytes], bytes], key_id: str, signer: str) -> None:
        self._sign = sign
        self._key_id = key_id
        self._signer = signer

    def lines(self, session: Session, issuer: str, client_id: str, now: EpochMs) -> HeaderList:
        """The three header lines of a user."""
        return [
            (b"x-amzn-oidc-accesstoken", session.access_token.encode()),
            (b"x-amzn-oidc-identity", str(session.claims["sub"]).encode()),
            (b"x-amzn-oidc-data", self._data(session.claims, issuer, client_id, now // 1000 + _VALID_S)),
        ]

    def _data(self, claims: dict[str, Json], issuer: str, client_id: str, exp: int) -> bytes:
        header: dict[str, Json] = {
            "typ": "JWT",
            "kid": self._key_id,
            "alg": "ES256",
            "iss": issuer,
            "client": client_id,
            "signer": self._signer,
            "exp": exp,
        }
        payload = {name: value for name, value in claims.items() if name not in ("exp", "iss")}
        signed = _encoded(header) + b"." + _encoded({**payload, "exp": exp, "iss": issuer})
        return signed + b"." + base64.urlsafe_b64encode(self._sign(signed))


def _encoded(part: dict[str, Json]) -> bytes:
    return base64.urlsafe_b64encode(orjson.dumps(part))
