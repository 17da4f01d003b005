"""Which combinations of actions, transforms and conditions an ALB listener's model takes."""

import ssl

import pytest
from pydantic import ValidationError

from gateway.config.listeners.alb import AlbModel, RuleModel
from gateway.types import Json

ANSWER: Json = {"type": "fixed-response", "status_code": 200}
TOKEN: Json = {"type": "jwt-validation", "jwks_endpoint": "https://a/keys", "issuer": "a"}
HEADER: Json = {"field": "http-header", "http_header_name": "A", "values": ["b"]}
PATH: Json = {"field": "path-pattern", "values": ["/"]}


@pytest.mark.parametrize(
    ("actions", "taken"),
    [
        ([ANSWER], True),
        ([TOKEN, ANSWER], True),
        ([ANSWER, TOKEN], False),
        ([TOKEN, TOKEN, ANSWER], False),
        ([TOKEN], False),
        ([], False),
    ],
)
def test_actions(actions: Json, *, taken: bool) -> None:
    """One routing action comes last, at most one other before it."""
    try:
        AlbModel.model_validate({"type": "alb", "port": 1, "default_actions": actions})
    except ValidationError:
        assert not taken
    else:
        assert taken


KEY_EXCHANGE: Json = {
    "type": "alb",
    "port": 1,
    "default_actions": [ANSWER],
    "attributes": {"routing.http.x_amzn_tls_kx.enabled": True},
}


def test_key_exchange_that_python_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """The header can be switched on where there is something to write into it."""
    monkeypatch.setattr(ssl.SSLObject, "group", lambda _: "x25519", raising=False)

    AlbModel.model_validate(KEY_EXCHANGE)


def test_key_exchange_that_python_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A header that could never be written is refused, with the reason."""
    monkeypatch.delattr(ssl.SSLObject, "group", raising=False)
    with pytest.raises(ValidationError, match=r"x_amzn_tls_kx\.enabled: found true, .* allowed here: false"):
        AlbModel.model_validate(KEY_EXCHANGE)


@pytest.mark.parametrize(
    ("conditions", "taken"), [([HEADER, HEADER], True), ([PATH, HEADER], True), ([PATH, PATH], False)]
)
def test_conditions(conditions: Json, *, taken: bool) -> None:
    """http-header and query-string may stand several times in a rule, the others once."""
    try:
        RuleModel.model_validate({"priority": 1, "conditions": conditions, "actions": [ANSWER]})
    except ValidationError:
        assert not taken
    else:
        assert taken
