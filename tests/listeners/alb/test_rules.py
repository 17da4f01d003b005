"""Which rule decides: AWS's words, and an independent slow model that must always agree."""

import random
from collections.abc import Iterator, Sequence

import pytest

from gateway.config import conditions as kinds
from gateway.config.authentication import JwtValidation
from gateway.config.conditions import ConditionSettings
from gateway.config.rules import FixedResponse, RuleSettings
from gateway.config.settings import AlbSettings
from gateway.listeners.alb import rule_index
from gateway.listeners.alb.rules import compile_rules, only_group
from gateway.translation.messages import Request
from gateway.types import Json
from tests.listeners.alb.slow_model import decided
from tests.listeners.alb.stacks import NOT_FOUND, alb, listed, request, rows, rule

EVALUATIONS = [
    pytest.param(row, *listed(pair), id=f"{number}-{place}")
    for number, row in enumerate(rows("evaluation"))
    for place, pair in enumerate(listed(row["expect"]))
]


@pytest.mark.parametrize(("row", "given", "priority"), EVALUATIONS)
def test_evaluation(row: dict[str, Json], given: dict[str, Json], priority: int) -> None:
    """The first rule by priority whose conditions all hold decides."""
    rules = row["rules"]
    assert isinstance(rules, list)

    assert compile_rules(alb(rules)).match(request(given)).priority == priority, row["why"]


def test_same_priority_keeps_the_order_of_the_file() -> None:
    """Two rules of one priority, which AWS would refuse, are tried as they stand."""
    anything: Json = {"field": "path-pattern", "values": ["*"]}

    assert compile_rules(alb([rule(anything), rule(anything)])).match(request({})).place == 0


def test_authentication_stands_before_the_action() -> None:
    """A rule carries what must be passed first, and the action apart from it."""
    check: Json = {"type": "jwt-validation", "jwks_endpoint": "https://id.example.com/keys", "issuer": "me"}
    actions: Json = [check, {"type": "fixed-response", "status_code": 200}]
    listener = alb([rule({"field": "path-pattern", "values": ["*"]}, actions=actions)], protocol="HTTPS")
    matched = compile_rules(listener).match(request({}))

    assert isinstance(matched.authentication, JwtValidation)
    assert matched.action == compile_rules(alb([rule({"field": "path-pattern", "values": ["*"]})])).rules[0].action


def forward(*groups: Json, **keys: Json) -> list[Json]:
    """A forward action alone."""
    return [{"type": "forward", "target_groups": list(groups), **keys}]


ONE: Json = {"target_group": "one"}
TWO: Json = {"target_group": "two"}
CHECK: Json = {"type": "jwt-validation", "jwks_endpoint": "https://id.example.com/keys", "issuer": "me"}


@pytest.mark.parametrize(
    ("rules", "actions", "name"),
    [
        ([], forward(ONE), "one"),
        ([], forward({"target_group": "one", "weight": 7}), "one"),
        ([], forward({"target_group": "one", "weight": 0}), None),
        ([], forward(ONE, TWO), None),
        ([], forward(ONE, target_group_stickiness_config={"enabled": True, "duration_seconds": 60}), None),
        ([], [CHECK, *forward(ONE)], None),
        ([], NOT_FOUND, None),
        ([rule({"field": "path-pattern", "values": ["/a"]})], forward(ONE), None),
    ],
)
def test_only_group(rules: list[Json], actions: Json, name: str | None) -> None:
    """A target group gets every request when nothing is left to decide."""
    listener = alb(rules, groups=["one", "two"], default_actions=actions, protocol="HTTPS")

    assert only_group(compile_rules(listener)) == name


WORDS = ("a", "A", "b", "ab", "ba", "aB", "")
REGEXES = ("^/a", "a$", "^/(a|b)/", "[A-Z]", ".+", "^a*b?$", "b.a")


class Draw:
    """Small random rules and requests: few letters, so that much collides."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def some(self, choices: Sequence[str], most: int) -> list[str]:
        """One to ``most`` of the choices."""
        return self.random.choices(choices, k=self.random.randint(1, most))

    def pattern(self, separator: str, *, escapes: bool = False) -> str:
        """Words, separators and wildcards."""
        pieces = (*WORDS, separator, separator, "*", "*", "?", *(("\\*", "\\?", "\\") if escapes else ()))
        return "".join(self.some(pieces, 5)) or "*"

    def path(self) -> str:
        """A path of a few words."""
        return "/" + "/".join(self.some((*WORDS, "%2F", "a.b"), 3))

    def condition(self) -> ConditionSettings:
        """Any condition."""
        regexes = tuple(self.some(REGEXES, 2)) if self.random.random() < 0.2 else ()
        match self.random.randrange(7):
            case 0 | 1:
                values = tuple(
                    "/" + self.pattern("/") if self.random.random() < 0.8 else self.pattern("/") for _ in "ab"
                )
                return kinds.PathPattern((), regexes) if regexes else kinds.PathPattern(values)
            case 2:
                values = (self.pattern("."), self.pattern("."))
                return kinds.HostHeader((), regexes) if regexes else kinds.HostHeader(values)
            case 3:
                name = self.random.choice(("X-Env", "x-other"))
                values = (self.pattern("-"),)
                return kinds.HttpHeader(() if regexes else values, regexes, http_header_name=name)
            case 4:
                return kinds.HttpRequestMethod(tuple(self.some(("GET", "POST", "PUT"), 2)))
            case 5:
                return kinds.QueryString(tuple(self.pair() for _ in self.some(WORDS, 2)))
            case _:
                return kinds.SourceIp(tuple(self.some(("10.0.0.0/8", "10.1.0.0/16", "192.0.2.1/32", "::/0"), 2)))

    def pair(self) -> kinds.QueryStringPair:
        """A pair with or without a key."""
        key = self.pattern("-", escapes=True) if self.random.random() < 0.5 else None
        return kinds.QueryStringPair(self.pattern("-", escapes=True), key=key)

    def rules(self) -> tuple[RuleSettings, ...]:
        """One to eight rules of different priorities."""
        priorities = self.random.sample(range(1, 50000), self.random.randint(1, 8))
        return tuple(
            RuleSettings(priority, tuple(self.condition() for _ in range(self.random.choice((1, 1, 2, 3)))), DEFAULT)
            for priority in priorities
        )

    def request(self) -> Request:
        """Any request."""
        query = "&".join(f"{it}={self.random.choice((*WORDS, 'a*', '?', 'a-b'))}" for it in self.some(WORDS, 3))
        headers = [("Host", ".".join(self.some(WORDS, 3)) + self.random.choice(("", ":80")))]
        headers += [(name, "-".join(self.some(WORDS, 2))) for name in self.some(("x-env", "X-Other", "X-ENV"), 3)]
        return Request(
            method=self.random.choice(("GET", "POST", "get")),
            raw_path=self.path().encode(),
            raw_query=self.random.choice((query, query, "", "a", "a&&b")).encode(),
            headers=[(name.encode(), value.encode()) for name, value in headers],
            body=b"",
            client=(self.random.choice(("10.0.0.1", "10.1.0.1", "192.0.2.1", "::1")), 1),
            server=("127.0.0.1", 80),
        )


DEFAULT = (FixedResponse(404),)
SLICES = 10
RULE_SETS = 400
REQUESTS = 25


def disagreements(draw: Draw) -> Iterator[tuple[tuple[RuleSettings, ...], Request]]:
    """Rule sets and requests about which the compiled rules and the slow model disagree."""
    for _ in range(RULE_SETS):
        rules = draw.rules()
        table = compile_rules(AlbSettings(80, DEFAULT, {}, rules=rules))
        for _ in range(REQUESTS):
            asked = draw.request()
            if table.match(asked).priority != decided(rules, asked):
                yield rules, asked


@pytest.mark.parametrize("seed", range(SLICES))
def test_agrees_with_the_slow_model(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 100,000 random pairs of a rule set and a request none is decided differently, half of them by indexes."""
    monkeypatch.setattr(rule_index, "WORTH", 1 if seed % 2 else 9)

    assert list(disagreements(Draw(seed))) == []


def test_the_slow_model_is_asked_about_everything() -> None:
    """The random pairs reach default and rules alike: neither side wins by saying always the same."""
    draw = Draw(0)
    decisions = [decided(draw.rules(), draw.request()) for _ in range(2000)]

    assert 0.2 < sum(decision == 0 for decision in decisions) / len(decisions) < 0.8


def test_unchecked_actions_are_refused() -> None:
    """Settings made in code without a routing action at the end are a programming error."""
    with pytest.raises(TypeError, match="one routing action must come last"):
        compile_rules(AlbSettings(80, (JwtValidation("https://a/k", "a"),), {}))
