"""Requests per second and latency of the gateway beside a bare uvicorn ASGI app, interleaved in one run.

    python benchmarks/throughput.py [--rounds 5] [--seconds 2] [--connections 1,32,256] [--json]

Every figure of the gateway stands between two of the base, so that a noisy machine spoils ratios least.  Needs wrk;
processor time per request is nan where the system has no ``/proc``.  With ``--json`` the ratios are those of times, for
`compare.py`: lower is better.
"""

import argparse
import json
import math

from servers import (
    GATEWAY,
    HELLO,
    QUIET,
    UVICORN,
    UVICORN_APP,
    Sample,
    Server,
    compare,
    folder_of,
    median,
    need_wrk,
    running,
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", default="1,32,256")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    need_wrk()
    base, serve = Server("uvicorn", UVICORN), [*GATEWAY, "fn.handler", *QUIET]
    ours = [Server("in-process", [*serve, "--in-process"]), Server("workers", serve)]
    times: dict[str, float] = {}
    with folder_of({"app.py": UVICORN_APP, "fn.py": HELLO}) as run, running((base, *ours), run):
        for connections in map(int, options.connections.split(",")):
            figures, ratios = compare(base, ours, connections, options.rounds, options.seconds)
            if options.json:
                times |= in_times(connections, {name: median(samples) for name, samples in ratios.items()})
                continue
            print(f"\n{connections} connections; uvicorn {figures.rate:,.0f} requests/s = 1.00")
            print(f"{'':12} {'throughput':>10} {'p50':>6} {'p99':>6} {'CPU':>6}")
            for name, samples in ratios.items():
                rate, p50, p99, cpu = median(samples)
                print(f"{name:12} {rate:10.2f} {p50:6.2f} {p99:6.2f} {cpu:6.2f}", flush=True)
    if options.json:
        print(json.dumps({"unit": "uvicorn = 1", "figures": times}))


def in_times(connections: int, ratios: dict[str, Sample]) -> dict[str, float]:
    """The figures of `compare.py`; what the system does not know is left out."""
    figures = {}
    for name, ratio in ratios.items():
        for what, figure in (("time", 1 / ratio.rate), ("p50", ratio.p50_ms), ("CPU", ratio.cpu_us)):
            if not math.isnan(figure):
                figures[f"{name}, {connections} connections, {what}"] = figure
    return figures


if __name__ == "__main__":
    main()
