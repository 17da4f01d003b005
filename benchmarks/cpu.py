"""Processor time of one request in the gateway, without sockets of clients and without a load generator.

    python benchmarks/cpu.py [--execution in-process,worker,runtime-api,runtime-api-node,nodejs]
                             [--as alb,alb-multi,http,http-v1,rest,url] [--request get,browser,post]
                             [--rounds 7] [--requests 1600] [--json]

Each line is a run of ``gateway serve`` in a process of its own, with one execution environment; 32 clients are
transports in that process, and every answer is looked at.  *parent* is the gateway, *child* what it
started.  All are on one processor.

Beside the minimum of the rounds as it was measured stand the median and the spread of the *even* figures: a shared
machine has its quick and slow moments, which a fixed calculation shows that is timed all the time; they are what the
rounds would have taken, had the calculation always been as quick as in its best moment.  On a machine that does nothing
else the two agree.  Processes of Node.js have threads that compile and collect when they like; their figures scatter.

Needs Linux; without Node.js its lines are left out.
"""

import argparse
import json
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from differences import spread
from runtime_api import NODE_CLIENT, PYTHON_CLIENT
from servers import VARIABLES, folder_of, need_linux, row, table

CLIENTS = 32
REQUESTS_IN_PART = 5
"""Of each client; some milliseconds' worth, so that a machine's moments are longer."""

# Each client asks for something else, and the answer says so: none gets that of another.
PYTHON = """
def handler(event, context):
    body = f"{event.get('rawPath') or event['path']} {len(event.get('body') or '')}"
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": body}
"""
NODE = """
exports.handler = async (event) => ({
  statusCode: 200, headers: { 'content-type': 'text/plain' },
  body: `${event.rawPath || event.path} ${(event.body || '').length}`,
});
"""
FILES = {"fn.py": PYTHON, "fn.js": NODE, "client.py": PYTHON_CLIENT, "client.js": NODE_CLIENT}
SERVE = ["fn.handler", "--environments", "1", "--control-port", "0", "-q"]
EXECUTIONS = {
    "in-process": ["--runtime", "python", "--in-process"],
    "worker": ["--runtime", "python"],
    "runtime-api": ["--command", f"{sys.executable} client.py"],
    "runtime-api-node": ["--command", "node client.js"],
    "nodejs": ["--runtime", "nodejs"],
}
LISTENERS = ("alb", "alb-multi", "http", "http-v1", "rest", "url")
BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-GB,en;q=0.7,de;q=0.3",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Referer: http://localhost:8000/items?page=1",
    "Connection: keep-alive",
    "Cookie: session=0c5b8a5e7d1f4c0fa1; theme=dark; consent=all",
    "Upgrade-Insecure-Requests: 1",
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: same-origin",
    "Priority: u=0, i",
)
POSTED = json.dumps({"items": ["0123456789abcdef" * 4] * 150})
POST = ("Accept: */*", "Content-Type: application/json", f"Content-Length: {len(POSTED)}")


def request_of(method: str, query: str, lines: Sequence[str], body: str = "") -> tuple[str, str]:
    """A request and the body of its answer."""
    head = [f"{method} /items/{{n}}{query} HTTP/1.1", "Host: localhost:8000", *lines, "", ""]
    return "\r\n".join(head) + body, f"/items/{{n}} {len(body)}"


REQUESTS = {
    "get": request_of("GET", "", ("User-Agent: curl/8.5.0", "Accept: */*")),
    "browser": request_of("GET", "?page=2&sort=name&q=a%20b", BROWSER),
    "post": request_of("POST", "", POST, POSTED),
}


def names(text: str, known: Sequence[str]) -> list[str]:
    """What a list in an option names."""
    found = text.split(",")
    for name in found:
        if name not in known:
            raise argparse.ArgumentTypeError(f"{name} is not one of {', '.join(known)}")
    return found


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--execution", type=lambda text: names(text, tuple(EXECUTIONS)), default=list(EXECUTIONS))
    parser.add_argument("--as", dest="listeners", type=lambda text: names(text, LISTENERS), default=["alb"])
    parser.add_argument("--request", type=lambda text: names(text, tuple(REQUESTS)), default=["get"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=1600)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def measure(run: Path, serve: Sequence[str], request: str, rounds: int, requests: int) -> dict[str, Any]:
    """What `cpu_run.py` measured."""
    each = max(1, requests // CLIENTS)
    in_part = min(each, REQUESTS_IN_PART)
    plan = {
        "serve": serve,
        "exchange": REQUESTS[request],
        "rounds": rounds,
        "parts": each // in_part,
        "requests": in_part,
        "clients": CLIENTS,
    }
    command = [sys.executable, str(Path(__file__).with_name("cpu_run.py")), json.dumps(plan)]
    variables = VARIABLES | {"PYTHONHASHSEED": "0", "TMPDIR": str(run)}
    done = subprocess.run(command, cwd=run, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"gateway serve {' '.join(serve)}: this could not be measured\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure_all(given: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is measured, in words, and its figures, one after the other."""
    with folder_of(FILES) as run:
        for listener in given.listeners:
            for request in given.request:
                for execution in given.execution:
                    if "node" in execution and not shutil.which("node"):
                        print(
                            "Node.js is not installed, its lines are left out: apt-get install nodejs", file=sys.stderr
                        )
                        continue
                    serve = [*SERVE, "--as", listener, *EXECUTIONS[execution]]
                    found = measure(run, serve, request, given.rounds, given.requests)
                    yield f"{listener}, {request}, {execution}", found


def figures(name: str, measured: dict[str, Any]) -> Iterator[tuple[str, list[float], list[float]]]:
    """Of each process: its name, nanoseconds of a request by round, and in calculations instead of nanoseconds."""
    parent, child, calculations = zip(*measured["rounds"], strict=True)
    for process, column in ((", parent", parent), (", child", child)) if any(child) else (("", parent),):
        yield name + process, list(column), [ns / one for ns, one in zip(column, calculations, strict=True)]


def main() -> None:
    given = options()
    need_linux()
    found = dict(measure_all(given))
    quickest_us = min(one["quickest"] for one in found.values()) / 1000
    lines = [line for name, one in found.items() for line in figures(name, one)]
    folder = next(iter(found.values()))["folder"]
    if given.json:
        medians = {name: statistics.median(even) for name, _, even in lines}
        print(json.dumps({"folder": folder, "scale": quickest_us, "unit": "µs", "figures": medians}))
        return
    print(f"µs of processor time for one request; {folder}, Python {platform.python_version()}")
    table("Listener, request, execution", "minimum", "even median", "spread")
    for name, ns, even in lines:
        row(name, f"{min(ns) / 1000:.1f}", f"{statistics.median(even) * quickest_us:.1f}", f"{spread(even):.1%}")


if __name__ == "__main__":
    main()
