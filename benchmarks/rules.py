"""What it costs to try a hundred listener rules before the last one matches: `python benchmarks/rules.py`.

Prints, for each kind of condition, microseconds for one rule, for a hundred of which the last matches, and the
difference: what a request pays for the ninety-nine others.  Set against the whole request of `throughput.py`.
"""

import timeit
from collections.abc import Callable

from gateway.config.conditions import (
    ConditionSettings,
    HostHeader,
    HttpHeader,
    PathPattern,
    QueryString,
    QueryStringPair,
    SourceIp,
)
from gateway.config.rules import FixedResponse, RuleSettings
from gateway.config.settings import AlbSettings
from gateway.listeners.alb.rules import RuleTable, compile_rules
from gateway.translation.messages import Request

ANSWER = (FixedResponse(404),)
KINDS: dict[str, Callable[[int], ConditionSettings]] = {
    "path, first segment differs": lambda n: PathPattern((f"/p{n}/*",)),
    "path, first segment shared": lambda n: PathPattern((f"/api/p{n}/*",)),
    "path, wildcard in front": lambda n: PathPattern((f"*/p{n}/*",)),
    "path, regular expression": lambda n: PathPattern((), (f"/p{n}/(.*)$",)),
    "host": lambda n: HostHeader((f"h{n}.example.com",)),
    "header": lambda n: HttpHeader((f"dev{n}",), http_header_name="X-Env"),
    "query": lambda n: QueryString((QueryStringPair("*", key=f"q{n}"),)),
    "source": lambda n: SourceIp((f"10.{n}.0.0/16",)),
}


def table(rules: int, make: Callable[[int], ConditionSettings]) -> RuleTable:
    settings = tuple(RuleSettings(number + 1, (make(number),), ANSWER) for number in range(rules))
    return compile_rules(AlbSettings(80, ANSWER, {}, rules=settings))


def request(number: int, prefix: bytes) -> Request:
    headers = [(b"Host", b"h%d.example.com" % number), (b"X-Env", b"dev%d" % number), (b"User-Agent", b"curl/8")]
    headers += [(b"X-%d" % place, b"value") for place in range(8)]
    path, query = prefix + b"/p%d/x" % number, b"a=1&q%d=2" % number
    return Request("GET", path, query, headers, b"", (f"10.{number}.0.1", 1), ("127.0.0.1", 80))


def cost_us(rules: RuleTable, asked: Request) -> float:
    return min(timeit.repeat(lambda: rules.match(asked), number=2000, repeat=7)) / 2000 * 1e6


def main() -> None:
    print(f"{'condition':30} {'1 rule':>8} {'100 rules':>10} {'difference':>11}  µs")
    for name, make in KINDS.items():
        prefix = b"/api" if "shared" in name else b""
        one = cost_us(table(1, make), request(0, prefix))
        hundred = cost_us(table(100, make), request(99, prefix))
        print(f"{name:30} {one:8.2f} {hundred:10.2f} {hundred - one:11.2f}")


if __name__ == "__main__":
    main()
