"""The headers that tell a target who the user is."""

import base64

import jwt
import orjson

from gateway.listeners.alb.authentication_keys import AuthenticationKeys
from gateway.listeners.alb.oidc_headers import OidcHeaders
from gateway.listeners.alb.session_cookie import Session

KEYS = AuthenticationKeys.generate()
ES256 = jwt.get_algorithm_by_name("ES256")
ISSUER = "https://cognito-idp.us-west-2.amazonaws.com/us-west-2_TIF94hYbe"
CLAIMS = {"sub": "21f782e8-6bd2-4363-9134-0ce990b8c873", "email_verified": "false", "username": "u"}


def lines() -> dict[bytes, bytes]:
    """The lines of a session, at the instant of a request that was captured in 2019."""
    headers = OidcHeaders(lambda content: ES256.sign(content, KEYS.private_key), KEYS.key_id, "arn:lb")
    session = Session("", {**CLAIMS, "iss": "not this"}, "access", "", 0, 0)
    return dict(headers.lines(session, ISSUER, "client", 0x5D5E96B8 * 1000 + 999))


def test_order_and_values_as_captured() -> None:
    """The JSON inside is that of a header captured from a real load balancer in 2019, key by key."""
    header, payload = (base64.urlsafe_b64decode(part).decode() for part in lines()[b"x-amzn-oidc-data"].split(b".")[:2])

    assert header == (
        f'{{"typ":"JWT","kid":"{KEYS.key_id}","alg":"ES256","iss":"{ISSUER}","client":"client","signer":"arn:lb",'
        '"exp":1566480176}'
    )
    assert list(orjson.loads(payload)) == ["sub", "email_verified", "username", "exp", "iss"]
    assert orjson.loads(payload)["iss"] == ISSUER
    assert orjson.loads(payload)["exp"] == 1566480176


def test_signature_covers_the_padding() -> None:
    """All three parts keep their padding, and an ordinary library accepts the token as it is."""
    data = lines()[b"x-amzn-oidc-data"]

    assert all(len(part) % 4 == 0 for part in data.split(b"."))
    assert data.endswith(b"==")
    claims = jwt.decode(data, KEYS.public_pem, ["ES256"], options={"verify_exp": False})
    assert claims["sub"] == CLAIMS["sub"]


def test_plain_headers() -> None:
    """Access token and subject stand in plain text."""
    assert lines()[b"x-amzn-oidc-accesstoken"] == b"access"
    assert lines()[b"x-amzn-oidc-identity"] == CLAIMS["sub"].encode()
