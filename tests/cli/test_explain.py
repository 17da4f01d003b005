"""``gateway explain``."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import gateway
from gateway.errors import UsageError

FILE = """
[functions.one]
handler = "app.handler"
[target_groups.one]
function = "one"
attributes = { "lambda.multi_value_headers.enabled" = true }
[[listeners]]
type = "alb"
port = 8011
default_actions = [{ type = "fixed-response", status_code = 404, message_body = "none" }]
[[listeners.rules]]
priority = 10
conditions = [{ field = "path-pattern", values = ["/one/*"] }]
actions = [{ type = "forward", target_groups = [{ target_group = "one" }] }]
[[listeners.rules]]
priority = 20
conditions = [{ field = "http-header", http_header_name = "X-Env", values = ["dev"] }]
actions = [{ type = "redirect", host = "new.example.com", status_code = "HTTP_301" }]
transforms = [{ type = "url-rewrite", rewrites = [{ regex = "^/b", replace = "/c" }] }]
[[listeners]]
type = "function_url"
port = 8012
function = "one"
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A configuration file."""
    path = tmp_path / "gateway.toml"
    path.write_text(FILE)
    return str(path)


def explained(*arguments: str) -> list[str]:
    """The lines that the command prints."""
    result = CliRunner().invoke(gateway, ["explain", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output.splitlines()


def test_tells_the_rule_and_the_event(file: str) -> None:
    """A request that is forwarded: the rule, the target group and the event in its mode."""
    lines = explained(file, "POST", "/one/x?y=1", "-H", "Content-Type: text/plain", "-d", "hi")

    assert lines[:4] == [
        "rule 10 (rules[0]): matches",
        "action: forward to one (weight 1)",
        "url: http://gateway.test/one/x?y=1",
        "event for one:",
    ]
    assert '  "body": "hi",' in lines
    assert '  "multiValueHeaders": {' in lines


def test_tells_why_rules_before_did_not_match(file: str) -> None:
    """Each rule that was passed by is there with its reason, and the URL is the rewritten one."""
    lines = explained(file, "GET", "/b", "-H", "X-Env: DEV")

    assert lines == [
        "rule 10 (rules[0]): path-pattern: '/b' matches none of '/one/*'",
        "rule 20 (rules[1]): matches",
        "action: redirect, HTTP_301: #{protocol}://new.example.com:#{port}/#{path}?#{query}",
        "url: http://gateway.test/c",
    ]


def test_tells_the_default(file: str) -> None:
    """When no rule matches, the default actions are told."""
    lines = explained(file, "GET", "/zzz")

    assert lines[2:4] == ["no rule matches: the default actions", "action: fixed-response, 404 text/plain: none"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--listener", "2"], "--listener 2: the file has 2 listeners, counted from 0"),
        (["--listener", "1"], "--listener 1: it is a function_url, and only load balancers have rules"),
        (["-H", "nonsense"], "-H 'nonsense': write NAME: VALUE"),
    ],
)
def test_refuses(file: str, arguments: list[str], message: str) -> None:
    """What cannot be explained is told."""
    with pytest.raises(UsageError) as caught:
        CliRunner().invoke(gateway, ["explain", file, "GET", "/", *arguments], catch_exceptions=False)

    assert str(caught.value) == message


def test_tells_no_value_of_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule and an answer that hold one are told as the file has them."""
    path = tmp_path / "gateway.toml"
    text = FILE.replace('values = ["dev"]', 'values = ["${EDGE}"]').replace('"none"', '"${EDGE}"')
    path.write_text(text)
    monkeypatch.setenv("EDGE", "opensesame")
    lines = explained(str(path), "GET", "/")

    assert not [line for line in lines if "opensesame" in line]
    assert "action: fixed-response, 404 text/plain: ${EDGE}" in lines
