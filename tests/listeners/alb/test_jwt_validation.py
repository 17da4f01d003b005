"""Bearer tokens against a key set on a real port, and against a list of claims."""

import base64
from collections.abc import AsyncIterator

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.responses import JSONResponse, PlainTextResponse

from gateway.config.authentication import JwtClaim, JwtValidation
from gateway.listeners.alb.authentication_answer import AuthenticationAnswer, Passed
from gateway.listeners.alb.authentication_failure import AuthenticationFailure
from gateway.listeners.alb.jwt_validation import check_claims
from gateway.translation.messages import Arrival, Request
from gateway.types import EpochMs, HeaderList, Json
from tests.listeners.alb.identity_provider import RSA, AuthenticatingListener, Provider, jwk, provided

pytestmark = pytest.mark.anyio

NOW_S = 1_800_000_000
ISSUER = "https://issuer.example"
GOOD: dict[str, Json] = {"iss": ISSUER, "exp": NOW_S + 60}
OTHER = rsa.generate_private_key(65537, 2048)


@pytest.fixture
async def provider(anyio_backend: str) -> AsyncIterator[Provider]:  # noqa: ARG001 - makes it async
    """A provider that listens."""
    async with provided() as served:
        yield served


def token(key: rsa.RSAPrivateKey = RSA, key_id: str | None = "one", **claims: Json) -> str:
    """A signed token."""
    return jwt.encode({**GOOD, **claims}, key, "RS256", headers={} if key_id is None else {"kid": key_id})


def request(*values: str) -> Request:
    """A request with these Authorization lines."""
    headers = [(b"Authorization", value.encode()) for value in values]
    return Request("GET", b"/", b"", headers, b"", ("127.0.0.1", 1), ("127.0.0.1", 443), "https")


class Checked:
    """One action that is asked several times."""

    def __init__(self, provider: Provider, path: str = "/jwks") -> None:
        url = path if "://" in path else provider.url + path
        self.listener = AuthenticatingListener(JwtValidation(url, ISSUER))

    async def __call__(self, *values: str, at_s: int = NOW_S) -> Passed | AuthenticationAnswer:
        """What becomes of a request."""
        now: EpochMs = at_s * 1000
        self.listener.seconds = float(at_s)
        return await self.listener.authenticator.authenticate(request(*values), Arrival("id", now, "1-0-0"))

    async def refused(self, *values: str, at_s: int = NOW_S) -> tuple[int, str]:
        """Status and reason of a request that is refused."""
        result = await self(*values, at_s=at_s)
        assert isinstance(result, AuthenticationAnswer)
        return result.response.status, result.error_reason


@pytest.fixture
async def checked(provider: Provider) -> AsyncIterator[Checked]:
    """An action that uses the provider's keys."""
    action = Checked(provider)
    yield action
    await action.listener.authentication.aclose()


@pytest.mark.parametrize("key_id", ["one", None])
async def test_good_token(checked: Checked, provider: Provider, key_id: str | None) -> None:
    """A good token passes and is sent on; the keys are fetched once."""
    authorization = f"Bearer {token(key_id=key_id)}"
    for _ in range(3):
        result = await checked(authorization)
        assert isinstance(result, Passed)
        assert result.request == request(authorization)

    assert provider.asked == ["/jwks"]


async def test_no_token(checked: Checked, provider: Provider) -> None:
    """Without Authorization there is 401, and no key is fetched."""
    assert await checked.refused() == (401, "JWTHeaderNotPresent")
    assert provider.asked == []


@pytest.mark.parametrize(
    "values",
    [["Basic dTpw"], ["Bearer"], ["Bearer a.b"], ["Bearer a.b.c"], [f"Bearer {token()}"] * 2],
    ids=["Basic", "no token", "two parts", "no JSON", "two tokens"],
)
async def test_malformed(checked: Checked, values: list[str]) -> None:
    """What is not exactly one JWT is refused."""
    assert await checked.refused(*values) == (401, "JWTRequestFormatInvalid")


async def test_a_header_that_cannot_be_read(checked: Checked) -> None:
    """Deep nesting and a key id that is no text are a malformed token, not an error of ours."""
    for head in (b'{"alg":"RS256","kid":1}', b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}"):
        made = f"{base64.urlsafe_b64encode(head).decode()}.e30.x"
        assert await checked.refused(f"Bearer {made}") == (401, "JWTRequestFormatInvalid")


async def test_bad_signatures(checked: Checked) -> None:
    """Another key, another algorithm and no signature are refused."""
    symmetric = jwt.encode(GOOD, "x" * 32, "HS256", headers={"kid": "one"})
    unsigned = jwt.encode(GOOD, "", "none", headers={"kid": "one"})
    for bad in (token(OTHER), token(OTHER, key_id=None), token(key_id="gone"), symmetric, unsigned):
        assert await checked.refused(f"Bearer {bad}") == (401, "JWTSignatureValidationError")


async def test_new_key(checked: Checked, provider: Provider) -> None:
    """A token with a key id that is not known yet makes the keys be fetched again, but not each time."""
    new = f"Bearer {token(OTHER, key_id='two')}"
    assert isinstance(await checked(f"Bearer {token()}"), Passed)
    provider.answers["/jwks"] = lambda: JSONResponse({"keys": [jwk("two", OTHER)]})

    assert await checked.refused(new, at_s=NOW_S + 5) == (401, "JWTSignatureValidationError")
    assert isinstance(await checked(new, at_s=NOW_S + 11), Passed)
    assert len(provider.asked) == 2


BROKEN = {
    "an error": (lambda: PlainTextResponse("", 500), "JWKSRequestFailed"),
    "no JSON": (lambda: PlainTextResponse("keys"), "JWKSResponseInvalid"),
    "no keys": (lambda: JSONResponse({}), "JWKSResponseInvalid"),
    "a broken key": (lambda: JSONResponse({"keys": [{"kty": "RSA", "kid": "one"}]}), "JWKSResponseInvalid"),
    "more than 10 keys": (lambda: JSONResponse({"keys": [jwk("one")] * 11}), "JWKSResponseSizeExceeded"),
    "more than 150 KB": (
        lambda: JSONResponse({"keys": [jwk("one")], "x": "x" * 150 * 1024}),
        "JWKSResponseSizeExceeded",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_broken_key_set(checked: Checked, provider: Provider, case: str) -> None:
    """A key set that cannot be used gives 562, and is asked for again after a pause."""
    answer, reason = BROKEN[case]
    provider.answers["/jwks"] = answer

    assert await checked.refused(f"Bearer {token()}") == (562, reason)
    del provider.answers["/jwks"]
    assert await checked.refused(f"Bearer {token()}", at_s=NOW_S + 9) == (562, reason)
    assert isinstance(await checked(f"Bearer {token()}", at_s=NOW_S + 10), Passed)
    assert provider.asked == ["/jwks"] * 2


async def test_one_key_set_for_an_endpoint(checked: Checked, provider: Provider) -> None:
    """Actions with the same endpoint ask once between them."""
    again = checked.listener.authentication.authenticator(JwtValidation(provider.url + "/jwks", ISSUER, CLAIMS[:1]))
    good = token(team="red")
    assert isinstance(await checked(f"Bearer {good}"), Passed)

    passed = await again.authenticate(request(f"Bearer {good}"), Arrival("id", NOW_S * 1000, "1-0-0"))

    assert isinstance(passed, Passed)
    assert provider.asked == ["/jwks"]


async def test_many_brackets(checked: Checked) -> None:
    """A header of JSON that is nested too deeply is no JWT."""
    deep = base64.urlsafe_b64encode(b"[" * 9000).decode().rstrip("=")

    assert await checked.refused(f"Bearer {deep}.e30.e30") == (401, "JWTRequestFormatInvalid")


async def test_unreachable_key_set(provider: Provider) -> None:
    """A key set that cannot be reached gives 562."""
    checked = Checked(provider, "http://127.0.0.1:1/jwks")

    assert await checked.refused(f"Bearer {token()}") == (562, "JWKSRequestTimeout")
    await checked.listener.authentication.aclose()


CLAIMS = (
    JwtClaim("team", "single-string", ("red", "blue")),
    JwtClaim("roles", "string-array", ("admin", "owner")),
    JwtClaim("scope", "space-separated-values", ("read", "write")),
)
ALL: dict[str, Json] = {**GOOD, "team": "blue", "roles": ["guest", "owner"], "scope": "list read"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"nbf": NOW_S, "iat": NOW_S}, ""),
        ({"exp": None}, "JWTClaimFormatInvalid"),
        ({"exp": True}, "JWTClaimFormatInvalid"),
        ({"exp": NOW_S}, "JWTClaimValueInvalid"),
        ({"exp": -1}, "JWTClaimValueInvalid"),
        ({"exp": str(NOW_S + 60)}, "JWTClaimFormatInvalid"),
        ({"exp": NOW_S + 0.5, "nbf": NOW_S - 0.5}, ""),
        ({"nbf": str(NOW_S - 60)}, "JWTClaimFormatInvalid"),
        ({"nbf": NOW_S + 1}, "JWTClaimValueInvalid"),
        ({"iat": NOW_S + 1}, "JWTClaimValueInvalid"),
        ({"iat": "today"}, "JWTClaimFormatInvalid"),
        ({"iss": "https://other.example"}, "JWTClaimValueInvalid"),
        ({"team": "green"}, "JWTClaimValueInvalid"),
        ({"team": "red blue"}, "JWTClaimValueInvalid"),
        ({"team": ["red"]}, "JWTClaimFormatInvalid"),
        ({"roles": ["guest"]}, "JWTClaimValueInvalid"),
        ({"roles": "admin"}, "JWTClaimFormatInvalid"),
        ({"roles": ["admin", 1]}, "JWTClaimFormatInvalid"),
        ({"scope": "reader"}, "JWTClaimValueInvalid"),
        ({"scope": ["read"]}, "JWTClaimFormatInvalid"),
    ],
)
def test_claims(changes: dict[str, Json], reason: str) -> None:
    """Times, issuer and the three formats of additional claims."""
    assert refused({**ALL, **changes}) == reason


@pytest.mark.parametrize("name", ["exp", "iss", "team", "roles", "scope"])
def test_missing_claim(name: str) -> None:
    """exp, iss and every additional claim have to be there."""
    assert refused({key: value for key, value in ALL.items() if key != name}) == "JWTClaimNotPresent"


@pytest.mark.parametrize(
    "payload",
    [
        b"[]",
        b"no JSON",
        b'{"iss":"https://issuer.example","exp":NaN}',
        b'{"iss":"https://issuer.example","exp":1e400}',
        b'{"exp":1800000060,"iss":' + b"[" * 1000 + b"]" * 1000 + b"}",
    ],
)
def test_payload_that_is_no_object(payload: bytes) -> None:
    """A signed text is no token."""
    with pytest.raises(AuthenticationFailure, match="JWTRequestFormatInvalid"):
        check_claims(payload, JwtValidation("", ISSUER), NOW_S)


def refused(claims: dict[str, Json]) -> str:
    """Why claims are refused, "" when they are not."""
    try:
        check_claims(orjson.dumps(claims), JwtValidation("", ISSUER, CLAIMS), NOW_S)
    except AuthenticationFailure as failure:
        return failure.reason
    return ""


def headers(lines: HeaderList) -> dict[bytes, bytes]:
    """Lower-case name → value."""
    return {name.lower(): value for name, value in lines}


async def test_answer_is_the_load_balancers(checked: Checked) -> None:
    """A refused request gets the load balancer's own page."""
    result = await checked()

    assert isinstance(result, AuthenticationAnswer)
    assert headers(result.response.headers)[b"server"] == b"awselb/2.0"
    assert b"401 Authorization Required" in bytes(result.response.body)  # type: ignore[arg-type]  # it is no stream
