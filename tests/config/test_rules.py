"""Which combinations of actions, transforms and conditions a rule takes, and defaults of actions, as AWS has them."""

import pytest
from pydantic import ValidationError

from gateway.config.rules import Forward, Redirect, RuleSettings
from gateway.types import Json
from tests.config.reading import read

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
        read(RuleSettings, {"priority": 1, "conditions": [PATH], "actions": actions})
    except ValidationError:
        assert not taken
    else:
        assert taken


@pytest.mark.parametrize(
    ("conditions", "taken"), [([HEADER, HEADER], True), ([PATH, HEADER], True), ([PATH, PATH], False)]
)
def test_conditions(conditions: Json, *, taken: bool) -> None:
    """http-header and query-string may stand several times in a rule, the others once."""
    try:
        read(RuleSettings, {"priority": 1, "conditions": conditions, "actions": [ANSWER]})
    except ValidationError:
        assert not taken
    else:
        assert taken


def test_redirect_keeps_what_is_not_given() -> None:
    """The parts of a redirect stand for the request's own."""
    redirect = read(Redirect, {"type": "redirect", "status_code": "HTTP_302", "port": 8443})

    assert redirect == Redirect("HTTP_302", "#{protocol}", "#{host}", "8443", "/#{path}", "#{query}")


def test_a_redirect_changes_something() -> None:
    """One that leads to itself is refused; the query alone changes nothing."""
    with pytest.raises(ValidationError, match="leads to itself"):
        read(Redirect, {"type": "redirect", "status_code": "HTTP_302", "query": "a"})


@pytest.mark.parametrize("count", [0, 6])
def test_forward_has_one_to_five_groups(count: int) -> None:
    """A forward action names one to five target groups."""
    with pytest.raises(ValidationError):
        read(Forward, {"type": "forward", "target_groups": [{"target_group": "a"}] * count})
