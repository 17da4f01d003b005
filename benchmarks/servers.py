"""Servers and their process trees for the comparisons here: start, load in turns, weigh, and leave nothing behind.

Everything listens on 127.0.0.1.  Processor time and memory come from /proc, on Linux; the load comes from wrk.
"""

import contextlib
import http.client
import math
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
STOP_LIMIT_S = 5.0
# A checkout whose bytecode is not kept would be compiled at each start.
VARIABLES = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
HELLO = """
def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "hello"}
"""
UVICORN_APP = """
HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
BODY = {"type": "http.response.body", "body": b"hello"}

async def app(scope, receive, send):
    await send(HEAD)
    await send(BODY)
"""
UVICORN = [sys.executable, "-m", "uvicorn", "app:app", "--port", "{port}", "--no-access-log"]
GATEWAY = [sys.executable, "-m", "gateway", "serve"]
QUIET = ["-p", "{port}", "--control-port", "0", "-q"]


class Sample(NamedTuple):
    """One load, or the ratios of one load to another.

    Attributes:
        cpu_us: Processor time of the server and all that it started, per request; 0, and nan as a ratio, where the
            system has no /proc.
    """

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float

    def over(self, before: "Sample", after: "Sample") -> "Sample":
        """The ratios to the base, which was measured just before and just after."""
        return Sample(
            *(mine / ((one + two) / 2 or math.nan) for mine, one, two in zip(self, before, after, strict=True))
        )


def median(samples: Iterable[Sample]) -> Sample:
    return Sample(*map(statistics.median, zip(*samples, strict=True)))


@dataclass
class Server:
    """One server under load.

    Attributes:
        command: How to start it; ``{port}`` becomes a free port.
        path: What answers with 200 when it is ready, and what is loaded.
        folder: Where it runs, below the folder of the run.
        clients: More commands that belong to it, started with it.
        headers: Lines that each request of the load has.
    """

    name: str
    command: Sequence[str]
    path: str = "/"
    folder: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    clients: Sequence[Sequence[str]] = ()
    headers: Sequence[str] = ()
    port: int = 0
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, run: Path, limit_s: float = 60.0) -> float:
        """Start it: seconds from its launch to its first answer of 200."""
        self.port = free_port()
        log = run / f"{id(self)}.log"
        began = time.perf_counter()
        with log.open("wb") as output:
            for command in (self.command, *self.clients):
                self._launch(command, run, output.fileno())
        while time.perf_counter() - began < limit_s and self.processes[0].poll() is None:
            if status(self.port, self.path) == 200:
                return time.perf_counter() - began
            time.sleep(0.001)
        raise SystemExit(f"{self.name} did not start: {' '.join(self.command)}\n{log.read_text()[-2000:]}")

    def _launch(self, command: Sequence[str], run: Path, output: int) -> None:
        filled = [part.replace("{port}", str(self.port)) for part in command]
        variables = {name: text.replace("{port}", str(self.port)) for name, text in self.variables.items()}
        self.processes.append(
            subprocess.Popen(
                filled,
                cwd=run / self.folder,
                env=VARIABLES | {"TMPDIR": str(run)} | variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        )

    def tree(self) -> list[int]:
        """All of its processes."""
        return [pid for process in self.processes for pid in descendants(process.pid)]

    def measure(self, connections: int, seconds: int) -> Sample:
        before_s = cpu_s(self.tree())
        address = f"http://127.0.0.1:{self.port}{self.path}"
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s", address]
        command += [part for line in self.headers for part in ("-H", line)]
        text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
        used_s = cpu_s(self.tree()) - before_s
        if "Non-2xx" in text or "Socket errors" in text:
            print(f"{self.name}: {text}", file=sys.stderr)
        requests = int(re.search(r"(\d+) requests in", text)[1])  # type: ignore[index]
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])  # type: ignore[index]
        return Sample(rate, latency(text, "50%"), latency(text, "99%"), used_s / max(requests, 1) * 1e6)

    def stop(self) -> None:
        pids = self.tree()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_LIMIT_S)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self.processes:
            process.wait()
        self.processes.clear()


def latency(text: str, percentile: str) -> float:
    value, unit = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s|m)", text).groups()  # type: ignore[union-attr]
    return float(value) * UNITS[unit]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def status(port: int, path: str) -> int:
    """The status of one GET, 0 when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        with connection.getresponse() as response:
            response.read()
            return response.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def descendants(pid: int) -> list[int]:
    """A process and all that it started."""
    found, open_ = [], [pid]
    while open_:
        found.append(open_.pop())
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{found[-1]}/task").iterdir():
                open_ += map(int, (task / "children").read_text().split())
    return found


def cpu_s(pids: Iterable[int]) -> float:
    """Processor time, user and system, that processes have had."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_S


def memory_mib(pids: Iterable[int], file: str, name: str) -> float:
    """The sum over processes of one line of /proc: ``VmHWM`` of ``status``, ``Pss`` of ``smaps_rollup``."""
    kib = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{pid}/{file}").read_text(), re.MULTILINE)
            kib += int(found[1]) if found else 0
    return kib / 1024


def compare(
    base: Server, others: Sequence[Server], connections: int, rounds: int, seconds: int
) -> tuple[Sample, dict[str, list[Sample]]]:
    """The base's median, and of each other server the ratios to the base, round by round."""
    ratios: dict[str, list[Sample]] = {server.name: [] for server in others}
    bases = []
    for server in (base, *others):
        server.measure(connections, 1)
    for _ in range(rounds):
        before = base.measure(connections, seconds)
        for server in random.sample(others, len(others)):
            figure = server.measure(connections, seconds)
            after = base.measure(connections, seconds)
            ratios[server.name].append(figure.over(before, after))
            bases.append(after)
            before = after
    return median(bases), ratios


def need(program: str, how: str) -> str:
    """The path of a program, or the end of the run with a message that says how to get it."""
    beside = Path(sys.executable).parent / program
    path = shutil.which(program) or (str(beside) if beside.is_file() else None)
    if path is None:
        raise SystemExit(f"{program} is not installed: {how}")
    return path


def need_wrk() -> None:
    need("wrk", "apt-get install wrk, or brew install wrk")


def need_linux() -> None:
    if not Path("/proc/self/smaps_rollup").exists():
        raise SystemExit("processor time and memory are read from /proc: run this on Linux")


@contextlib.contextmanager
def folder_of(files: Mapping[str, str]) -> Iterator[Path]:
    """A folder for one run with these files, by their paths; gone afterwards, as when the run is interrupted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before its figures were complete"))
    with tempfile.TemporaryDirectory() as name:
        for path, text in files.items():
            file = Path(name, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        yield Path(name)


@contextlib.contextmanager
def running(servers: Iterable[Server], run: Path) -> Iterator[list[float]]:
    """All servers started, with the seconds that each took to answer; stopped afterwards."""
    with contextlib.ExitStack() as stack:
        took_s = []
        for server in servers:
            stack.callback(server.stop)
            took_s.append(server.start(run))
        yield took_s


def row(*cells: object) -> None:
    """One row of a Markdown table."""
    print("|", " | ".join(map(str, cells)), "|", flush=True)


def table(*columns: str) -> None:
    """The head of a Markdown table whose first column is text and whose others are numbers."""
    print()
    row(*columns)
    row("---", *("---:" for _ in columns[1:]))


def holds(what: str, figure: str, *, good: bool) -> bool:
    """Say whether a bound holds."""
    print(f"{'PASS' if good else 'FAIL'}  {what}: {figure}", flush=True)
    return good
