"""Cookies that keep a client with one server."""

import re

import pytest

from gateway.config.attributes import TARGET_GROUP, defaults
from gateway.listeners.alb.target_stickiness import TargetStickiness, target_stickiness
from gateway.translation.messages import Request

NOW = 1_700_000_000_000
KEY = b"k" * 32
ONE = "http://127.0.0.1:1"
EXPIRES = "Expires=Tue, 21 Nov 2023 22:13:20 GMT; Path=/"


def stickiness(group: str = "g", key: bytes = KEY, **attributes: bool | str) -> TargetStickiness:
    """Stickiness of a group with these attributes, dots written as underscores."""
    given = {f"stickiness.{name}": value for name, value in attributes.items()}
    names = {"stickiness.cookie_name": "stickiness.app_cookie.cookie_name"}
    renamed = {names.get(name, name): value for name, value in given.items()}
    made = target_stickiness({**defaults(TARGET_GROUP), "stickiness.enabled": True, **renamed}, group, key)
    assert made
    return made


def with_cookies(*pairs: str) -> Request:
    """A request with these cookies."""
    lines = [(b"Cookie", "; ".join(pairs).encode())] if pairs else []
    return Request("GET", b"/", b"", lines, b"", ("192.0.2.1", 1), ("127.0.0.1", 80))


def set_by(sticky: TargetStickiness, request: Request, *answered: bytes) -> list[str]:
    """The cookies that an answer of `ONE` gets."""
    lines = [(b"set-cookie", value) for value in answered]
    return [value.decode() for _, value in sticky.cookies(request, lines, ONE, NOW)]


def test_without_the_attribute_there_is_none() -> None:
    """Stickiness is off by default."""
    assert target_stickiness(defaults(TARGET_GROUP), "g", KEY) is None


def test_every_answer_sets_both_cookies() -> None:
    """They expire after seven days whatever the duration."""
    first, second = set_by(stickiness(), with_cookies())
    value = re.fullmatch(rf"AWSALB=([A-Za-z0-9+/=]+); {EXPIRES}", first)
    assert value
    assert second == f"AWSALBCORS={value[1]}; {EXPIRES}; SameSite=None; Secure"


@pytest.mark.parametrize("number", [0, 1])
def test_either_cookie_leads_back(number: int) -> None:
    """A browser may send only one of them."""
    sticky = stickiness()
    pair = set_by(sticky, with_cookies())[number].split(";")[0]
    assert sticky.target(with_cookies("a=b", pair), NOW) == ONE


def test_a_cookie_is_good_for_its_time_its_group_and_its_load_balancer() -> None:
    """Anything else is passed over."""
    pair = set_by(stickiness(), with_cookies())[0].split(";")[0]
    day = 86_400_000
    assert stickiness().target(with_cookies(pair), NOW + day - 1) == ONE
    assert stickiness().target(with_cookies(pair), NOW + day) is None
    assert stickiness("other").target(with_cookies(pair), NOW) is None
    assert stickiness(key=b"x" * 32).target(with_cookies(pair), NOW) is None
    assert stickiness().target(with_cookies("AWSALB=no%20base64"), NOW) is None
    assert stickiness().target(with_cookies(), NOW) is None


def app() -> TargetStickiness:
    """Stickiness by the cookie ``session`` of the server."""
    return stickiness(type="app_cookie", cookie_name="session")


def test_the_servers_cookie_makes_the_load_balancers() -> None:
    """The other three have nothing to say."""
    cookies = set_by(app(), with_cookies(), b"session=1; Path=/")
    assert [cookie.split("=")[0] for cookie in cookies] == [f"AWSALBAPP-{number}" for number in range(4)]
    assert cookies[1:] == [f"AWSALBAPP-{number}=_remove_; {EXPIRES}" for number in (1, 2, 3)]
    pair = cookies[0].split(";")[0]
    assert app().target(with_cookies(pair), NOW) == ONE
    assert set_by(app(), with_cookies(pair)) == []


@pytest.mark.parametrize("answered", [[], [b"sessions=1"], [b"other=session=1"]])
def test_without_the_servers_cookie_all_are_removed(answered: list[bytes]) -> None:
    """As real answers show."""
    expected = [f"AWSALBAPP-{number}=_remove_; {EXPIRES}" for number in range(4)]
    assert set_by(app(), with_cookies("AWSALBAPP-0=_remove_"), *answered) == expected
