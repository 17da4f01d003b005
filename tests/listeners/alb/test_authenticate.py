"""The authentication actions of a listener, made from its settings."""

from dataclasses import replace
from pathlib import Path

import jwt
import pytest

from gateway.config.authentication import AuthenticateCognito, JwtValidation
from gateway.config.conditions import PathPattern
from gateway.config.rules import FixedResponse, RuleSettings
from gateway.listeners.alb.authenticate import Authentication, TokenCheck
from gateway.listeners.alb.authentication_answer import AuthenticationAnswer
from gateway.listeners.alb.login import CALLBACK, Login
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.messages import Arrival, Request
from tests.listeners.alb.identity_provider import SIGNER, Provider
from tests.listeners.alb.stacks import alb

pytestmark = pytest.mark.anyio

FIXED = FixedResponse(200)
LOGIN = Provider().action()
TOKEN = JwtValidation("http://127.0.0.1:1/jwks", "issuer")
COGNITO = AuthenticateCognito("arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_A", "id", "prefix")
RULE = RuleSettings(1, (PathPattern(("/a",)),), (TOKEN, FIXED))
ARRIVAL = Arrival("id", 0, "1-0-0")


def request(path: bytes, query: bytes = b"") -> Request:
    """A request."""
    return Request("GET", path, query, [(b"host", b"h")], b"", ("", 0), ("", 443), "https")


def kept(folder: Path) -> list[str]:
    """The files in a folder."""
    return [file.name for file in folder.iterdir()]


async def test_listener_without_actions(tmp_path: Path) -> None:
    """A listener that asks nobody who he is needs no keys."""
    assert Authentication.of(alb(), AlbAttributes(), SIGNER, tmp_path) is None
    assert kept(tmp_path) == []


async def test_actions_of_rules_and_default(tmp_path: Path) -> None:
    """Actions of the rules and of the default count; a login that stands twice is one."""
    listener = replace(alb(), default_actions=(LOGIN, FIXED), rules=(RULE, RULE._replace(actions=(COGNITO, FIXED))))
    made = Authentication.of(listener, AlbAttributes(), SIGNER, tmp_path)

    assert made
    assert isinstance(made.authenticator(TOKEN), TokenCheck)
    assert isinstance(made.authenticator(COGNITO), Login)
    assert made.authenticator(LOGIN) is made.authenticator(replace(LOGIN))
    assert kept(tmp_path) == ["authentication-key.pem"]
    await made.aclose()


async def test_callback_path(tmp_path: Path) -> None:
    """The callback's path belongs to the load balancer when somebody can log in, and to the rules elsewhere."""
    with_login = Authentication.of(replace(alb(), default_actions=(LOGIN, FIXED)), AlbAttributes(), SIGNER, tmp_path)
    with_token = Authentication.of(replace(alb(), rules=(RULE,)), AlbAttributes(), SIGNER, tmp_path)

    assert with_login
    assert with_token
    answered = await with_login.callback(request(CALLBACK), ARRIVAL)
    assert answered
    assert answered.error_reason == "AuthMissingStateParam"
    assert await with_login.callback(request(CALLBACK + b"/more"), ARRIVAL) is None
    assert await with_token.callback(request(CALLBACK), ARRIVAL) is None
    await with_login.aclose()
    await with_token.aclose()


async def test_state_of_a_removed_action(tmp_path: Path) -> None:
    """After a reload, a login that the new configuration does not have cannot be finished."""
    old = Authentication.of(replace(alb(), default_actions=(LOGIN, FIXED)), AlbAttributes(), SIGNER, tmp_path)
    changed = replace(LOGIN, scope="openid email")
    new = Authentication.of(replace(alb(), default_actions=(changed, FIXED)), AlbAttributes(), SIGNER, tmp_path)
    assert old
    assert new
    sent = await old.authenticator(LOGIN).authenticate(request(b"/"), ARRIVAL)
    assert isinstance(sent, AuthenticationAnswer)
    location = dict(sent.response.headers)[b"Location"]
    state = location.rpartition(b"state=")[2]

    answered = await new.callback(request(CALLBACK, b"code=1&state=" + state), ARRIVAL)

    assert answered
    assert (answered.response.status, answered.error_reason) == (401, "AuthInvalidStateParam")
    await old.aclose()
    await new.aclose()


async def test_closed_during_a_login(tmp_path: Path) -> None:
    """A request that is still on its way through the old configuration is answered all the same."""
    listener = replace(alb(), default_actions=(LOGIN, FIXED), rules=(RULE,))
    made = Authentication.of(listener, AlbAttributes(), SIGNER, tmp_path)
    assert made
    sent = await made.authenticator(LOGIN).authenticate(request(b"/"), ARRIVAL)
    assert isinstance(sent, AuthenticationAnswer)
    lines = dict(sent.response.headers)
    cookie = lines[b"Set-Cookie"].partition(b";")[0]
    state = lines[b"Location"].rpartition(b"state=")[2]
    back = request(CALLBACK, b"code=1&state=" + state)
    token = jwt.encode({}, "x" * 32, "HS256")
    bearer = request(b"/a")._replace(headers=[(b"authorization", f"Bearer {token}".encode())])
    await made.aclose()

    finished = await made.callback(back._replace(headers=[*back.headers, (b"cookie", cookie)]), ARRIVAL)
    checked = await made.authenticator(TOKEN).authenticate(bearer, ARRIVAL)

    assert finished
    assert (finished.response.status, finished.error_reason) == (500, "AuthTokenEpRequestTimeout")
    assert isinstance(checked, AuthenticationAnswer)
    assert checked.response.status == 562
