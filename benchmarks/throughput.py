"""Requests per second and latency of the gateway beside a bare uvicorn ASGI app, interleaved in one run.

    python benchmarks/throughput.py [--rounds 5] [--seconds 2] [--connections 1,32,256]

Every figure of the gateway stands between two of the base, so that a noisy machine spoils ratios least.  Needs wrk.
"""

import argparse
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HANDLER = """
def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "hello"}
"""
BASE_APP = """
HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
BODY = {"type": "http.response.body", "body": b"hello"}

async def app(scope, receive, send):
    await send(HEAD)
    await send(BODY)
"""
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass
class Server:
    name: str
    command: list[str]
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [part.format(port=self.port) for part in self.command]
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit(f"{self.name} did not start: {' '.join(command)}")

    def measure(self, connections: int, seconds: int) -> tuple[float, float, float]:
        """Requests per second, p50 and p99 in ms."""
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{self.port}/"]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in text or "Socket errors" in text:
            print(f"{self.name}: {text}", file=sys.stderr)
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
    serve = [sys.executable, "-m", "gateway", "serve", "bench_handler.handler", "-p", "{port}", "-q"]
    base = Server("uvicorn", [sys.executable, "-m", "uvicorn", "bench_app:app", "--port", "{port}", "--no-access-log"])
    ours = [Server("in-process", [*serve, "--in-process"]), Server("workers", serve)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bench_handler.py").write_text(HANDLER)
        (folder / "bench_app.py").write_text(BASE_APP)
        try:
            for server in (base, *ours):
                server.start(folder)
            for connections in map(int, options.connections.split(",")):
                compare(base, ours, connections, options.rounds, options.seconds)
        finally:
            for server in (base, *ours):
                if server.process:
                    server.process.terminate()
                    server.process.wait()


def compare(base: Server, ours: list[Server], connections: int, rounds: int, seconds: int) -> None:
    ratios: dict[str, list[tuple[float, float, float]]] = {server.name: [] for server in ours}
    rates = []
    for server in (base, *ours):
        server.measure(connections, 1)
    for _ in range(rounds):
        before = base.measure(connections, seconds)
        for server in random.sample(ours, len(ours)):
            figure = server.measure(connections, seconds)
            after = base.measure(connections, seconds)
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
