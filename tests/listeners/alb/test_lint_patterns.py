"""Patterns that AWS refuses, and patterns that nothing can match."""

import pytest

from gateway.config.conditions import (
    ConditionSettings,
    HostHeader,
    HttpHeader,
    HttpRequestMethod,
    PathPattern,
    QueryString,
    QueryStringPair,
)
from gateway.listeners.alb.lint_patterns import pattern_findings


@pytest.mark.parametrize(
    "condition",
    [
        PathPattern(("/img/*/pics", "*.html", "?a", "/_-.$/~\"'@:+&")),
        PathPattern((), ("^/api/(.*)$", "api", "^\\/api", "^(/a|/b)")),
        HostHeader(("*.example.com", "EXAMPLE.Com", "a-1?.b.org")),
        HostHeader((), ("^a",)),
        HttpHeader(("a b", "*", "~"), http_header_name="X"),
        QueryString((QueryStringPair("a=b", key="k"), QueryStringPair("\\*%20"))),
        HttpRequestMethod(("GET",)),
    ],
)
def test_nothing_to_say(condition: ConditionSettings) -> None:
    """Patterns that AWS takes have no findings."""
    assert list(pattern_findings(condition)) == []


@pytest.mark.parametrize(
    ("condition", "key", "message"),
    [
        (PathPattern(("img/*",)), "values[0]", "'img/*': can never match: a path begins with /"),
        (PathPattern(("/", "/a%20b")), "values[1]", "'/a%20b': has '%', which AWS does not allow"),
        (PathPattern(("/a b#",)), "values[0]", "'/a b#': has ' ', '#', which AWS does not allow"),
        (
            PathPattern((), ("^api",)),
            "regex_values[0]",
            "'^api': can never match: what it is compared with begins with /",
        ),
        (
            HostHeader(("a.com:80",)),
            "values[0]",
            "'a.com:80': can never match: the host is compared without scheme, port and path",
        ),
        (HostHeader(("localhost",)), "values[0]", "'localhost': has no dot with only letters behind it"),
        (HostHeader(("10.0.0.1",)), "values[0]", "'10.0.0.1': has no dot with only letters behind it"),
        (HostHeader(("a_b.com",)), "values[0]", "'a_b.com': has '_', which AWS does not allow"),
        (HttpHeader(("é",), http_header_name="X"), "values[0]", "'é': has 'é', which AWS does not allow"),
        (
            HttpHeader((" a",), http_header_name="X"),
            "values[0]",
            "' a': can never match: spaces around a header's value are removed",
        ),
        (
            QueryString((QueryStringPair("a&b"),)),
            "values[0].value",
            "'a&b': can never match: & separates parts of the URL; write %26",
        ),
        (
            QueryString((QueryStringPair("a", key="k=v"),)),
            "values[0].key",
            "'k=v': can never match: = separates parts of the URL; write %3D",
        ),
        (
            QueryString((QueryStringPair("a b"),)),
            "values[0].value",
            "'a b': can never match: such characters stand percent-encoded in a URL",
        ),
    ],
)
def test_finding(condition: ConditionSettings, key: str, message: str) -> None:
    """A finding names the pattern and what is the matter with it."""
    assert [(found[0], found[1]) for found in pattern_findings(condition)] == [(key, message)]


@pytest.mark.parametrize(
    "condition",
    [
        PathPattern(("/" + "a" * 128,)),
        HostHeader(("a" * 125 + ".com",)),
        HttpHeader(("a" * 129,), http_header_name="X"),
        PathPattern((), ("/" + "a" * 128,)),
    ],
)
def test_length(condition: ConditionSettings) -> None:
    """Patterns have 128 characters at most."""
    ((_, message, limit),) = pattern_findings(condition)

    assert (message.split()[-2:], limit) == (["129", "characters"], "128 characters")
