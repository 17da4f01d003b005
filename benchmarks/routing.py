"""What a hundred listener rules cost a whole request when only the last one matches, beside one rule.

    python benchmarks/routing.py [--rounds 5] [--seconds 1] [--connections 32]

One gateway has a pair of listeners for each kind of condition: one rule, and a hundred.  Every figure of the hundred
stands between two of the one, so that a noisy machine spoils ratios least.  A ratio is time per request: 1.00 would
be free.  Needs wrk.  `rules.py` has the cost of the matching alone.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HANDLER = """
def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "hello"}
"""
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


def listener(condition: Callable[[int], str], action: str, numbers: range) -> str:
    return LISTENER + "".join(RULE % (number, condition(number), action) for number in numbers)


@contextmanager
def gateway(listeners: list[str]) -> Iterator[list[str]]:
    """The URL of each listener."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "app.py").write_text(HANDLER)
        Path(folder, "gateway.toml").write_text(FILE + "".join(listeners))
        command = [sys.executable, "-m", "gateway", "serve", "gateway.toml", "--quiet", "--control-port", "0"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            try:
                yield [process.stdout.readline().split()[1] for _ in listeners]
            finally:
                process.terminate()


def us_per_request(url: str, options: argparse.Namespace) -> float:
    headers = ["-H", "Host: h100.example.com", "-H", "X-Env: dev100"]
    command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", *headers, url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(text)
    return 1e6 / float(text.split("Requests/sec:")[1].split()[0])


def ratio(one: str, hundred: str, options: argparse.Namespace) -> tuple[float, float]:
    """Microseconds of one rule, and how many times as long a hundred take."""
    us_per_request(one, options)
    ones, ratios = [us_per_request(one, options)], []
    for _ in range(options.rounds):
        figure = us_per_request(hundred, options)
        ones.append(us_per_request(one, options))
        ratios.append(figure / ((ones[-2] + ones[-1]) / 2))
    return statistics.median(ones), statistics.median(ratios)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("wrk is not installed: apt-get install wrk, or brew install wrk")
    pairs = [(action, kind) for action in ACTIONS for kind in CONDITIONS]
    listeners = [
        listener(CONDITIONS[kind][1], ACTIONS[action], numbers)
        for action, kind in pairs
        for numbers in (range(100, 101), range(1, 101))
    ]
    with gateway(listeners) as urls:
        print(f"{'what answers':16} {'condition':26} {'1 rule':>8} {'100 rules':>10}")
        for (action, kind), one, hundred in zip(pairs, urls[::2], urls[1::2], strict=True):
            path = CONDITIONS[kind][0]
            us, times = ratio(one + path, hundred + path, options)
            print(f"{action:16} {kind:26} {us:6.0f}µs {times:9.2f}x", flush=True)


if __name__ == "__main__":
    main()
