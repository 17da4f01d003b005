"""From the command to the first answer, and memory at rest, of the gateway beside a bare uvicorn application.

    python benchmarks/start.py [--rounds 15]

The time is that from the launch of the process to the end of the first answer with status 200; the port is tried every
millisecond.  Every figure stands between two of the base, so that a noisy machine spoils ratios least.  Memory is that
of all processes together, where the system has ``/proc``: RSS counts what processes share for each of them, PSS once.
"""

import argparse
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from servers import SERVE, SERVE_NODE, UVICORN, VARIABLES, Server, write_programs

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
LIMIT_S = 20.0
AT_REST_S = 0.2
Figures = tuple[float, float, float]
"""Milliseconds; RSS and PSS in MiB, 0 for what has none."""


def first_answer_ms(server: Server, folder: Path) -> float:
    began = time.perf_counter()
    server.launch(folder)
    while time.perf_counter() < began + LIMIT_S:
        try:
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                client.sendall(REQUEST)
                answer = b"".join(iter(lambda: client.recv(4096), b""))
        except ConnectionError:
            time.sleep(0.001)
            continue
        if b" 200 " in answer[:16]:
            return (time.perf_counter() - began) * 1000
        raise SystemExit(f"{server.name} answered {answer!r}")
    raise SystemExit(f"{server.name} did not answer: {' '.join(server.command)}")


def tree(pid: int) -> list[int]:
    """A process and all that it started."""
    pids = [pid]
    for parent in pids:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            pids += map(int, task.read_text().split())
    return pids


def memory_mib(pid: int) -> tuple[float, float]:
    if not Path("/proc/self/smaps_rollup").exists():
        return 0.0, 0.0
    texts = [Path(f"/proc/{it}/smaps_rollup").read_text() for it in tree(pid)]
    rss, pss = (sum(int(it.partition(f"\n{name}:")[2].split()[0]) for it in texts) / 1024 for name in ("Rss", "Pss"))
    return rss, pss


def measure(server: Server, folder: Path) -> Figures:
    try:
        ms = first_answer_ms(server, folder)
        time.sleep(AT_REST_S)
        assert server.process
        return (ms, *memory_mib(server.process.pid))
    finally:
        server.stop()


def measure_import(folder: Path) -> Figures:
    """What uvicorn's import takes by itself; nothing is served."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import uvicorn"], cwd=folder, env=VARIABLES, check=True)
    return (time.perf_counter() - began) * 1000, 0.0, 0.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    base = Server("uvicorn", UVICORN)
    ours = [Server("workers", SERVE), Server("in-process", [*SERVE, "--in-process"])]
    if shutil.which("node"):
        ours.append(Server("Node.js worker", SERVE_NODE))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_programs(folder)
        kinds = {server.name: lambda server=server: measure(server, folder) for server in ours}
        kinds["import uvicorn"] = lambda: measure_import(folder)
        for measured in kinds.values():  # what is compiled or read for the first time counts for nobody
            measured()
        figures: dict[str, list[Figures]] = {name: [] for name in kinds}
        ratios: dict[str, list[float]] = {name: [] for name in kinds}
        bases = [measure(base, folder)]
        for _ in range(options.rounds):
            for kind in random.sample(list(kinds), len(kinds)):
                figures[kind].append(kinds[kind]())
                bases.append(measure(base, folder))
                ratios[kind].append(figures[kind][-1][0] / ((bases[-2][0] + bases[-1][0]) / 2))
    print(f"{'':16} {'first answer':>12} {'ms':>6} {'RSS MiB':>8} {'PSS MiB':>8}")
    show("uvicorn", 1.0, bases)
    for kind, found in figures.items():
        show(kind, statistics.median(ratios[kind]), found)


def show(name: str, ratio: float, figures: list[Figures]) -> None:
    ms, rss, pss = (statistics.median(column) for column in zip(*figures, strict=True))
    print(f"{name:16} {ratio:12.2f} {ms:6.0f}" + (f" {rss:8.1f} {pss:8.1f}" if rss else ""))


if __name__ == "__main__":
    main()
