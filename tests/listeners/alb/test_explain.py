"""Explanations name the rule that matched and why each one before it did not."""

import pytest

from gateway.config.rules import FixedResponse
from gateway.listeners.alb.explain import RuleTried, explain
from gateway.listeners.alb.rules import compile_rules
from gateway.types import Json
from tests.listeners.alb.stacks import alb, request, rule
from tests.listeners.alb.test_rules import Draw

ASKED: dict[str, Json] = {"path": "/two", "query": "v=1", "headers": [["Host", "a.com:80"], ["X-Env", "prod"]]}


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ({"field": "path-pattern", "values": ["/one/*", "/x"]}, "path-pattern: '/two' matches none of '/one/*', '/x'"),
        (
            {"field": "path-pattern", "regex_values": ["^/o"]},
            "path-pattern: '/two' matches none of the regular expressions '^/o'",
        ),
        ({"field": "host-header", "values": ["b.com"]}, "host-header: 'a.com' matches none of 'b.com'"),
        (
            {"field": "http-header", "http_header_name": "X-Env", "values": ["dev"]},
            "http-header: X-Env 'prod' matches none of 'dev'",
        ),
        (
            {"field": "http-header", "http_header_name": "Accept", "values": ["dev"]},
            "http-header: there is no Accept",
        ),
        (
            {"field": "http-request-method", "values": ["PUT", "POST"]},
            "http-request-method: 'GET' is not 'PUT' or 'POST'",
        ),
        (
            {"field": "query-string", "values": [{"key": "v", "value": "2"}, {"value": "x*"}]},
            "query-string: 'v=1' has none of 'v=2', 'x*'",
        ),
        ({"field": "source-ip", "values": ["10.0.0.0/8"]}, "source-ip: 192.0.2.1 is not in 10.0.0.0/8"),
    ],
)
def test_reason(condition: Json, reason: str) -> None:
    """The reason says what the condition wanted and what the request had."""
    explanation = explain(alb([rule(condition)]), request(ASKED))

    assert explanation.tried == (RuleTried(1, 0, matched=False, reason=reason),)
    assert explanation.rule is None
    assert explanation.actions == (FixedResponse(404),)


def test_rules_stand_in_the_order_they_were_tried() -> None:
    """Rules are listed by priority up to the one that matched."""
    rules = [
        rule({"field": "path-pattern", "values": ["*"]}, priority=30),
        rule({"field": "path-pattern", "values": ["/two"]}, priority=20),
        rule({"field": "path-pattern", "values": ["/one"]}, priority=10),
    ]
    explanation = explain(alb(rules), request(ASKED))

    assert [(it.priority, it.place, it.matched) for it in explanation.tried] == [(10, 2, False), (20, 1, True)]
    assert explanation.actions == (FixedResponse(200),)


def test_transformed_url() -> None:
    """The URL is the one that the target gets."""
    transform: Json = {"type": "url-rewrite", "rewrites": [{"regex": "^/two", "replace": "/2"}]}
    explanation = explain(
        alb([rule({"field": "path-pattern", "values": ["*"]}, transforms=[transform])]), request(ASKED)
    )

    assert explanation.url == "http://a.com:80/2?v=1"


def test_failing_transform() -> None:
    """A transform that fails is told with its reason."""
    transform: Json = {"type": "url-rewrite", "rewrites": [{"regex": "^.*$", "replace": "x"}]}
    explanation = explain(
        alb([rule({"field": "path-pattern", "values": ["*"]}, transforms=[transform])]), request(ASKED)
    )

    assert explanation.transform_error == "url-rewrite: b'x' is not a path with a query"


def test_explains_what_happens() -> None:
    """The explanation and the rule table never disagree."""
    draw = Draw(99)
    for _ in range(300):
        listener, asked = alb(), draw.request()
        listener = type(listener)(80, listener.default_actions, {}, rules=draw.rules())
        explained = explain(listener, asked)

        assert (explained.rule.priority if explained.rule else 0) == compile_rules(listener).match(asked).priority
