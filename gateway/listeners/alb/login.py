"""The actions authenticate-oidc and authenticate-cognito: OpenID Connect's authorization code flow.

Facts, from the AWS ELB user guide ("Authenticate users using an Application Load Balancer") unless another is named

- Without a session the client is sent to the authorization endpoint, is refused (401) or goes on without a user, as
  ``on_unauthenticated_request`` says.  The redirect has the parameters client_id, redirect_uri, response_type, scope
  and state, in this order (recorded redirects), then the action's own.
- The provider sends the client back to ``https://HOST/oauth2/idpresponse`` with a code; a login takes at most 15
  minutes.
- The state is tied to the cookie ``AWSALBAuthNonce`` (re:Post knowledge center, "elb-configure-authentication-alb").
- A session lasts ``session_timeout`` seconds.  When its access token expires before that, a refresh token renews it; if
  there is none the session goes on, if the provider refuses, the client has to log in again.
- An HTTP/1.0 request without Host gets 401, since no redirect can be made for it.

A nonce cookie that the client has is used again, so that a page that starts several logins at once can finish each.
"""

import asyncio
import hashlib
import secrets
import string
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlencode

from gateway.config.authentication import AuthenticateCognito, AuthenticateOidc
from gateway.listeners.alb.authentication_answer import Answers, AuthenticationAnswer, Passed
from gateway.listeners.alb.authentication_failure import AuthenticationFailure
from gateway.listeners.alb.oidc_headers import OidcHeaders
from gateway.listeners.alb.oidc_provider import Provider, ProviderCalls, TokenResponse, payload_of
from gateway.listeners.alb.session_cookie import (
    NONCE_COOKIE,
    Seal,
    Session,
    cookies_of,
    read_session,
    set_cookie,
    write_session,
)
from gateway.translation.alb_owned import without_user_lines
from gateway.translation.headers import first_value
from gateway.translation.messages import Arrival, Request
from gateway.types import EpochMs, Json

CALLBACK: Final = b"/oauth2/idpresponse"
"""The path to which providers send clients back, on every listener that has such an action."""

_LOGIN_MS: Final = 15 * 60 * 1000
_WEEK_MS: Final = 7 * 24 * 3600 * 1000
# How long requests with the old cookie may still be on their way.
_SHARED_S: Final = 20.0
_NONCE_LENGTH: Final = 16
_ALPHABET: Final = string.ascii_letters + string.digits

LoginSettings = AuthenticateOidc | AuthenticateCognito
"""The two actions that log a user in."""


class LoginState(NamedTuple):
    """What comes back from the provider: which action, which browser, where the client wanted to go, since when."""

    login: str
    nonce: str
    url: str
    begun_at: EpochMs


class LoadBalancer(NamedTuple):
    """What all logins of a listener share."""

    sessions: Seal
    states: Seal
    headers: OidcHeaders
    answers: Answers


class Login:
    """One action that logs users in.

    ``connect`` gives the provider and the calls to it; it may have to ask somebody for the client's secret first.

    Attributes:
        name: The same for the same settings, for `LoginState.login`.
    """

    def __init__(
        self,
        action: LoginSettings,
        connect: Callable[[], Awaitable[tuple[Provider, ProviderCalls]]],
        load_balancer: LoadBalancer,
    ) -> None:
        self.name = hashlib.blake2b(repr(action).encode(), digest_size=8).hexdigest()
        self._action = action
        self._connect = connect
        self._load_balancer = load_balancer
        self._renewals: dict[str, asyncio.Future[Session | None]] = {}

    async def authenticate(self, request: Request, arrival: Arrival) -> Passed | AuthenticationAnswer:
        """Let a user with a session pass; never raises."""
        request = request._replace(headers=without_user_lines(request.headers))
        try:
            return await self._admit(request, arrival)
        except AuthenticationFailure as failure:
            return self._load_balancer.answers.failure(failure, request, arrival)

    async def finish(
        self, state: LoginState, query: Mapping[str, str], request: Request, arrival: Arrival
    ) -> AuthenticationAnswer:
        """Answer the provider's redirect back.

        Raises:
            AuthenticationFailure: There is no session to come of it.
        """
        cookies, now = cookies_of(request), arrival.epoch_ms
        _check_nonce(state, cookies)
        if now - state.begun_at > _LOGIN_MS:
            raise AuthenticationFailure("AuthInvalidStateParam", "the login took longer than 15 minutes")
        code = _code(query)
        provider, calls = await self._connect()
        tokens = await calls.exchange(code, _redirect_uri(request), now)
        claims = await calls.claims(tokens.access_token)
        id_claims = payload_of(tokens.id_token)
        if id_claims is not None and id_claims.get("sub", claims["sub"]) != claims["sub"]:
            raise AuthenticationFailure("AuthInvalidUserinfoResponse", "its sub is not that of the id token")
        session = self._session(provider, tokens, claims, now, now + self._action.session_timeout * 1000)
        lines = write_session(session, self._action.session_cookie_name, self._load_balancer.sessions, cookies)
        return self._load_balancer.answers.redirect(state.url, lines, request, arrival)

    async def _admit(self, request: Request, arrival: Arrival) -> Passed | AuthenticationAnswer:
        cookies, now = cookies_of(request), arrival.epoch_ms
        name, seal = self._action.session_cookie_name, self._load_balancer.sessions
        session = read_session(cookies, name, seal)
        if session is None or session.ends_at <= now:
            return await self._without_session(request, cookies, arrival)
        provider, calls = await self._connect()
        set_cookies: list[tuple[bytes, bytes]] = []
        if session.client == _client(provider) and session.access_until <= now and session.refresh_token:
            renewed = await self._renewed(session, provider, calls, now)
            if renewed is None:
                return await self._without_session(request, cookies, arrival)
            session, set_cookies = renewed, list(write_session(renewed, name, seal, cookies))
        if session.client != _client(provider):
            return await self._without_session(request, cookies, arrival)
        lines = self._load_balancer.headers.lines(session, provider.issuer, provider.client_id, now)
        return Passed(request._replace(headers=[*request.headers, *lines]), set_cookies)

    async def _renewed(
        self, session: Session, provider: Provider, calls: ProviderCalls, now: EpochMs
    ) -> Session | None:
        """The session with new tokens and claims, None when the provider refuses.

        A page's requests come at once, and many providers take a refresh token only once: they share one renewal.
        """
        key = session.access_token
        renewal = self._renewals.get(key)
        if renewal is None:
            renewal = asyncio.ensure_future(self._renew(session, provider, calls, now))
            self._renewals[key] = renewal
            asyncio.get_running_loop().call_later(_SHARED_S, self._renewals.pop, key, None)
        return await asyncio.shield(renewal)

    async def _renew(self, session: Session, provider: Provider, calls: ProviderCalls, now: EpochMs) -> Session | None:
        try:
            tokens = await calls.refresh(session.refresh_token)
            claims = await calls.claims(tokens.access_token)
            return self._session(provider, tokens, claims, now, session.ends_at)
        except AuthenticationFailure:
            return None

    async def _without_session(
        self, request: Request, cookies: Mapping[str, str], arrival: Arrival
    ) -> Passed | AuthenticationAnswer:
        if self._action.on_unauthenticated_request == "allow":
            return Passed(request)
        if self._action.on_unauthenticated_request == "deny":
            raise AuthenticationFailure("", "the request has no session", 401)
        provider, _ = await self._connect()
        nonce = cookies.get(NONCE_COOKIE, "")
        if len(nonce) != _NONCE_LENGTH or not set(nonce) <= set(_ALPHABET):
            nonce = "".join(secrets.choice(_ALPHABET) for _ in range(_NONCE_LENGTH))
        state = LoginState(self.name, nonce, _url(request), arrival.epoch_ms)
        parameters = {
            "client_id": provider.client_id,
            "redirect_uri": _redirect_uri(request),
            "response_type": "code",
            "scope": self._action.scope,
            "state": self._load_balancer.states.close(list(state)),
        } | dict(self._action.authentication_request_extra_params)
        joint = "&" if "?" in provider.authorization_endpoint else "?"
        location = f"{provider.authorization_endpoint}{joint}{urlencode(parameters)}"
        cookie = set_cookie(NONCE_COOKIE, nonce, arrival.epoch_ms + _WEEK_MS)
        return self._load_balancer.answers.redirect(location, [cookie], request, arrival)

    def _session(
        self, provider: Provider, tokens: TokenResponse, claims: dict[str, Json], now: EpochMs, ends_at: EpochMs
    ) -> Session:
        access_until = now + tokens.expires_in * 1000 if tokens.expires_in else ends_at
        return Session(_client(provider), claims, tokens.access_token, tokens.refresh_token, access_until, ends_at)


def read_state(text: str | None, seal: Seal) -> LoginState:
    """The state that a provider gave back; raises `AuthenticationFailure`."""
    if not text:
        raise AuthenticationFailure("AuthMissingStateParam", "the provider's redirect has no state")
    try:
        opened = seal.open(text)
    except ValueError as error:
        raise AuthenticationFailure("AuthInvalidStateParam", f"the state cannot be read: {error}") from error
    match opened:
        case [str(login), str(nonce), str(url), int(begun_at)]:
            return LoginState(login, nonce, url, begun_at)
        case _:
            raise AuthenticationFailure("AuthInvalidStateParam", "the state has another shape")


def _check_nonce(state: LoginState, cookies: Mapping[str, str]) -> None:
    nonce = cookies.get(NONCE_COOKIE)
    if nonce is None:
        raise AuthenticationFailure("AuthMissingAWSALBAuthNonce", f"the client did not send {NONCE_COOKIE}")
    if not secrets.compare_digest(nonce.encode(), state.nonce.encode()):
        raise AuthenticationFailure("AuthInvalidAWSALBAuthNonce", "another browser, or another login, made the state")


def _code(query: Mapping[str, str]) -> str:
    if "error" in query:
        said = " ".join(query[name] for name in ("error", "error_description") if name in query)
        # The provider denied access, or could not log anybody in.
        status = 401 if query["error"] == "access_denied" else 561
        raise AuthenticationFailure("AuthMissingCodeParam", f"the provider said {said}", status)
    if not query.get("code"):
        raise AuthenticationFailure("AuthMissingCodeParam", "the provider's redirect has no code")
    return query["code"]


def _client(provider: Provider) -> str:
    return f"{provider.issuer} {provider.client_id}"


def _host(request: Request) -> str:
    host = request.authority or first_value(request.headers, b"host")
    if not host or not host.isascii() or not host.decode("ascii").isprintable():
        raise AuthenticationFailure(
            "AuthMissingHostHeader", "the request has no usable Host, so no redirect can be made"
        )
    return host.decode("ascii")


def _redirect_uri(request: Request) -> str:
    return f"https://{_host(request)}{CALLBACK.decode()}"


def _url(request: Request) -> str:
    """Where the client wanted to go, with the port, as in every redirect of a load balancer."""
    host = _host(request)
    port = "" if host.rpartition("]")[2].count(":") else ":443"
    query = b"?" + request.raw_query if request.raw_query else b""
    # Bytes beyond ASCII have no place in Location.
    path = "".join(chr(byte) if 0x20 < byte < 0x7F else f"%{byte:02X}" for byte in request.raw_path + query)
    return f"https://{host}{port}{path}"
