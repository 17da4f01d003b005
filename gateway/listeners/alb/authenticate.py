"""The authentication actions of one listener.

`Authentication.of` makes them from the settings; `Authentication.authenticator` gives the one for an action, to be
asked before the rule's last action; `Authentication.callback` answers ``/oauth2/idpresponse``, which no rule sees.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import parse_qsl

from gateway.config.authentication import AuthenticateCognito, AuthenticateOidc, AuthenticationSettings, JwtValidation
from gateway.config.settings import AlbSettings
from gateway.listeners.alb.authentication_answer import Answers, AuthenticationAnswer, Passed
from gateway.listeners.alb.authentication_failure import AuthenticationFailure
from gateway.listeners.alb.authentication_keys import AuthenticationKeys, need_auth_extra
from gateway.listeners.alb.cognito_client import client_secret, need_aws_extra
from gateway.listeners.alb.jwt_validation import endpoint_keys, validate
from gateway.listeners.alb.login import CALLBACK, LoadBalancer, Login, LoginSettings, read_state
from gateway.listeners.alb.oidc_headers import OidcHeaders
from gateway.listeners.alb.oidc_provider import Provider, ProviderCalls, provider_of
from gateway.listeners.alb.session_cookie import Seal
from gateway.listeners.key_set import KeySet
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.messages import Arrival, Request

if TYPE_CHECKING:
    import httpx

_TIMEOUT_S: Final = 10.0


class Authenticator(Protocol):
    """One authentication action of a rule."""

    async def authenticate(self, request: Request, arrival: Arrival) -> Passed | AuthenticationAnswer:
        """Let a request pass or answer it; never raises."""
        ...


class TokenCheck:
    """The action jwt-validation; an `Authenticator`."""

    def __init__(self, action: JwtValidation, keys: KeySet, answers: Answers) -> None:
        self._action = action
        self._keys = keys
        self._answers = answers

    async def authenticate(self, request: Request, arrival: Arrival) -> Passed | AuthenticationAnswer:
        """Let a request with a good token pass as it is; never raises."""
        try:
            await validate(request, self._action, self._keys, arrival.epoch_ms)
        except AuthenticationFailure as failure:
            return self._answers.failure(failure, request, arrival)
        return Passed(request)


class ProviderConnection:
    """A way to one provider; asks for a user pool client's secret once it is needed."""

    def __init__(self, action: LoginSettings, client: "httpx.AsyncClient") -> None:
        self._action = action
        self._client = client
        self._made: tuple[Provider, ProviderCalls] | None = None

    async def __call__(self) -> tuple[Provider, ProviderCalls]:
        """The provider and the calls to it; raises `AuthenticationFailure` when AWS does not give the secret."""
        if self._made is None:
            secret = await client_secret(self._action) if isinstance(self._action, AuthenticateCognito) else ""
            provider = provider_of(self._action, secret)
            self._made = provider, ProviderCalls(provider, self._client)
        return self._made


class Authentication:
    """All authentication actions of a listener.

    Attributes:
        keys: For `gateway.listeners.alb.authentication_keys.public_keys`.

    Args:
        clock: Seconds, for the age of key sets; only differences count.
    """

    def __init__(
        self,
        keys: AuthenticationKeys,
        attributes: AlbAttributes,
        load_balancer_arn: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        import httpx  # noqa: PLC0415 - slow to import, and most listeners have no such action
        import jwt  # noqa: PLC0415 - an extra

        self.keys = keys
        es256 = jwt.get_algorithm_by_name("ES256")
        self._client = httpx.AsyncClient(timeout=_TIMEOUT_S)
        self._load_balancer = LoadBalancer(
            Seal(keys.session_key, b"session"),
            Seal(keys.session_key, b"state"),
            OidcHeaders(lambda content: es256.sign(content, keys.private_key), keys.key_id, load_balancer_arn),
            Answers(attributes),
        )
        self._logins: dict[str, Login] = {}
        self._key_sets: dict[str, KeySet] = {}
        self._clock = clock

    @classmethod
    def of(
        cls, listener: AlbSettings, attributes: AlbAttributes, load_balancer_arn: str, keys_folder: Path
    ) -> "Authentication | None":
        """The actions of a listener, None when it has none; the keys are kept in ``keys_folder``.

        Raises:
            UsageError: An extra is missing, or the folder cannot be used.
        """
        actions = list(_actions(listener))
        if not actions:
            return None
        for action in actions:
            need_auth_extra(_TYPES[type(action)])
            if isinstance(action, AuthenticateCognito):
                need_aws_extra()
        authentication = cls(AuthenticationKeys.open(keys_folder), attributes, load_balancer_arn)
        for action in actions:
            authentication.authenticator(action)
        return authentication

    def authenticator(self, action: AuthenticationSettings) -> Authenticator:
        """What to ask for an action; the actions of one key set's URL share it."""
        if isinstance(action, JwtValidation):
            url = action.jwks_endpoint
            keys = self._key_sets.setdefault(url, endpoint_keys(url, self._client, self._clock))
            return TokenCheck(action, keys, self._load_balancer.answers)
        login = Login(action, ProviderConnection(action, self._client), self._load_balancer)
        return self._logins.setdefault(login.name, login)

    async def callback(self, request: Request, arrival: Arrival) -> AuthenticationAnswer | None:
        """The answer to a provider's redirect back, None for every other request; never raises."""
        if request.raw_path != CALLBACK or not self._logins:
            return None
        query = dict(parse_qsl(request.raw_query.decode("latin-1"), keep_blank_values=True))
        try:
            state = read_state(query.get("state"), self._load_balancer.states)
            return await self._login(state.login).finish(state, query, request, arrival)
        except AuthenticationFailure as failure:
            return self._load_balancer.answers.failure(failure, request, arrival)

    def _login(self, name: str) -> Login:
        login = self._logins.get(name)
        if login is None:
            raise AuthenticationFailure("AuthInvalidStateParam", "the action that made the state has changed")
        return login

    async def aclose(self) -> None:
        """Close the connections to providers."""
        await self._client.aclose()


_TYPES: Final = {
    AuthenticateOidc: "authenticate-oidc",
    AuthenticateCognito: "authenticate-cognito",
    JwtValidation: "jwt-validation",
}


def _actions(listener: AlbSettings) -> Iterator[AuthenticationSettings]:
    for actions in (listener.default_actions, *(rule.actions for rule in listener.rules)):
        for action in actions:
            if isinstance(action, AuthenticateOidc | AuthenticateCognito | JwtValidation):
                yield action
