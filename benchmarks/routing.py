"""What a hundred listener rules cost a whole request when only the last one matches, beside one rule.

    python benchmarks/routing.py [--rounds 5] [--seconds 1] [--connections 32]

One gateway has a pair of listeners for each kind of condition: one rule, and a hundred.  Every figure of the hundred
stands between two of the one, so that a noisy machine spoils ratios least.  A ratio is time per request: 1.00 would
be free.  Needs wrk.  `rules.py` has the cost of the matching alone.
"""

import argparse
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from servers import GATEWAY, HELLO, VARIABLES, Server, compare, folder_of, median, need_wrk

FILE = """
[functions.app]
handler = "app.handler"
[target_groups.app]
function = "app"
"""
LISTENER = """
[[listeners]]
type = "alb"
port = 0
default_actions = [{ type = "fixed-response", status_code = 404 }]
"""
RULE = """
[[listeners.rules]]
priority = %d
conditions = [%s]
actions = [%s]
"""
ACTIONS = {
    "function": '{ type = "forward", target_groups = [{ target_group = "app" }] }',
    "fixed response": '{ type = "fixed-response", status_code = 200, message_body = "hello" }',
}
CONDITIONS: dict[str, tuple[str, Callable[[int], str]]] = {
    "path": ("/p100/x", lambda n: f'{{ field = "path-pattern", values = ["/p{n}/*"] }}'),
    "path, shared start": ("/api/p100/x", lambda n: f'{{ field = "path-pattern", values = ["/api/p{n}/*"] }}'),
    "path, wildcard in front": ("/a/p100/x", lambda n: f'{{ field = "path-pattern", values = ["*/p{n}/*"] }}'),
    "host": ("/", lambda n: f'{{ field = "host-header", values = ["h{n}.example.com"] }}'),
    "header": ("/", lambda n: f'{{ field = "http-header", http_header_name = "X-Env", values = ["dev{n}"] }}'),
}
HEADERS = ["Host: h100.example.com", "X-Env: dev100"]


def listener(condition: Callable[[int], str], action: str, numbers: range) -> str:
    return LISTENER + "".join(RULE % (number, condition(number), action) for number in numbers)


@contextmanager
def gateway(listeners: list[str]) -> Iterator[list[int]]:
    """The port of each listener."""
    with folder_of({"app.py": HELLO, "gateway.toml": FILE + "".join(listeners)}) as run:
        command = [*GATEWAY, "gateway.toml", "--quiet", "--control-port", "0"]
        with subprocess.Popen(command, cwd=run, env=VARIABLES, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            try:
                yield [int(process.stdout.readline().split()[1].rpartition(":")[2]) for _ in listeners]
            finally:
                process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    need_wrk()
    pairs = [(action, kind) for action in ACTIONS for kind in CONDITIONS]
    listeners = [
        listener(CONDITIONS[kind][1], ACTIONS[action], numbers)
        for action, kind in pairs
        for numbers in (range(100, 101), range(1, 101))
    ]
    with gateway(listeners) as ports:
        print(f"{'what answers':16} {'condition':26} {'1 rule':>8} {'100 rules':>10}")
        for (action, kind), *pair in zip(pairs, ports[::2], ports[1::2], strict=True):
            one, hundred = (Server(kind, (), CONDITIONS[kind][0], headers=HEADERS, port=port) for port in pair)
            figures, ratios = compare(one, [hundred], options.connections, options.rounds, options.seconds)
            us, times = 1e6 / figures.rate, 1 / median(ratios[kind]).rate
            print(f"{action:16} {kind:26} {us:6.0f}µs {times:9.2f}x", flush=True)


if __name__ == "__main__":
    main()
