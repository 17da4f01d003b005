"""The pure parts of an HTTP API's JWT authorizer: what the function reads and what a refused client reads.

Facts (API Gateway developer guide, http-api-jwt-authorizer and http-api-troubleshooting-jwt; public transcripts):

- ``requestContext.authorizer`` is ``{"jwt": {"claims": …, "scopes": …}}`` in payload 2.0 and the inner object in 1.0;
  all claims are strings, a list of groups reads ``[a b]``; scopes are those of the token when the route asks for some.
- Claims are sorted by name; one that is null is left out (public events).
- No token: 401 with ``www-authenticate: Bearer`` and nothing else.  A bad one: 401 that says why.  A token without a
  scope of the route: 403 (its header is reported, not recorded).
"""

from collections.abc import Mapping, Sequence

from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.result_text import dump
from gateway.types import Json


def claims_and_scopes(claims: Mapping[str, Json], scopes: Sequence[str] | None) -> dict[str, Json]:
    """The authorizer of payload 1.0, and what stands under ``jwt`` in 2.0; ``scopes`` is None for a route without."""
    return {
        "claims": {name: _claim(value) for name, value in sorted(claims.items()) if value is not None},
        "scopes": None if scopes is None else list(scopes),
    }


def _claim(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{' '.join(map(_claim, value))}]"
    return dump(value).decode()


def missing_token() -> Refused:
    """No token where the identity source says one should be."""
    return _refused(Cause.UNAUTHORIZED, "the request has no token", "Bearer")


def invalid_token(description: str) -> Refused:
    """A token that is not accepted; ``description`` says why in a few words, for the client too."""
    words = description.replace('"', "'")
    challenge = f'Bearer scope="" error="invalid_token" error_description="{words}"'
    return _refused(Cause.UNAUTHORIZED, description, challenge)


def insufficient_scope(scopes: Sequence[str]) -> Refused:
    """A token with none of the scopes that the route asks for."""
    asked = " ".join(scopes)
    challenge = f'Bearer scope="{asked}" error="insufficient_scope"'
    return _refused(Cause.FORBIDDEN, f"the token has none of the scopes {asked}", challenge)


def _refused(cause: Cause, detail: str, challenge: str) -> Refused:
    return Refused(cause, detail, headers=((b"www-authenticate", challenge.encode("ascii", "replace")),))
