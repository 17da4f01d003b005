"""Endpoints of providers, and id tokens.  The calls are tested with the whole flow in ``test_login``."""

import base64

import orjson
import pytest

from gateway.config.authentication import AuthenticateCognito
from gateway.listeners.alb.authentication_failure import AuthenticationFailure
from gateway.listeners.alb.oidc_provider import Provider, check_id_token, payload_of, provider_of
from gateway.types import Json
from tests.listeners.alb.identity_provider import Provider as IdentityProvider

POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_WasDoENZf"
PROVIDER = Provider("https://issuer", "", "", "", "client", "")


@pytest.mark.parametrize(
    ("domain", "base"),
    [
        ("prefix", "https://prefix.auth.eu-west-1.amazoncognito.com"),
        ("login.example.com", "https://login.example.com"),
        ("http://127.0.0.1:9229/", "http://127.0.0.1:9229"),
    ],
)
def test_user_pool(domain: str, base: str) -> None:
    """A user pool's domain is a prefix, a name of the user's own, or the URL of a stand-in."""
    assert provider_of(AuthenticateCognito(POOL, "id", domain), "secret") == Provider(
        "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_WasDoENZf",
        f"{base}/oauth2/authorize",
        f"{base}/oauth2/token",
        f"{base}/oauth2/userInfo",
        "id",
        "secret",
    )


def test_any_provider() -> None:
    """Another provider's endpoints stand in the action."""
    action = IdentityProvider().action()

    assert provider_of(action) == Provider("", "/authorize", "/token", "/userinfo", "the client", "s%cret/+")


def token(payload: Json) -> str:
    """A token with a signature that nobody looks at."""
    return raw(orjson.dumps(payload).decode())


def raw(payload: str) -> str:
    """The same with a payload as it is written."""
    return f"e30.{base64.urlsafe_b64encode(payload.encode()).decode().rstrip('=')}.x"


@pytest.mark.parametrize("audience", ["client", ["other", "client"]])
def test_good_id_token(audience: Json) -> None:
    """Issuer, audience and time are right."""
    check_id_token(token({"iss": "https://issuer", "aud": audience, "exp": 2}), PROVIDER, 1999)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.!.c",
        token([]),
        token({"aud": "client", "exp": 2}),
        token({"iss": "https://issuer", "exp": 2}),
        token({"iss": "https://issuer", "aud": "client"}),
        token({"iss": "https://issuer", "aud": "client", "exp": 1.5}),
        token({"iss": "https://issuer", "aud": "client", "exp": "2"}),
        token({"iss": "https://issuer", "aud": [{}, None], "exp": 2}),
        *(raw(f'{{"iss":"https://issuer","aud":"client","exp":{it}}}') for it in ("NaN", "1e400", "[" * 5000 + "2")),
    ],
    ids=lambda text: f"{text[-12:]}",
)
def test_bad_id_token(text: str) -> None:
    """A token that lacks one of them is refused."""
    with pytest.raises(AuthenticationFailure, match="AuthInvalidIdToken"):
        check_id_token(text, PROVIDER, 1999)


def test_payload() -> None:
    """The payload of a JWT is read without its key."""
    assert payload_of(token({"sub": "ü"})) == {"sub": "ü"}
