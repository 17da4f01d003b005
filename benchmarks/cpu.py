"""Processor time of one request in the gateway, without sockets of clients and without a load generator.

    python benchmarks/cpu.py [--execution in-process,worker,runtime-api,runtime-api-node,nodejs]
                             [--as alb,alb-multi,http,http-v1,rest,url] [--request get,browser,post]
                             [--rounds 7] [--requests 1600] [--json] [--beside PYTHON FOLDER]

Each line is a run of ``gateway serve`` in a process of its own, with one execution environment; 32 clients are
transports in that process, and every answer is looked at.  *parent* is the gateway, *child* what it started.  All are
on one processor.

Beside the minimum of the rounds as it was measured stand the median and the spread of the *even* figures: a shared
machine has its quick and slow moments, which a fixed calculation shows that is timed all the time; they are what the
rounds would have taken, had the calculation always been as quick as in its best moment.  On a machine that does nothing
else the two agree.  Processes of Node.js have threads that compile and collect when they like; their figures scatter.

``--beside`` measures another checkout in turns with this one, round by round, with an interpreter of its own; that is
for `compare.py`, as the JSON is.  The ratio of two figures there is the median of the rounds' ratios.

Needs Linux; without Node.js its lines are left out.
"""

import argparse
import contextlib
import itertools
import json
import operator
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from cpu_run import Plan, Round
from differences import spread
from runtime_api import NODE_CLIENT, PYTHON_CLIENT
from servers import VARIABLES, folder_of, need_linux, row, table

CLIENTS = 32
STOP_LIMIT_S = 5.0
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
SERVE = ["fn.handler", "--environments", "1", "--timeout", "60", "--control-port", "0", "-q"]
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


class Side(NamedTuple):
    """A gateway: its interpreter, and its folder where that is not what the interpreter would take."""

    python: str
    folder: str = ""


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
    parser.add_argument("--beside", nargs=2, metavar=("PYTHON", "FOLDER"))
    return parser.parse_args()


class Measured:
    """One `cpu_run.py`, to be closed."""

    def __init__(self, side: Side, run: Path, plan: Plan) -> None:
        variables = VARIABLES | {"PYTHONHASHSEED": "0", "TMPDIR": str(run)}
        if side.folder:
            variables["PYTHONPATH"] = side.folder
        self._name = f"gateway serve {' '.join(plan.serve)}"
        self._errors: IO[str] = tempfile.TemporaryFile("w+", dir=run)  # noqa: SIM115 - see close()
        self._process = subprocess.Popen(
            [side.python, str(Path(__file__).with_name("cpu_run.py")), json.dumps(plan._asdict())],
            cwd=run,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            bufsize=1,
        )

    def round(self) -> Round:
        assert self._process.stdin
        assert self._process.stdout
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write("\n")
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            raise SystemExit(f"{self._name}: this could not be measured\n{self._errors.read()[-3000:]}")
        return Round(*json.loads(line))

    def close(self) -> None:
        with self._errors, self._process:
            try:
                with contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):
                    self._process.communicate(timeout=STOP_LIMIT_S)
            finally:
                self._process.kill()


def measure(sides: Sequence[Side], run: Path, plan: Plan, rounds: int) -> list[list[Round]]:
    """The rounds of each side, which take turns; the first round of each counts for nobody."""
    found: list[list[Round]] = [[] for _ in sides]
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(contextlib.closing(Measured(side, run, plan))) for side in sides]
        for number in range(rounds + 1):
            places = range(len(sides))
            for place in places if number % 2 else reversed(places):
                found[place].append(started[place].round())
    return [each[1:] for each in found]


def measure_all(given: argparse.Namespace, sides: Sequence[Side]) -> Iterator[tuple[str, list[list[Round]]]]:
    """What is measured, in words, and the rounds of each side, one after the other."""
    each = max(1, given.requests // CLIENTS)
    in_part = min(each, REQUESTS_IN_PART)
    with folder_of(FILES) as run:
        for listener, request, execution in itertools.product(given.listeners, given.request, given.execution):
            if "node" in execution and not shutil.which("node"):
                print("Node.js is not installed, its lines are left out: apt-get install nodejs", file=sys.stderr)
                continue
            serve = [*SERVE, "--as", listener, *EXECUTIONS[execution]]
            plan = Plan(serve, REQUESTS[request], each // in_part, in_part, CLIENTS)
            yield f"{listener}, {request}, {execution}", measure(sides, run, plan, given.rounds)


def figures(name: str, rounds: Sequence[Round]) -> Iterator[tuple[str, list[float], list[float]]]:
    """Of each process: its name, nanoseconds of a request by round, and in calculations instead of nanoseconds."""
    parent, child, calculations, *_ = zip(*rounds, strict=True)
    for process, column in ((", parent", parent), (", child", child)) if any(child) else (("", parent),):
        yield name + process, list(column), [ns / one for ns, one in zip(column, calculations, strict=True)]


def result(found: dict[str, list[list[Round]]], quickest_us: float) -> dict[str, Any]:
    """What `compare.py` reads."""
    own: dict[str, float] = {}
    beside: dict[str, float] = {}
    for name, sides in found.items():
        for (line, _, even), *others in zip(*(figures(name, rounds) for rounds in sides), strict=True):
            own[line] = statistics.median(even)
            for _, _, other in others:
                beside[line] = own[line] * statistics.median(map(operator.truediv, other, even))
    return {"scale": quickest_us, "unit": "µs", "figures": own, "beside": beside}


def main() -> None:
    given = options()
    need_linux()
    sides = [Side(sys.executable), *([Side(*given.beside)] if given.beside else [])]
    found = dict(measure_all(given, sides))
    if not found:
        raise SystemExit("nothing is left that could be measured")
    rounds = [one for measured in found.values() for side in measured for one in side]
    quickest_us = min(one.quickest_ns for one in rounds) / 1000
    if given.json:
        print(json.dumps({"folder": rounds[0].folder, **result(found, quickest_us)}))
        return
    for side, measured in enumerate(next(iter(found.values()))):
        print(f"\nµs of processor time for one request; {measured[0].folder}, Python {platform.python_version()}")
        table("Listener, request, execution", "minimum", "even median", "spread")
        for line, ns, even in (line for name, sides in found.items() for line in figures(name, sides[side])):
            row(line, f"{min(ns) / 1000:.1f}", f"{statistics.median(even) * quickest_us:.1f}", f"{spread(even):.1%}")


if __name__ == "__main__":
    main()
