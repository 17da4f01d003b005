"""A trivial handler behind this gateway and behind serverless-offline, in one run.

    python benchmarks/serverless_offline.py --peer FOLDER [--rounds 5] [--seconds 1] [--launches 5]

FOLDER is where ``npm install serverless@3 serverless-offline@13`` was run.  Throughput and latency stand between two
figures of serverless-offline's load balancer, which runs handlers in worker threads, and are printed as how many times
better they are.  Needs wrk, Node.js and Linux.  Code 1 when the warm call of the gateway's Python handler is not 5
times as quick as that of its Node.js handler, or throughput not 8 times as high.
"""

import argparse
import statistics
import sys
from pathlib import Path

from servers import (
    GATEWAY,
    QUIET,
    Sample,
    Server,
    compare,
    folder_of,
    free_port,
    holds,
    median,
    memory_mib,
    need,
    need_linux,
    need_wrk,
    row,
    running,
    table,
)

WARM_TIMES = 5.0
THROUGHPUT_TIMES = 8.0
FEW, MANY = 1, 32
# A content-type in lower case makes the peer's load balancer end.
NODE = """
exports.handler = async (event) => ({
  statusCode: 200, headers: { 'Content-Type': 'application/json' }, isBase64Encoded: false,
  body: JSON.stringify({ path: event.path || event.rawPath }),
});
"""
PYTHON = """
import json

def handler(event, context):
    body = json.dumps({"path": event["path"]})
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "isBase64Encoded": False, "body": body}
"""
SERVICE = """
service: bench
frameworkVersion: '3'
provider:
  name: aws
  runtime: nodejs20.x
plugins:
  - serverless-offline
functions:
  f:
    handler: handler.handler
    events:
      - httpApi: '*'
      - alb:
          listenerArn: arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/x/1/2
          priority: 1
          conditions:
            path: /*
"""
FILES = {"node/handler.js": NODE, "python/handler.py": PYTHON, "peer/handler.js": NODE, "peer/serverless.yml": SERVICE}
PEER_VARIABLES = {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"}


def peer(name: str, program: Path, run: Path, port: str, *options: str) -> Server:
    ports = {"--httpPort": str(free_port()), "--albPort": str(free_port()), "--lambdaPort": str(free_port())}
    ports[port] = "{port}"
    chosen = [part for pair in ports.items() for part in pair]
    start = ["node", str(program), "offline", "start", "--host", "127.0.0.1", "--noPrependStageInUrl"]
    return Server(name, [*start, *chosen, *options], "/x", "peer", {**PEER_VARIABLES, "HOME": str(run)})


def ours(name: str, folder: str, flavour: str) -> Server:
    return Server(name, [*GATEWAY, "handler.handler", "--as", flavour, *QUIET], "/x", folder)


def launch(servers: list[Server], run: Path, launches: int) -> dict[str, list[float]]:
    """Seconds from launch to the first answer, each server alone and all of them in turns."""
    took: dict[str, list[float]] = {server.name: [] for server in servers}
    for _ in range(launches):
        for server in servers:
            with running([server], run) as (took_s,):
                took[server.name].append(took_s)
    return took


def better(ratios: list[Sample]) -> tuple[float, float, float]:
    """How many times the throughput, how many times as quick, how many times less processor time per request."""
    middle = median(ratios)
    return middle.rate, 1 / middle.p50_ms, 1 / middle.cpu_us


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--launches", type=int, default=5)
    options = parser.parse_args()
    need_wrk()
    need_linux()
    need("node", "apt-get install nodejs, or brew install node")
    modules = options.peer.absolute() / "node_modules"
    program = modules / "serverless" / "bin" / "serverless.js"
    if not program.is_file() or not (modules / "serverless-offline").is_dir():
        raise SystemExit(
            f"serverless-offline is not installed in {options.peer}: "
            f"npm install --prefix {options.peer} serverless@3 serverless-offline@13"
        )
    with folder_of(FILES) as run:
        (run / "peer" / "node_modules").symlink_to(modules)
        base = peer("serverless-offline, ALB, worker thread", program, run, "--albPort")
        in_process = peer("serverless-offline, HTTP API, in process", program, run, "--httpPort", "--useInProcess")
        mine = ours("gateway, ALB, Python", "python", "alb")
        others = [in_process, mine, ours("gateway, ALB, Node.js", "node", "alb")]
        others.append(ours("gateway, HTTP API, Node.js", "node", "http"))
        return report(base, mine, others, run, options)


def report(base: Server, mine: Server, others: list[Server], run: Path, options: argparse.Namespace) -> int:
    launched = {name: statistics.median(took) for name, took in launch([base, *others], run, options.launches).items()}
    loads = {}
    with running([base, *others], run):
        for connections in (FEW, MANY):
            loads[connections] = compare(base, others, connections, options.rounds, options.seconds)
        trees = {server.name: server.tree() for server in (base, *others)}
        peaks = {name: memory_mib(pids, "status", "VmHWM") for name, pids in trees.items()}
        shared = {name: memory_mib(pids, "smaps_rollup", "Pss") for name, pids in trees.items()}
    for connections, (figures, ratios) in loads.items():
        absolute = f"{figures.rate:,.0f} requests/s, p50 {figures.p50_ms:.2f} ms"
        print(f"\n{connections} connections; {base.name}: {absolute} = 1.0")
        table("Server", "connections", "throughput, times", "p50, times as quick", "CPU, times less")
        for server in others:
            row(server.name, connections, *(f"{times:.1f}" for times in better(ratios[server.name])))
    table("Server", "launch to first 200, ms", "ratio", "peak memory (VmHWM), MiB", "PSS after the load, MiB")
    for name, launched_s in launched.items():
        ratio = launched_s / launched[base.name]
        row(name, f"{launched_s * 1000:.0f}", f"{ratio:.2f}", f"{peaks[name]:.0f}", f"{shared[name]:.0f}")
    print()
    warm = better(loads[FEW][1][mine.name])[1]
    throughput = better(loads[MANY][1][mine.name])[0]
    passed = [
        holds(f"warm call at least {WARM_TIMES:g} times as quick", f"{warm:.1f}", good=warm >= WARM_TIMES),
        holds(
            f"throughput at {MANY} connections at least {THROUGHPUT_TIMES:g} times",
            f"{throughput:.1f}",
            good=throughput >= THROUGHPUT_TIMES,
        ),
    ]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
