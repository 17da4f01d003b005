"""From the command to the first answer, and memory at rest, of the gateway beside a bare uvicorn application.

    python benchmarks/start.py [--rounds 15] [--json]

The time is that from the launch of the process to the end of the first answer with status 200; the port is tried every
millisecond.  Every figure stands between two of the base, so that a noisy machine spoils ratios least.  Memory is that
of all processes together, where the system has ``/proc``: RSS counts what processes share for each of them, PSS once.
"""

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from servers import GATEWAY, HELLO, QUIET, UVICORN, UVICORN_APP, VARIABLES, Server, folder_of, memory_mib, running

NODE_HELLO = """
export const handler = async () => ({ statusCode: 200, headers: { "content-type": "text/plain" }, body: "hello" });
"""
FILES = {"app.py": UVICORN_APP, "fn.py": HELLO, "node.mjs": NODE_HELLO}
SERVE = [*GATEWAY, "fn.handler", *QUIET]
AT_REST_S = 0.2
Figures = tuple[float, float, float]
"""Milliseconds; RSS and PSS in MiB, 0 for what has none."""


def measure(server: Server, run: Path) -> Figures:
    with running([server], run) as (took_s,):
        time.sleep(AT_REST_S)
        rss, pss = (memory_mib(server.tree(), "smaps_rollup", name) for name in ("Rss", "Pss"))
    return took_s * 1000, rss, pss


def measure_import(run: Path) -> Figures:
    """What uvicorn's import takes by itself; nothing is served."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import uvicorn"], cwd=run, env=VARIABLES, check=True)
    return (time.perf_counter() - began) * 1000, 0.0, 0.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    base = Server("uvicorn", UVICORN)
    ours = [Server("workers", SERVE), Server("in-process", [*SERVE, "--in-process"])]
    if shutil.which("node"):
        ours.append(Server("Node.js worker", [*GATEWAY, "node.handler", *QUIET]))
    with folder_of(FILES) as run:
        kinds = {server.name: lambda server=server: measure(server, run) for server in ours}
        kinds["import uvicorn"] = lambda: measure_import(run)
        for measured in kinds.values():  # what is compiled or read for the first time counts for nobody
            measured()
        figures: dict[str, list[Figures]] = {name: [] for name in kinds}
        ratios: dict[str, list[float]] = {name: [] for name in kinds}
        bases = [measure(base, run)]
        for _ in range(options.rounds):
            for kind in random.sample(list(kinds), len(kinds)):
                figures[kind].append(kinds[kind]())
                bases.append(measure(base, run))
                ratios[kind].append(figures[kind][-1][0] / ((bases[-2][0] + bases[-1][0]) / 2))
    if options.json:
        medians = {f"{it.name}, first answer": statistics.median(ratios[it.name]) for it in ours}
        print(json.dumps({"unit": "uvicorn = 1", "figures": medians}))
        return
    print(f"{'':16} {'first answer':>12} {'ms':>6} {'RSS MiB':>8} {'PSS MiB':>8}")
    show("uvicorn", 1.0, bases)
    for kind, found in figures.items():
        show(kind, statistics.median(ratios[kind]), found)


def show(name: str, ratio: float, figures: list[Figures]) -> None:
    ms, rss, pss = (statistics.median(column) for column in zip(*figures, strict=True))
    print(f"{name:16} {ratio:12.2f} {ms:6.0f}" + (f" {rss:8.1f} {pss:8.1f}" if rss else ""))


if __name__ == "__main__":
    main()
