"""Tokens and the keys of their issuer, fetched from a real server."""

import base64
import itertools
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from gateway.config import apis
from gateway.config.doors import HttpApiSettings
from gateway.errors import UsageError
from gateway.listeners.authorizing import Question
from gateway.listeners.http_api import http_api
from gateway.listeners.jwks import (
    BadToken,
    CognitoAuthorizer,
    JwtAuthorizer,
    granted_scopes,
    issuer_keys,
    verified_claims,
)
from gateway.listeners.server import ListenerServer
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Request
from gateway.types import Json
from tests.listeners.doubles import EchoListener, whole
from tests.listeners.scripted import ok, opened, scripted
from tests.services import listener_context

pytestmark = pytest.mark.anyio

KEY = generate_private_key(65537, 2048)
OTHER_KEY = generate_private_key(65537, 2048)
NOW = 1_700_000_000.0
REQUEST = Request("GET", b"/", b"", [], b"", ("192.0.2.1", 1), ("127.0.0.1", 2))


class Issuer:
    """An issuer of tokens on a port of this machine."""

    def __init__(self) -> None:
        self.listener = EchoListener()
        self.server = ListenerServer(self.listener)
        self.keys: dict[str, RSAPrivateKey] = {"one": KEY}
        self.listener.answers[b"/keys"] = lambda request: whole(request, self.jwks())
        self.listener.answers[b"/.well-known/openid-configuration"] = lambda request: whole(
            request, json.dumps({"jwks_uri": f"{self.url}/keys"}).encode()
        )

    @property
    def url(self) -> str:
        """Its name."""
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def fetches(self) -> int:
        """How often its keys were fetched."""
        return sum(request.raw_path == b"/keys" for request in self.listener.requests)

    def jwks(self) -> bytes:
        """Its public keys, and one that is no RSA key."""
        keys: list[dict[str, Any]] = [{"kty": "oct", "kid": "secret", "k": "AAAA"}]
        for kid, key in self.keys.items():
            keys.append({**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid})
        return json.dumps({"keys": keys}).encode()

    def token(self, claims: Mapping[str, Json] | None = None, key: RSAPrivateKey = KEY, kid: str = "one") -> str:
        """A token; claims may replace the usual ones."""
        usual: dict[str, Json] = {"iss": self.url, "aud": "pets", "exp": NOW + 60, "iat": NOW - 60}
        return jwt.encode({**usual, **(claims or {})}, key, "RS256", {"kid": kid})


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """A running issuer."""
    issuer = Issuer()
    await issuer.server.start()
    yield issuer
    await issuer.server.stop(0)


async def test_a_good_token(issuer: Issuer) -> None:
    """Its claims are read; the keys were fetched once for two tokens."""
    keys = issuer_keys(issuer.url)
    claims = await verified_claims(issuer.token({"sub": "me"}), keys, issuer.url, NOW)
    await verified_claims(issuer.token(), keys, issuer.url, NOW)

    assert claims["sub"] == "me"
    assert issuer.fetches == 1


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"exp": NOW}, "the token has expired"),
        ({"exp": None}, "the token has expired"),
        ({"exp": True}, "the token has expired"),
        ({"exp": str(NOW + 60)}, "the token has expired"),
        ({"exp": -1}, "the token has expired"),
        ({"exp": NOW - 0.5}, "the token has expired"),
        ({"nbf": NOW + 1}, "the token is not valid yet"),
        ({"nbf": str(NOW - 60)}, "the token is not valid yet"),
        ({"nbf": None}, "the token is not valid yet"),
        ({"nbf": 1e300}, "the token is not valid yet"),
        ({"iat": False}, "the token is not valid yet"),
        ({"iat": [NOW]}, "the token is not valid yet"),
        ({"iat": NOW + 1}, "the token is not valid yet"),
        ({"iss": "other"}, "invalid issuer"),
    ],
)
async def test_bad_claims(issuer: Issuer, claims: dict[str, Json], message: str) -> None:
    """Times and issuer are checked."""
    with pytest.raises(BadToken, match=message):
        await verified_claims(issuer.token(claims), issuer_keys(issuer.url), issuer.url, NOW)


async def test_claims_that_are_no_json(issuer: Issuer) -> None:
    """What Python's json would take, or would fail with, is refused like every bad token."""
    keys = issuer_keys(issuer.url)
    odd = ["NaN", "Infinity", "-Infinity", "1e400", "9" * 5000, "[" * 5000 + "]" * 5000, "[" * 300 + "]" * 300]
    for name, number in itertools.product(("exp", "nbf", "iat", "other"), odd):
        claims = f'{{"iss":"{issuer.url}","aud":"pets","exp":{NOW + 60},"{name}":{number}}}'
        token = jwt.PyJWS().encode(claims.encode(), KEY, "RS256", headers={"kid": "one"})
        with pytest.raises(BadToken, match="the token cannot be read"):
            await verified_claims(token, keys, issuer.url, NOW)


async def test_times_may_have_a_fraction(issuer: Issuer) -> None:
    """RFC 7519 allows it."""
    token = issuer.token({"exp": NOW + 0.5, "nbf": NOW - 0.5, "iat": -1})

    assert (await verified_claims(token, issuer_keys(issuer.url), issuer.url, NOW))["exp"] == NOW + 0.5


async def test_bad_tokens(issuer: Issuer) -> None:
    """Neither another key, nor another algorithm, nor an unknown key, nor no token at all passes."""
    keys = issuer_keys(issuer.url)
    for token, message in [
        (issuer.token(key=OTHER_KEY), "the token's signature is invalid"),
        (jwt.encode({}, "k" * 32, "HS256", {"kid": "one"}), "signing method HS256 is invalid"),
        (issuer.token(kid="secret"), "none of the issuer's keys"),
        (jwt.encode({}, KEY, "RS256"), "none of the issuer's keys"),
        (issuer.token(kid=""), "none of the issuer's keys"),
        ("abc", "no JSON Web Token"),
    ]:
        with pytest.raises(BadToken, match=message):
            await verified_claims(token, keys, issuer.url, NOW)


async def test_a_discovery_document_without_keys(issuer: Issuer) -> None:
    """The keys stand where it says, and nowhere else."""
    issuer.listener.answers[b"/.well-known/openid-configuration"] = lambda request: whole(request, b"{}")
    with pytest.raises(BadToken, match="JWKS communication error"):
        await verified_claims(issuer.token(), issuer_keys(issuer.url), issuer.url, NOW)


@pytest.mark.parametrize("answer", [b"x" * 150_001, b"[]", b"no json"])
async def test_an_issuer_that_cannot_be_used(issuer: Issuer, answer: bytes) -> None:
    """What it says must be an object of at most 150,000 bytes."""
    issuer.listener.answers[b"/keys"] = lambda request: whole(request, answer)
    with pytest.raises(BadToken, match="JWKS communication error"):
        await verified_claims(issuer.token(), issuer_keys(issuer.url), issuer.url, NOW)


async def test_many_brackets(issuer: Issuer) -> None:
    """A header of JSON that is nested too deeply is no token."""
    deep = base64.urlsafe_b64encode(b"[" * 9000).decode().rstrip("=")
    with pytest.raises(BadToken, match="no JSON Web Token"):
        await verified_claims(f"{deep}.e30.e30", issuer_keys(issuer.url), issuer.url, NOW)


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [({"scope": "a b"}, ["a", "b"]), ({"scp": ["a", 1]}, ["a"]), ({}, []), ({"scope": 1}, [])],
)
def test_scopes(claims: dict[str, Json], scopes: list[str]) -> None:
    """Words or a list, in either claim."""
    assert granted_scopes(claims) == scopes


def question(token: str, *scopes: str) -> Question:
    """What an authorizer is asked for a token."""
    return Question({"headers": {"authorization": token}}, "", "", REQUEST, scopes)


@pytest.mark.parametrize(
    ("claims", "scopes", "challenge"),
    [
        ({"aud": "other"}, (), b'error_description="the token does not have a valid audience"'),
        ({"scope": "write"}, ("read",), b'Bearer scope="read" error="insufficient_scope"'),
    ],
)
async def test_refused_tokens(
    issuer: Issuer, claims: dict[str, Json], scopes: tuple[str, ...], challenge: bytes
) -> None:
    """Audience and scopes are checked; the client is told."""
    settings = apis.Authorizer("JWT", issuer=issuer.url, audience=("pets",))
    authorizer = JwtAuthorizer(settings, issuer_keys(issuer.url), lambda: NOW)
    with pytest.raises(Refused) as caught:
        await authorizer.ask(question(issuer.token(claims), *scopes))

    assert challenge in caught.value.headers[0][1]


async def test_client_id_instead_of_audience(issuer: Issuer) -> None:
    """Access tokens of Cognito have no aud."""
    settings = apis.Authorizer("JWT", issuer=issuer.url, audience=("app",))
    token = jwt.encode(
        {"iss": issuer.url, "client_id": "app", "exp": NOW + 1, "scope": "read"}, KEY, "RS256", {"kid": "one"}
    )
    grant = await JwtAuthorizer(settings, issuer_keys(issuer.url), lambda: NOW).ask(question(f"Bearer {token}", "read"))

    assert grant.authorizer["scopes"] == ["read"]


async def test_an_http_api_with_tokens(issuer: Issuer) -> None:
    """Without a token 401 and a challenge; with one the claims, all of them text, reach the function."""
    function, target = scripted(ok)
    settings = HttpApiSettings(
        0,
        routes={key: apis.HttpRoute("f", authorizer="users") for key in ("GET /", "GET /other")},
        authorizers={"users": apis.Authorizer("JWT", issuer=issuer.url, audience=("pets",))},
    )
    async with opened(http_api(settings, listener_context({"f": function}))) as port:
        missing = await port.ask()
        late = await port.ask(headers={"Authorization": issuer.token()})
        good = await port.ask(headers={"Authorization": f"Bearer {issuer.token({'exp': 2**40, 'groups': ['a', 'b']})}"})
        await port.ask(path="/other", headers={"Authorization": issuer.token()})

    assert issuer.fetches == 1, "the routes of an authorizer share its keys"
    assert (missing.status_code, missing.headers["www-authenticate"]) == (401, "Bearer")
    assert missing.content == b'{"message":"Unauthorized"}'
    assert 'error="invalid_token"' in late.headers["www-authenticate"]
    assert good.status_code == 200
    context = target.events[0]["requestContext"]
    assert isinstance(context, dict)
    authorizer = context["authorizer"]
    assert isinstance(authorizer, dict)
    assert isinstance(authorizer["jwt"], dict)
    assert isinstance(authorizer["jwt"]["claims"], dict)
    assert (authorizer["jwt"]["scopes"], authorizer["jwt"]["claims"]["groups"]) == (None, "[a b]")


POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_A"
POOL_ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A"


@pytest.mark.parametrize(
    ("claims", "scopes", "taken"),
    [
        ({"token_use": "id"}, (), True),
        ({"token_use": "access"}, (), False),
        ({"token_use": "access", "scope": "a"}, ("a",), True),
        ({"token_use": "access", "scope": "b"}, ("a",), False),
        ({"iss": "other"}, (), False),
    ],
)
async def test_user_pools(issuer: Issuer, claims: dict[str, Json], scopes: tuple[str, ...], *, taken: bool) -> None:
    """An ID token passes where no scopes are asked for, an access token with one of them where they are."""
    settings = apis.Authorizer("COGNITO_USER_POOLS", provider_arns=(POOL,))
    authorizer = CognitoAuthorizer(settings, lambda name: issuer_keys(name, f"{issuer.url}/keys"), lambda: NOW)
    asked = question(issuer.token({"iss": POOL_ISSUER, **claims}), *scopes)
    if taken:
        shown = (await authorizer.ask(asked)).authorizer["claims"]
        assert isinstance(shown, dict)
        assert shown["token_use"] == claims["token_use"]
        return
    with pytest.raises(Refused) as caught:
        await authorizer.ask(asked)
    assert caught.value.cause is Cause.UNAUTHORIZED


def test_a_wrong_pool() -> None:
    """The message says what an ARN looks like."""
    settings = apis.Authorizer("COGNITO_USER_POOLS", provider_arns=("pool",))
    with pytest.raises(UsageError, match="'pool' is no user pool's ARN"):
        CognitoAuthorizer(settings, issuer_keys)
