"""Weights, and the cookies that keep a client with a target group."""

import base64
import random
import urllib.parse

import pytest

from gateway.listeners.alb.actions import ForwardAction, WeightedGroup
from gateway.listeners.alb.stickiness import StickinessCookieInvalid, choose, sticky_cookies, sticky_group
from gateway.translation.messages import Request
from tests.listeners.alb.stacks import request

NOW = 1609316836000
KEY = b"secret"
ACTION = ForwardAction((WeightedGroup("one", 9), WeightedGroup("two", 1), WeightedGroup("three", 0)), 60)


def asking_with(cookie: str) -> Request:
    """A request with a Cookie line."""
    return request({"headers": [["Host", "a.com"], ["Cookie", cookie]]})


def value_for(name: str, key: bytes = KEY) -> str:
    """The value of a cookie that was just set."""
    line = sticky_cookies(ACTION, name, key, NOW)[0][1].decode()
    return line.removeprefix("AWSALBTG=").split(";")[0]


@pytest.mark.parametrize(
    ("weights", "draw", "expected"),
    [
        ((1,), 0.999, "0"),
        ((9, 1), 0.0, "0"),
        ((9, 1), 0.8999, "0"),
        ((9, 1), 0.9, "1"),
        ((0, 1), 0.0, "1"),
        ((1, 0), 0.9999999, "0"),
        ((999, 999, 999, 999, 999), 0.99999, "4"),
        ((0,), 0.5, None),
        ((0, 0), 0.5, None),
    ],
)
def test_choose(weights: tuple[int, ...], draw: float, expected: str | None) -> None:
    """The draw falls on the groups as wide as their weights; weight 0 gets nothing."""
    groups = [WeightedGroup(str(place), weight) for place, weight in enumerate(weights)]

    assert choose(groups, draw) == expected


def test_shares_follow_the_weights() -> None:
    """Of many requests each group gets its share."""
    draws = random.Random(1)
    chosen = [choose(ACTION.groups, draws.random()) for _ in range(20_000)]

    assert set(chosen) == {"one", "two"}
    assert chosen.count("two") / len(chosen) == pytest.approx(0.1, abs=0.01)


def test_cookie_lines() -> None:
    """Both cookies carry one value and expire after seven days; the second is for other origins."""
    (name, plain), (_, cors) = sticky_cookies(ACTION, "one", KEY, NOW)
    value = value_for("one").encode()

    assert name == b"Set-Cookie"
    assert plain == b"AWSALBTG=" + value + b"; Expires=Wed, 06 Jan 2021 08:27:16 GMT; Path=/"
    assert cors == (
        b"AWSALBTGCORS=" + value + b"; Expires=Wed, 06 Jan 2021 08:27:16 GMT; Path=/; SameSite=None; Secure"
    )


@pytest.mark.parametrize("cookie", ["AWSALBTG={}", "a=b; AWSALBTG={}; c=d", "AWSALBTGCORS={}"])
def test_cookie_is_obeyed(cookie: str) -> None:
    """A client that shows its cookie gets its group again, even one of weight 0."""
    assert sticky_group(ACTION, asking_with(cookie.format(value_for("three"))), KEY, NOW) == "three"


def test_cookie_among_several_lines() -> None:
    """Cookies may stand on several lines."""
    lines = request({"headers": [["Cookie", "a=b"], ["cookie", f"AWSALBTG={value_for('two')}"]]})

    assert sticky_group(ACTION, lines, KEY, NOW) == "two"


def test_no_cookie() -> None:
    """Without a cookie there is no group yet."""
    assert sticky_group(ACTION, request({}), KEY, NOW) is None


@pytest.mark.parametrize(("after_ms", "expected"), [(59_999, "one"), (60_000, None)])
def test_duration(after_ms: int, expected: str | None) -> None:
    """The duration of the action counts, not the cookie's own seven days."""
    assert sticky_group(ACTION, asking_with(f"AWSALBTG={value_for('one')}"), KEY, NOW + after_ms) == expected


def test_group_that_left_the_rule() -> None:
    """A cookie for a group that the rule no longer has is as none."""
    assert sticky_group(ACTION, asking_with(f"AWSALBTG={value_for('gone')}"), KEY, NOW) is None


@pytest.mark.parametrize(
    "value",
    [
        urllib.parse.quote(value_for("three"), safe=""),
        value_for("one", b"other key"),
        base64.b64encode(b"short").decode(),
        "",
        "é",
    ],
)
def test_invalid_cookie(value: str) -> None:
    """A value that was URL-encoded, forged or cut fails the request."""
    with pytest.raises(StickinessCookieInvalid):
        sticky_group(ACTION, asking_with(f"AWSALBTG={value}"), KEY, NOW)
