"""Which rules the indexes leave: never one too few, and in the order of the priorities."""

import random
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import conditions as kinds
from gateway.config.conditions import ConditionSettings
from gateway.config.rules import FixedResponse, RuleSettings
from gateway.config.settings import AlbSettings
from gateway.listeners.alb import rule_index
from gateway.listeners.alb.conditions import fact_reader
from gateway.listeners.alb.rule_index import WORTH, index_rules
from gateway.listeners.alb.rules import compile_rules
from gateway.translation.messages import Request
from tests.listeners.alb.slow_model import decided, holds

ANSWER = (FixedResponse(404),)


def asked(path: str = "/", host: str = "", env: tuple[str, ...] = (), query: str = "", method: str = "GET") -> Request:
    """A request in the words that rules look at."""
    headers = [(b"Host", host.encode()), *((b"x-env", value.encode()) for value in env)]
    return Request(method, path.encode(), query.encode(), headers, b"", ("192.0.2.1", 1), ("127.0.0.1", 80))


def left(conditions: list[tuple[ConditionSettings, ...]], request: Request) -> list[int]:
    """The places of the rules that the indexes leave."""
    reader = fact_reader([condition for rule in conditions for condition in rule])
    facts = reader.read(request)
    found = (1 << len(conditions)) - 1
    for index in index_rules(conditions, reader):
        mask = index.others
        for text in index.texts(facts[index.fact]):
            mask |= index.rules.get(text, 0)
        found &= mask
    return [place for place in range(len(conditions)) if found >> place & 1]


HUNDRED = range(100)


@pytest.mark.parametrize(
    ("conditions", "request_"),
    [
        ([kinds.PathPattern((f"/p{n}",)) for n in HUNDRED], asked("/p7")),
        ([kinds.PathPattern((f"/p{n}/*",)) for n in HUNDRED], asked("/p7/x")),
        ([kinds.PathPattern((f"/api/p{n}/*",)) for n in HUNDRED], asked("/api/p7/x")),
        ([kinds.PathPattern((f"/p{n}/api/*",)) for n in HUNDRED], asked("/p7/api/x")),
        ([kinds.PathPattern((f"*/p{n}/*",)) for n in HUNDRED], asked("/a/b/p7/x")),
        ([kinds.PathPattern((f"*/p{n}",)) for n in HUNDRED], asked("/a/b/p7")),
        ([kinds.PathPattern((f"/no{n}", f"/p{n}/?")) for n in HUNDRED], asked("/p7/x")),
        ([kinds.HostHeader((f"H{n}.Example.com",)) for n in HUNDRED], asked(host="h7.eXample.com:8080")),
        ([kinds.HostHeader((f"*.d{n}.com",)) for n in HUNDRED], asked(host="a.b.d7.com")),
        ([kinds.HostHeader((f"h{n}", f"h{n}.*")) for n in HUNDRED], asked(host="h7")),
        (
            [kinds.HttpHeader((f"Dev {n}", f"no{n}"), http_header_name="X-Env") for n in HUNDRED],
            asked(env=("x", "dEV 7")),
        ),
        ([kinds.QueryString((kinds.QueryStringPair(f"V{n}"),)) for n in HUNDRED], asked(query="a=1&b=v7")),
        ([kinds.QueryString((kinds.QueryStringPair("*", key=f"k{n}"),)) for n in HUNDRED], asked(query="K7")),
    ],
)
def test_one_of_a_hundred_is_left(conditions: list[ConditionSettings], request_: Request) -> None:
    """Whatever tells rules apart spares the ninety-nine others."""
    assert left([(condition,) for condition in conditions], request_) == [7]


@pytest.mark.parametrize(
    "condition",
    [
        kinds.PathPattern(("*",)),
        kinds.PathPattern(("/a*",)),
        kinds.PathPattern(("/a/b", "/a*")),
        kinds.PathPattern((), ("^/no$",)),
        kinds.HostHeader(("*-a.com*", "?")),
        kinds.HttpHeader(("a", "b*"), http_header_name="X-Env"),
        kinds.HttpRequestMethod(("PUT",)),
        kinds.SourceIp(("10.0.0.0/8",)),
    ],
)
def test_what_can_not_be_looked_up_is_always_left(condition: ConditionSettings) -> None:
    """One value without a text of its own is enough: the rule stays where it is among the others."""
    others = [(kinds.PathPattern((f"/p{n}",)),) for n in range(2 * WORTH)]

    assert left([*others[:WORTH], (condition,), *others[WORTH:]], asked(f"/p{WORTH}")) == [WORTH, WORTH + 1]


def test_all_conditions_narrow() -> None:
    """A host and a path that are each shared by ten rules leave one."""
    rules = [
        (kinds.HostHeader((f"h{n % 10}.com",)), kinds.PathPattern((f"/p{n // 10}/*",)), kinds.HttpRequestMethod(("X",)))
        for n in HUNDRED
    ]

    assert left([tuple(rule) for rule in rules], asked("/p4/x", host="h2.com")) == [42]


def test_no_line_of_a_header_leaves_no_rule() -> None:
    """A rule that wants a header is not met without it."""
    rules = [(kinds.HttpHeader((f"dev{n}",), http_header_name="X-Env"),) for n in HUNDRED]

    assert left([tuple(rule) for rule in rules], asked()) == []


def test_few_rules_are_tried_as_they_are() -> None:
    """A lookup would cost more than it spares."""
    rules: list[tuple[ConditionSettings, ...]] = [(kinds.PathPattern((f"/p{n}",)),) for n in range(WORTH)]

    assert index_rules(rules[1:], fact_reader([])) == ()
    assert len(index_rules(rules, fact_reader([]))) == 1


# Few words, so that much collides; mostly without wildcards, since those are what indexes are about.  A few rules have
# indexes here, so that examples can be small.

WORDS = st.sampled_from(["a", "A", "b", "ab", ""])
WILD = st.sampled_from(["a", "B", "*", "?", "a*", "*b"])


def values(separator: str, start: str = "") -> st.SearchStrategy[tuple[str, ...]]:
    """One to three values of words between separators, with and without wildcards."""
    words = st.lists(WORDS, min_size=1, max_size=3) | st.lists(WILD, min_size=1, max_size=2)
    value = words.map(lambda parts: start + separator.join(parts))
    return st.lists(value, min_size=1, max_size=3).map(tuple)


def expressions(kind: type[kinds.PathPattern | kinds.HostHeader]) -> st.SearchStrategy[ConditionSettings]:
    """A condition with a regular expression."""
    return st.sampled_from(["^/a", "b$", "a.b", "^a", "^/a/b", "^/b/|a", "^A.b."]).map(lambda regex: kind((), (regex,)))


PAIRS = st.builds(kinds.QueryStringPair, WILD | WORDS, key=st.none() | WILD | WORDS)
CONDITIONS: st.SearchStrategy[ConditionSettings] = st.one_of(
    st.builds(kinds.PathPattern, values("/", "/")),
    st.builds(kinds.HostHeader, values(".")),
    st.builds(kinds.HttpHeader, values("-"), http_header_name=st.sampled_from(["X-Env", "x-env", "X-Other"])),
    st.builds(kinds.HttpRequestMethod, st.sampled_from([("GET",), ("POST", "PUT")])),
    st.builds(kinds.QueryString, st.lists(PAIRS, min_size=1, max_size=2).map(tuple)),
    expressions(kinds.PathPattern),
    expressions(kinds.HostHeader),
)
RULES = st.lists(
    st.tuples(CONDITIONS) | st.lists(CONDITIONS, min_size=2, max_size=3).map(tuple), min_size=1, max_size=8
)
REQUESTS = st.builds(
    asked,
    st.lists(WORDS, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts)),
    st.lists(WORDS, min_size=1, max_size=3).map(".".join),
    st.lists(st.lists(WORDS, min_size=1, max_size=2).map("-".join), max_size=3).map(tuple),
    st.lists(st.tuples(WORDS, WORDS).map("=".join), max_size=3).map("&".join),
    st.sampled_from(["GET", "POST"]),
)


@settings(max_examples=400, deadline=None)
@given(conditions=RULES, requests=st.lists(REQUESTS, min_size=1, max_size=20))
def test_leaves_every_rule_that_a_request_meets(
    conditions: list[tuple[ConditionSettings, ...]], requests: list[Request]
) -> None:
    """Not only the one that decides: another order of priorities would let another one decide."""
    for request in requests:
        met = {place for place, rule in enumerate(conditions) if all(holds(condition, request) for condition in rule)}

        with patch.object(rule_index, "WORTH", 1):
            assert met <= set(left(conditions, request))


@settings(max_examples=400, deadline=None)
@given(conditions=RULES, seed=st.integers(0, 1000), requests=st.lists(REQUESTS, min_size=1, max_size=20))
def test_decides_as_trying_one_rule_after_the_other(
    conditions: list[tuple[ConditionSettings, ...]], seed: int, requests: list[Request]
) -> None:
    """Rules of all kinds in any order of priorities: the indexes change nothing but the time."""
    priorities = random.Random(seed).sample(range(1, 50000), len(conditions))
    rules = tuple(RuleSettings(*pair, ANSWER) for pair in zip(priorities, conditions, strict=True))
    with patch.object(rule_index, "WORTH", 1):
        table = compile_rules(AlbSettings(80, ANSWER, {}, rules=rules))

    assert [table.match(it).priority for it in requests] == [decided(rules, it) for it in requests]
