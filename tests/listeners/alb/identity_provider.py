"""A real OpenID Connect provider on a real port, and a listener that asks for a login."""

import base64
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request as WebRequest
from starlette.responses import JSONResponse, RedirectResponse
from starlette.responses import Response as WebResponse
from starlette.routing import Route

from gateway.config.authentication import AuthenticateOidc, AuthenticationSettings
from gateway.lambda_api.server import ControlServer
from gateway.listeners.alb.authenticate import Authentication
from gateway.listeners.alb.authentication_answer import AuthenticationAnswer
from gateway.listeners.alb.authentication_keys import AuthenticationKeys
from gateway.listeners.arrivals import arrive
from gateway.observe.record import Exchange, Observer
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.flavour import Limits
from gateway.translation.messages import Request, Response
from gateway.types import Address, Json

SIGNER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/gateway/50dc6c495c0c9188"
CLIENT, SECRET = "the client", "s%cret/+"
RSA = rsa.generate_private_key(65537, 2048)
TLS = Path(__file__).parents[2] / "data" / "tls"


def jwk(key_id: str, key: rsa.RSAPrivateKey = RSA) -> dict[str, Json]:
    """The public half of a key as JSON."""
    public: dict[str, Json] = orjson.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return {**public, "kid": key_id, "alg": "RS256", "use": "sig"}


class Provider:
    """The provider.

    Attributes:
        url: Where it is, once it is served.
        answers: Path → what to answer instead of the truth.
        asked: The paths that were asked for.
        claims: What the user info endpoint says.
        id_claims: What differs in id tokens.
        token: What differs in the token endpoint's answer.
        access_tokens: Those that it gave.
    """

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, Callable[[], WebResponse]] = {}
        self.asked: list[str] = []
        self.claims: dict[str, Json] = {"sub": "ünsal", "email": "u@example.com"}
        self.id_claims: dict[str, Json] = {}
        self.token: dict[str, Json] = {}
        self.access_tokens: list[str] = []
        self.codes: list[str] = []
        paths = {"/authorize": self._authorize, "/token": self._token, "/userinfo": self._userinfo, "/jwks": self._jwks}
        self.app = Starlette(
            routes=[Route(path, self._or(answer), methods=["GET", "POST"]) for path, answer in paths.items()]
        )

    def _or(self, answer: Callable[[WebRequest], object]) -> Callable[[WebRequest], object]:
        async def endpoint(request: WebRequest) -> object:
            self.asked.append(request.url.path)
            if request.url.path in self.answers:
                return self.answers[request.url.path]()
            return await answer(request)  # type: ignore[misc]  # all of them are async

        return endpoint

    async def _authorize(self, request: WebRequest) -> WebResponse:
        query = request.query_params
        assert (query["client_id"], query["response_type"]) == (CLIENT, "code")
        self.codes.append(f"code-{len(self.codes)}")
        return RedirectResponse(
            f"{query['redirect_uri']}?{urlencode({'code': self.codes[-1], 'state': query['state']})}", status_code=302
        )

    async def _token(self, request: WebRequest) -> WebResponse:
        scheme, _, pair = request.headers["authorization"].partition(" ")
        assert (scheme, base64.b64decode(pair)) == ("Basic", b"the%20client:s%25cret%2F%2B")
        form = dict(parse_qsl((await request.body()).decode()))
        if form["grant_type"] == "authorization_code":
            if form["code"] not in self.codes:
                return JSONResponse({"error": "invalid_grant"}, 400)
            self.codes.remove(form["code"])
        elif form["refresh_token"] != "refresh":
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.access_tokens.append(f"access-{len(self.access_tokens)}")
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "exp": time.time() + 600,
            "sub": self.claims.get("sub"),
            **self.id_claims,
        }
        id_token = jwt.encode(claims, RSA, "RS256", headers={"kid": "one"})
        given = {"access_token": self.access_tokens[-1], "id_token": id_token, "expires_in": 60, "token_type": "Bearer"}
        return JSONResponse({name: value for name, value in {**given, **self.token}.items() if value is not None})

    async def _userinfo(self, request: WebRequest) -> WebResponse:
        assert request.headers["authorization"] == f"Bearer {self.access_tokens[-1]}"
        return JSONResponse(self.claims)

    async def _jwks(self, _request: WebRequest) -> WebResponse:
        return JSONResponse({"keys": [jwk("one"), {"kty": "EC", "kid": "other"}]})

    def action(self, **changes: object) -> AuthenticateOidc:
        """An action that uses this provider."""
        action = AuthenticateOidc(
            self.url, f"{self.url}/authorize", f"{self.url}/token", f"{self.url}/userinfo", CLIENT, SECRET
        )
        return replace(action, **changes)  # type: ignore[arg-type]  # whatever a test changes


@asynccontextmanager
async def provided() -> AsyncIterator[Provider]:
    """A provider that listens."""
    provider = Provider()
    server = ControlServer(lambda: provider.app, "127.0.0.1", 0)
    await server.start()
    provider.url = f"http://127.0.0.1:{server.port}"
    try:
        yield provider
    finally:
        await server.stop(0)


class AuthenticatingListener:
    """Lets requests through one action, and answers with the headers that a target would get.

    Attributes:
        later_ms: How far its clock is ahead.
        last: What the action made of the last request that it answered itself.
        seconds: The clock of its key sets.
    """

    def __init__(self, action: AuthenticationSettings, keys: AuthenticationKeys | None = None) -> None:
        self.limits = Limits(request_body=1 << 20, result=1 << 20)
        self.accepts_streams = False
        self.observer: Observer | None = None
        self.later_ms = 0
        self.last: AuthenticationAnswer | None = None
        self.seconds = 0.0
        secrets = keys or AuthenticationKeys.generate()
        self.authentication = Authentication(secrets, AlbAttributes(), SIGNER, lambda: self.seconds)
        self.authenticator = self.authentication.authenticator(action)

    async def respond(self, request: Request, exchange: Exchange | None = None) -> Response:  # noqa: ARG002 - as below
        """What a load balancer does."""
        arrival = arrive()
        arrival = arrival._replace(epoch_ms=arrival.epoch_ms + self.later_ms)
        self.last = await self.authentication.callback(request, arrival)
        result = self.last or await self.authenticator.authenticate(request, arrival)
        if isinstance(result, AuthenticationAnswer):
            self.last = result
            return result.response
        seen = [(name.decode().lower(), value.decode()) for name, value in result.request.headers]
        body = orjson.dumps(seen)
        return Response(200, [(b"Content-Length", b"%d" % len(body)), *result.set_cookies], body)

    def reject(self, status: int, client: Address, request_line: bytes) -> Response:
        """Not used."""
        raise AssertionError(status, client, request_line)
