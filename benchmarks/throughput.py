"""Requests per second and latency of the gateway beside a bare uvicorn ASGI app, interleaved in one run.

    python benchmarks/throughput.py [--rounds 5] [--seconds 2] [--connections 1,32,256]

Every figure of the gateway stands between two of the base, so that a noisy machine spoils ratios least.  Needs wrk.
"""

import argparse
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from servers import SERVE, UVICORN, Server, write_programs

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


def measure(server: Server, connections: int, seconds: int) -> tuple[float, float, float]:
    """Requests per second, p50 and p99 in ms."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{server.port}/"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        print(f"{server.name}: {text}", file=sys.stderr)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])  # type: ignore[index]
    return rate, latency(text, "50%"), latency(text, "99%")


def latency(text: str, percentile: str) -> float:
    value, unit = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s|m)", text).groups()  # type: ignore[union-attr]
    return float(value) * UNITS[unit]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", default="1,32,256")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("wrk is not installed: apt-get install wrk, or brew install wrk")
    base = Server("uvicorn", UVICORN)
    ours = [Server("in-process", [*SERVE, "--in-process"]), Server("workers", SERVE)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_programs(folder)
        try:
            for server in (base, *ours):
                server.start(folder)
            for connections in map(int, options.connections.split(",")):
                compare(base, ours, connections, options.rounds, options.seconds)
        finally:
            for server in (base, *ours):
                server.stop()


def compare(base: Server, ours: list[Server], connections: int, rounds: int, seconds: int) -> None:
    ratios: dict[str, list[tuple[float, float, float]]] = {server.name: [] for server in ours}
    rates = []
    for server in (base, *ours):
        measure(server, connections, 1)
    for _ in range(rounds):
        before = measure(base, connections, seconds)
        for server in random.sample(ours, len(ours)):
            figure = measure(server, connections, seconds)
            after = measure(base, connections, seconds)
            ratios[server.name].append(tuple(f / ((a + b) / 2) for f, a, b in zip(figure, before, after, strict=True)))  # type: ignore[arg-type]
            rates.append(after[0])
            before = after
    print(f"\n{connections} connections; uvicorn {statistics.median(rates):,.0f} requests/s = 1.00")
    print(f"{'':12} {'throughput':>10} {'p50':>6} {'p99':>6}")
    for name, triples in ratios.items():
        throughput, p50, p99 = (statistics.median(column) for column in zip(*triples, strict=True))
        print(f"{name:12} {throughput:10.2f} {p50:6.2f} {p99:6.2f}", flush=True)


if __name__ == "__main__":
    main()
