"""Policy documents, judged as IAM does."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translation.iam_policy import BadPolicy, Decision, evaluate, matches
from gateway.types import Json

ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/GET/pets/7"


def _statement(effect: str, resource: Json, **more: Json) -> dict[str, Json]:
    return {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource, **more}


def _decide(*statements: Json) -> Decision:
    document: Json = {"Version": "2012-10-17", "Statement": list(statements)}
    return evaluate(document, "execute-api:Invoke", ARN, {"aws:sourceip": "192.0.2.1"})


@pytest.mark.parametrize(
    ("statements", "decision"),
    [
        ([_statement("Allow", "*")], Decision.ALLOW),
        ([_statement("Allow", ARN)], Decision.ALLOW),
        ([_statement("Allow", "arn:aws:execute-api:*:*:abcdef1234/*/GET/pets/?")], Decision.ALLOW),
        ([_statement("Allow", [f"{ARN}8", ARN])], Decision.ALLOW),
        ([_statement("Allow", "arn:aws:execute-api:*:*:abcdef1234/*/POST/*")], Decision.IMPLICIT_DENY),
        ([_statement("Allow", "*"), _statement("Deny", "*/GET/*")], Decision.EXPLICIT_DENY),
        ([_statement("Deny", "*/POST/*")], Decision.IMPLICIT_DENY),
        ([_statement("Allow", "*", Action="execute-api:*")], Decision.ALLOW),
        ([_statement("Allow", "*", Action="EXECUTE-API:invoke")], Decision.ALLOW),
        ([_statement("Allow", "*", Action="s3:*")], Decision.IMPLICIT_DENY),
        ([{"Effect": "Allow", "NotAction": "s3:*", "NotResource": "*/POST/*"}], Decision.ALLOW),
        ([{"Effect": "Allow", "NotAction": "execute-api:*", "Resource": "*"}], Decision.IMPLICIT_DENY),
        ([_statement("Allow", "*", Condition={"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}})], Decision.ALLOW),
        (
            [_statement("Allow", "*", Condition={"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}})],
            Decision.IMPLICIT_DENY,
        ),
        ([_statement("Allow", "*", Condition={"StringLike": {"aws:SourceIp": "192.0.*"}})], Decision.ALLOW),
        ([_statement("Allow", "*", Condition={"StringEquals": {"aws:Other": "x"}})], Decision.IMPLICIT_DENY),
        (
            [_statement("Allow", "*", Condition={"StringEqualsIgnoreCase": {"aws:SourceIp": "192.0.2.1"}})],
            Decision.ALLOW,
        ),
        ([], Decision.IMPLICIT_DENY),
    ],
)
def test_decision(statements: list[Json], decision: Decision) -> None:
    """A matching Deny wins; nothing matching is an implicit deny."""
    assert _decide(*statements) is decision


def test_one_statement_without_a_list() -> None:
    """IAM takes a single statement for a list of one."""
    assert evaluate({"Statement": _statement("Allow", "*")}, "execute-api:Invoke", ARN, {}) is Decision.ALLOW


@pytest.mark.parametrize(
    "document",
    [
        None,
        "Allow",
        {},
        {"Statement": ["Allow"]},
        {"Statement": [_statement("Allow|Deny", "*")]},
        {"Statement": [_statement("Allow", 7)]},
        {"Statement": [_statement("Allow", "*", Condition=7)]},
        {"Statement": [_statement("Allow", "*", Condition={"DateLessThan": {"aws:CurrentTime": "x"}})]},
        {"Statement": [_statement("Allow", "*", Condition={"IpAddress": {"aws:SourceIp": "no network"}})]},
    ],
)
def test_no_policy(document: Json) -> None:
    """What is no policy, or cannot be judged here, is an error and never an Allow."""
    with pytest.raises(BadPolicy):
        evaluate(document, "execute-api:Invoke", ARN, {"aws:sourceip": "192.0.2.1"})


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("*", "", True),
        ("a*b*c", "axxbyyc", True),
        ("a*b*c", "axxbyy", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("*a", "baa", True),
        ("a[b]", "a[b]", True),
        ("a**", "a", True),
    ],
)
def test_matches(pattern: str, text: str, expected: bool) -> None:
    """Stars and question marks, and nothing else, are special."""
    assert matches(pattern, text) is expected


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_matches_like_a_shell_pattern(pattern: str, text: str) -> None:
    """However it is found out, stars and question marks mean what they always mean."""
    assert matches(pattern, text) == fnmatch.fnmatchcase(text, pattern)


@pytest.mark.parametrize("pattern", ["*" + "a" * 2**10 + "b", "*a*a*a*b*", "*a?*a*b"])
def test_matches_in_one_pass(pattern: str) -> None:
    """The path of a request may be long: what each star takes is not tried again."""
    assert not matches(pattern, "a" * 2**20)


@given(st.text("ab", max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_a_star_stands_for_any_part(text: str, start: int, end: int) -> None:
    """Whatever part of a text is replaced by a star, the pattern matches the text."""
    assert matches(text[:start] + "*" + text[max(start, end) :], text)
