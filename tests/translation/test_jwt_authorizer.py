"""Claims in events, challenges in refusals."""

import pytest

from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.gateway_response import Refused
from gateway.translation.jwt_authorizer import claims_and_scopes, insufficient_scope, invalid_token, missing_token
from tests.translation.flavours.apigw_requests import ARRIVAL, REQUEST


def test_claims_are_strings() -> None:
    """Numbers, booleans and lists become text; scopes stay a list."""
    claims = claims_and_scopes({"sub": "me", "exp": 1700000000, "ok": True, "groups": ["a", "b"]}, ["read"])

    assert claims == {
        "claims": {"sub": "me", "exp": "1700000000", "ok": "true", "groups": "[a b]"},
        "scopes": ["read"],
    }
    assert claims_and_scopes({}, None)["scopes"] is None


@pytest.mark.parametrize(
    ("refused", "status", "challenge"),
    [
        (missing_token(), 401, b"Bearer"),
        (
            invalid_token("the token does not have a valid audience"),
            401,
            b'Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience"',
        ),
        (invalid_token('bad "kid"'), 401, b'Bearer scope="" error="invalid_token" error_description="bad \'kid\'"'),
        (insufficient_scope(["a", "b"]), 403, b'Bearer scope="a b" error="insufficient_scope"'),
    ],
)
def test_challenges(refused: Refused, status: int, challenge: bytes) -> None:
    """The answer says what the client should bring."""
    response = HttpApi().refuse(refused, REQUEST, ARRIVAL)

    assert response.status == status
    assert dict(response.headers)[b"www-authenticate"] == challenge
