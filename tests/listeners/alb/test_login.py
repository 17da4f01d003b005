"""The authorization code flow, with a real provider, a real TLS port and a client that keeps cookies."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse

from gateway.listeners.alb.login import read_state
from gateway.listeners.alb.session_cookie import Seal
from gateway.listeners.server import ListenerServer
from gateway.listeners.tls_files import TlsFiles
from gateway.translation.messages import Request
from gateway.types import Json
from tests.listeners.alb.identity_provider import SIGNER, TLS, AuthenticatingListener, Provider, provided

pytestmark = pytest.mark.anyio


@pytest.fixture
async def provider(anyio_backend: str) -> AsyncIterator[Provider]:  # noqa: ARG001 - makes it async
    """A provider that listens."""
    async with provided() as served:
        yield served


@asynccontextmanager
async def listening(listener: AuthenticatingListener) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a listener's TLS port; it follows no redirect by itself."""
    server = ListenerServer(listener, tls=TlsFiles(TLS / "certificate.pem", TLS / "key.pem"))
    await server.start()
    trust = ssl.create_default_context(cafile=TLS / "certificate.pem")
    try:
        async with httpx.AsyncClient(base_url=f"https://localhost:{server.port}", verify=trust) as client:
            yield client
    finally:
        await server.stop(0)
        await listener.authentication.aclose()


async def log_in(client: httpx.AsyncClient, path: str = "/") -> httpx.Response:
    """Follow the redirects to the provider and back to the listener, whose answer is given."""
    asked = await client.get(path)
    assert asked.status_code == 302, asked.text
    granted = await client.get(asked.headers["location"])
    return await client.get(granted.headers["location"])


def one(answer: httpx.Response) -> dict[str, str]:
    """The headers that the target saw, of which none came twice."""
    pairs = [(name, value) for name, value in answer.json()]
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


async def test_first_redirect(provider: Provider) -> None:
    """Without a session the client is sent to the authorization endpoint, with a nonce in a cookie."""
    action = provider.action(scope="openid email", authentication_request_extra_params={"prompt": "login"})
    async with listening(AuthenticatingListener(action)) as client:
        answer = await client.get("/a?b=c")

    url = urlsplit(answer.headers["location"])
    query = parse_qsl(url.query)
    assert f"{url.scheme}://{url.netloc}{url.path}" == action.authorization_endpoint
    assert [name for name, _ in query] == ["client_id", "redirect_uri", "response_type", "scope", "state", "prompt"]
    redirect_uri = f"https://localhost:{client.base_url.port}/oauth2/idpresponse"
    assert query[:4] == [
        ("client_id", "the client"),
        ("redirect_uri", redirect_uri),
        ("response_type", "code"),
        ("scope", "openid email"),
    ]
    assert len(client.cookies["AWSALBAuthNonce"]) == 16
    assert answer.headers["set-cookie"].endswith("; Path=/; Secure; HttpOnly")
    assert answer.headers["server"] == "awselb/2.0"


async def test_whole_flow(provider: Provider) -> None:
    """After the login the client is where it wanted to go, and the target is told who the user is."""
    listener = AuthenticatingListener(provider.action())
    async with listening(listener) as client:
        back = await log_in(client, "/a%20b?c=d")
        seen = one(await client.get("/", headers={"X-Amzn-Oidc-Identity": "somebody else"}))

    assert (back.status_code, back.headers["location"]) == (302, f"{client.base_url}/a%20b?c=d")
    assert set(client.cookies) == {"AWSALBAuthNonce", "AWSELBAuthSessionCookie-0"}
    assert provider.asked == ["/authorize", "/token", "/userinfo"]
    assert seen["x-amzn-oidc-identity"] == "ünsal"
    assert seen["x-amzn-oidc-accesstoken"] == "access-0"
    data = seen["x-amzn-oidc-data"]
    claims = jwt.decode(data, listener.authentication.keys.public_pem, ["ES256"])
    assert claims == {**provider.claims, "exp": claims["exp"], "iss": provider.url}
    assert jwt.get_unverified_header(data)["signer"] == SIGNER


async def test_long_claims_need_several_cookies(provider: Provider) -> None:
    """A session over 4 KB is spread over cookies; a shorter one later removes those it does not need."""
    provider.claims["picture"] = "x" * 9000
    async with listening(AuthenticatingListener(provider.action())) as client:
        back = await log_in(client)
        names = sorted(name for name in client.cookies if "Session" in name)
        assert names == [f"AWSELBAuthSessionCookie-{number}" for number in range(len(names))]
        assert len(names) > 2
        assert all(len(line) <= 4096 for line in back.headers.get_list("set-cookie"))
        assert one(await client.get("/"))["x-amzn-oidc-identity"] == "ünsal"

        del provider.claims["picture"]
        for name in names:
            del client.cookies[name]
        asked = await client.get("/")
        granted = await client.get(asked.headers["location"])
        # An old cookie comes back, as when another tab was logged in before.
        for name in names:
            client.cookies.set(name, "old", domain="localhost.local", path="/")
        await client.get(granted.headers["location"])

        assert [name for name in client.cookies if "Session" in name] == ["AWSELBAuthSessionCookie-0"]
        assert one(await client.get("/"))["x-amzn-oidc-identity"] == "ünsal"


async def test_nonce_is_used_again(provider: Provider) -> None:
    """Two logins that one browser began at once can both be finished."""
    async with listening(AuthenticatingListener(provider.action())) as client:
        first, second = await client.get("/one"), await client.get("/two")
        for asked, path in ((second, "/two"), (first, "/one")):
            granted = await client.get(asked.headers["location"])
            back = await client.get(granted.headers["location"])

            assert back.headers["location"].endswith(path)


@pytest.mark.parametrize("secure_page", ["deny", "allow"])
async def test_unauthenticated(provider: Provider, secure_page: str) -> None:
    """``deny`` answers 401, ``allow`` goes on without a user; neither believes the client."""
    listener = AuthenticatingListener(provider.action(on_unauthenticated_request=secure_page))
    async with listening(listener) as client:
        answer = await client.get("/", headers={"x-amzn-oidc-data": "forged"})

    if secure_page == "deny":
        assert answer.status_code == 401
        assert "401 Authorization Required" in answer.text
        assert listener.last
        assert listener.last.error_reason == ""
    else:
        assert answer.status_code == 200
        assert not any(name.startswith("x-amzn-oidc-") for name in one(answer))


async def test_session_ends(provider: Provider) -> None:
    """After ``session_timeout`` seconds the user has to log in again, whatever the tokens say."""
    provider.token["refresh_token"] = "refresh"
    listener = AuthenticatingListener(provider.action(session_timeout=30))
    async with listening(listener) as client:
        await log_in(client)
        listener.later_ms = 29_000
        assert (await client.get("/")).status_code == 200
        cookies = dict(client.cookies)
        listener.later_ms = 31_000
        assert (await client.get("/", headers={"cookie": "; ".join(map("=".join, cookies.items()))})).status_code == 302


@pytest.mark.parametrize("seconds", [2**64 - 1, 1e300, -1, True, "60", None, [60]])
async def test_odd_lifetimes_of_tokens(provider: Provider, seconds: Json) -> None:
    """A lifetime that is no number, or that no cookie could hold, never fails a login."""
    provider.token["expires_in"] = seconds
    async with listening(AuthenticatingListener(provider.action())) as client:
        await log_in(client)

        assert one(await client.get("/"))["x-amzn-oidc-accesstoken"] == "access-0"


async def test_refresh(provider: Provider) -> None:
    """An expired access token is renewed with the refresh token, and the client gets a new cookie."""
    provider.token["refresh_token"] = "refresh"
    listener = AuthenticatingListener(provider.action())
    async with listening(listener) as client:
        await log_in(client)
        provider.claims["email"] = "new@example.com"
        provider.token["refresh_token"] = None  # the old one stays
        listener.later_ms = 61_000
        renewed = await client.get("/")
        calls = len(provider.asked)
        again = await client.get("/")

    assert one(renewed)["x-amzn-oidc-accesstoken"] == one(again)["x-amzn-oidc-accesstoken"] == "access-1"
    data = jwt.decode(one(renewed)["x-amzn-oidc-data"], listener.authentication.keys.public_pem, ["ES256"])
    assert data["email"] == "new@example.com"
    assert "AWSELBAuthSessionCookie-0" in renewed.headers["set-cookie"]
    assert "set-cookie" not in again.headers
    assert len(provider.asked) == calls


async def test_requests_share_a_refresh(provider: Provider) -> None:
    """Requests that come at once, or with the old cookie a moment later, cause one renewal together."""
    provider.token["refresh_token"] = "refresh"
    listener = AuthenticatingListener(provider.action())
    async with listening(listener) as client:
        await log_in(client)
        old = {"cookie": "; ".join(map("=".join, client.cookies.items()))}
        listener.later_ms = 61_000
        client.cookies.clear()
        answers = await asyncio.gather(*(client.get("/", headers=old) for _ in range(4)))
        answers.append(await client.get("/", headers=old))

    assert {one(answer)["x-amzn-oidc-accesstoken"] for answer in answers} == {"access-1"}
    assert provider.asked.count("/token") == 2


async def test_refused_refresh(provider: Provider) -> None:
    """When the provider refuses to refresh, the user logs in again."""
    provider.token["refresh_token"] = "revoked"
    listener = AuthenticatingListener(provider.action())
    async with listening(listener) as client:
        await log_in(client)
        listener.later_ms = 61_000

        assert (await client.get("/")).status_code == 302


async def test_without_refresh_token(provider: Provider) -> None:
    """Without a refresh token the session goes on until it times out."""
    listener = AuthenticatingListener(provider.action())
    async with listening(listener) as client:
        await log_in(client)
        listener.later_ms = 3_600_000

        assert one(await client.get("/"))["x-amzn-oidc-accesstoken"] == "access-0"


async def test_session_of_another_client(provider: Provider) -> None:
    """A session that was made for another client id is none."""
    first = AuthenticatingListener(provider.action())
    async with listening(first) as client:
        await log_in(client)
        cookies = "; ".join(map("=".join, client.cookies.items()))
    second = AuthenticatingListener(provider.action(client_id="another"), first.authentication.keys)
    async with listening(second) as client:
        assert (await client.get("/", headers={"cookie": cookies})).status_code == 302


FAILURES: dict[str, tuple[dict[str, object], int, str]] = {
    "a used code": ({"codes": []}, 561, "AuthInvalidGrantError"),
    "a failing token endpoint": (
        {"answers": {"/token": lambda: PlainTextResponse("", 503)}},
        561,
        "AuthTokenEpRequestFailed",
    ),
    "an odd token response": (
        {"answers": {"/token": lambda: PlainTextResponse("access")}},
        401,
        "AuthInvalidTokenResponse",
    ),
    "a token response without tokens": (
        {"answers": {"/token": lambda: JSONResponse({})}},
        401,
        "AuthInvalidTokenResponse",
    ),
    "no id token": ({"token": {"id_token": None}}, 401, "AuthInvalidTokenResponse"),
    "an id token that is none": ({"token": {"id_token": "a.b"}}, 401, "AuthInvalidIdToken"),
    "another issuer": ({"id_claims": {"iss": "https://other"}}, 401, "AuthInvalidIdToken"),
    "another audience": ({"id_claims": {"aud": ["other"]}}, 401, "AuthInvalidIdToken"),
    "an expired id token": ({"id_claims": {"exp": 1}}, 401, "AuthInvalidIdToken"),
    "an access token that would be two lines": ({"token": {"access_token": "a\r\nb"}}, 401, "AuthInvalidTokenResponse"),
    "a failing user info endpoint": (
        {"answers": {"/userinfo": lambda: PlainTextResponse("", 403)}},
        561,
        "AuthUserinfoEpRequestFailed",
    ),
    "user info without sub": ({"claims": {"email": "a"}}, 401, "AuthInvalidUserinfoResponse"),
    "user info of another user": ({"id_claims": {"sub": "other"}}, 401, "AuthInvalidUserinfoResponse"),
    "a sub that would be two lines": (
        {"claims": {"sub": "a\r\nb"}},
        401,
        "AuthInvalidUserinfoResponse",
    ),
    "user info nested too deeply": (
        {"claims": {"sub": "a", "b": json.loads("[" * 300 + "]" * 300)}},
        401,
        "AuthInvalidUserinfoResponse",
    ),
    "claims over 11 KB": (
        {"claims": {"sub": "a", "b": "x" * 11264}},
        500,
        "AuthUserinfoResponseSizeExceeded",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
async def test_provider_fails(provider: Provider, case: str) -> None:
    """What a provider gets wrong has its own reason in the access log."""
    changes, status, reason = FAILURES[case]
    listener = AuthenticatingListener(provider.action())
    async with listening(listener) as client:
        asked = await client.get("/")
        granted = await client.get(asked.headers["location"])
        for name, value in changes.items():
            setattr(provider, name, value)
        answer = await client.get(granted.headers["location"])

    assert listener.last
    assert (answer.status_code, listener.last.error_reason) == (status, reason)
    assert reason in listener.last.detail


@pytest.mark.parametrize(
    ("path", "reason"), [("/token", "AuthInvalidTokenResponse"), ("/userinfo", "AuthUserinfoResponseSizeExceeded")]
)
async def test_answer_without_end(provider: Provider, path: str, reason: str) -> None:
    """Of what an endpoint answers no more is read than an answer may have."""
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 64_000_000:
            sent += 64_000
            yield b"x" * 64_000

    provider.answers[path] = lambda: StreamingResponse(endless())
    listener = AuthenticatingListener(provider.action())
    async with listening(listener) as client:
        asked = await client.get("/")
        granted = await client.get(asked.headers["location"])
        await client.get(granted.headers["location"])

    assert listener.last
    assert listener.last.error_reason == reason
    assert sent < 32_000_000


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [("token_endpoint", "AuthTokenEpRequestTimeout"), ("user_info_endpoint", "AuthUserinfoEpRequestTimeout")],
)
async def test_unreachable_endpoint(provider: Provider, endpoint: str, reason: str) -> None:
    """An endpoint that cannot be reached gives 500."""
    listener = AuthenticatingListener(provider.action(**{endpoint: "http://127.0.0.1:1/"}))
    async with listening(listener) as client:
        answer = await log_in(client)

    assert listener.last
    assert (answer.status_code, listener.last.error_reason) == (500, reason)


CALLBACKS: dict[str, tuple[Callable[[str], str], int, str]] = {
    "no state": (lambda url: url.partition("?")[0] + "?code=1", 401, "AuthMissingStateParam"),
    "a changed state": (lambda url: url.replace("state=", "state=AAAA"), 401, "AuthInvalidStateParam"),
    "no code": (lambda url: url.replace("code=", "cod="), 401, "AuthMissingCodeParam"),
    "access denied": (lambda url: url.replace("code=code-0", "error=access_denied"), 401, "AuthMissingCodeParam"),
    "a provider's error": (lambda url: url.replace("code=code-0", "error=server_error"), 561, "AuthMissingCodeParam"),
}


@pytest.mark.parametrize("case", CALLBACKS)
async def test_bad_callback(provider: Provider, case: str) -> None:
    """A redirect back that lacks something is refused."""
    change, status, reason = CALLBACKS[case]
    listener = AuthenticatingListener(provider.action())
    async with listening(listener) as client:
        asked = await client.get("/")
        granted = await client.get(asked.headers["location"])
        answer = await client.get(change(granted.headers["location"]))

    assert listener.last
    assert (answer.status_code, listener.last.error_reason) == (status, reason)


@pytest.mark.parametrize(
    ("nonce", "reason"), [("", "AuthMissingAWSALBAuthNonce"), ("x" * 16, "AuthInvalidAWSALBAuthNonce")]
)
async def test_nonce(provider: Provider, nonce: str, reason: str) -> None:
    """A redirect back into another browser is refused with 401."""
    listener = AuthenticatingListener(provider.action())
    async with listening(listener) as client:
        asked = await client.get("/")
        granted = await client.get(asked.headers["location"])
        client.cookies.clear()
        cookie = {"cookie": f"AWSALBAuthNonce={nonce}"} if nonce else {}
        answer = await client.get(granted.headers["location"], headers=cookie)

    assert listener.last
    assert (answer.status_code, listener.last.error_reason) == (401, reason)


async def test_late_login(provider: Provider) -> None:
    """A login that takes more than 15 minutes is refused with 401."""
    listener = AuthenticatingListener(provider.action())
    async with listening(listener) as client:
        asked = await client.get("/")
        granted = await client.get(asked.headers["location"])
        listener.later_ms = 15 * 60_000 + 1000
        answer = await client.get(granted.headers["location"])

    assert listener.last
    assert (answer.status_code, listener.last.error_reason) == (401, "AuthInvalidStateParam")


async def test_changed_cookie(provider: Provider) -> None:
    """A session cookie that is not the load balancer's own is refused with 401."""
    listener = AuthenticatingListener(provider.action())
    async with listening(listener) as client:
        answer = await client.get("/", headers={"cookie": "AWSELBAuthSessionCookie-0=AAAA"})

    assert listener.last
    assert (answer.status_code, listener.last.error_reason) == (401, "AuthInvalidCookie")


async def test_no_host() -> None:
    """Without a Host line there is nowhere to come back to: 401."""
    listener = AuthenticatingListener(Provider().action())
    answer = await listener.respond(Request("GET", b"/", b"", [], b"", ("127.0.0.1", 1), ("127.0.0.1", 443), "https"))
    await listener.authentication.aclose()

    assert listener.last
    assert (answer.status, listener.last.error_reason) == (401, "AuthMissingHostHeader")


def test_state_of_another_shape() -> None:
    """A state that is sealed right but holds something else is refused, as is a session in its place."""
    key = bytes(32)
    for text in (Seal(key, b"state").close([1]), Seal(key, b"session").close(["a", "b", "c", 1])):
        with pytest.raises(Exception, match="AuthInvalidStateParam"):
            read_state(text, Seal(key, b"state"))
