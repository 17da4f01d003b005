"""Which conditions take everything that another one matches."""

import pytest

from gateway.config.conditions import (
    ConditionSettings,
    HostHeader,
    HttpHeader,
    HttpRequestMethod,
    PathPattern,
    QueryString,
    QueryStringPair,
    SourceIp,
)
from gateway.listeners.alb.coverage import condition_covers, rule_covers

PATH_A = PathPattern(("/a/*",))
GET = HttpRequestMethod(("GET",))


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        (PATH_A, PathPattern(("/a/b", "/a/c*")), True),
        (PATH_A, PathPattern(("/a/b", "/b")), False),
        (PATH_A, PathPattern(("/A/b",)), False),
        (PATH_A, HostHeader(("/a/b",)), False),
        (PATH_A, PathPattern((), ("^/a/b$",)), False),
        (PathPattern((), ("x", "y")), PathPattern((), ("y",)), True),
        (HostHeader(("*.Example.com",)), HostHeader(("a.example.COM",)), True),
        (HttpHeader(("dev*",), http_header_name="X-A"), HttpHeader(("DEV1",), http_header_name="x-a"), True),
        (HttpHeader(("dev*",), http_header_name="X-A"), HttpHeader(("dev1",), http_header_name="x-b"), False),
        (HttpRequestMethod(("GET", "POST")), GET, True),
        (GET, HttpRequestMethod(("GET", "POST")), False),
        (QueryString((QueryStringPair("*"),)), QueryString((QueryStringPair("1", key="a"),)), True),
        (QueryString((QueryStringPair("1", key="A"),)), QueryString((QueryStringPair("1", key="a"),)), True),
        (QueryString((QueryStringPair("1", key="a"),)), QueryString((QueryStringPair("1"),)), False),
        (SourceIp(("10.0.0.0/8",)), SourceIp(("10.1.0.0/16",)), True),
        (SourceIp(("10.1.0.0/16",)), SourceIp(("10.0.0.0/8",)), False),
        (SourceIp(("::/0",)), SourceIp(("10.0.0.0/8",)), False),
    ],
)
def test_condition(wide: ConditionSettings, narrow: ConditionSettings, *, expected: bool) -> None:
    """Each of the narrow condition's alternatives must be within one of the wide one's."""
    assert condition_covers(wide, narrow) == expected


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ([PATH_A], [PathPattern(("/a/b",)), GET], True),
        ([PATH_A, GET], [PathPattern(("/a/b",))], False),
        ([PathPattern(("/*",))], [GET], True),
        ([HostHeader(("*",))], [GET], True),
        ([GET], [PATH_A], False),
    ],
)
def test_rule(wide: list[ConditionSettings], narrow: list[ConditionSettings], *, expected: bool) -> None:
    """A rule takes everything of another when each of its conditions holds whenever the other's do."""
    assert rule_covers(wide, narrow) == expected
