"""The life of an execution environment: cold start, warm call, memory, timeout, crash, and the end of its gateway.

    python benchmarks/environments.py [--cold 30] [--calls 2000] [--rounds 12] [--at-once 8] [--kills 5]

Prints PASS or FAIL for each bound; code 1 when one does not hold.  Cold starts stand between two runs of
``python -c "import json"``.  A timeout counts from the moment when the client sent its request, of an environment that
was waiting for it.  Needs Linux; takes about a minute.
"""

import argparse
import contextlib
import os
import re
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from servers import GATEWAY, QUIET, Server, descendants, folder_of, holds, memory_mib, need_linux, row, running, table

COLD_TIMES = 1.5
LATE_MS = 50.0
TIMEOUT_S = 1.0
GIVE_UP_S = 15.0
HANDLER = """
import os
import time

def handler(event, context):
    path = event["path"]
    if path == "/crash":
        os._exit(1)
    if path == "/child" and os.fork() == 0:
        time.sleep(600)
    if path == "/wait":
        time.sleep(0.2)
    elif path == "/hang":
        time.sleep(600)
    return {"statusCode": 200, "body": str(os.getpid())}
"""
SLEEPER = "import json, sys; print(flush=True); sys.stdin.read()"
STATUS = "import json; print(open('/proc/self/status').read())"


class Reply(NamedTuple):
    """One answer: status, body, and the seconds from its request to it."""

    status: int
    body: str
    took_s: float


def ask(port: int, paths: Sequence[str], pids: Sequence[int] = ()) -> tuple[list[Reply], list[float]]:
    """Requests at the same time, each on its own connection, while processes are watched.

    Returns the replies in the order of ``paths``, and for each process of ``pids`` how many seconds after the first
    request it ended.
    """
    replies: dict[int, Reply] = {}
    ends: list[float] = []
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in paths]
        for pid in pids:
            descriptor = os.pidfd_open(pid)
            stack.callback(os.close, descriptor)
            selector.register(descriptor, selectors.EVENT_READ)
        sent: list[float] = []
        for client, path in zip(clients, paths, strict=True):
            selector.register(client, selectors.EVENT_READ, len(sent))
            sent.append(time.perf_counter())
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        while len(replies) + len(ends) < len(paths) + len(pids):
            events = selector.select(GIVE_UP_S)
            now = time.perf_counter()
            if not events:
                raise SystemExit(f"no answer in {GIVE_UP_S:g} s")
            for key, _ in events:
                selector.unregister(key.fileobj)
                if key.data is None:
                    ends.append(now - sent[0])
                else:
                    head, _, body = clients[key.data].recv(65536).decode().partition("\r\n\r\n")
                    replies[key.data] = Reply(int(head.split()[1]), body, now - sent[key.data])
    return [replies[index] for index in range(len(paths))], ends


def expect(port: int, path: str, status: int) -> Reply:
    """One request that must be answered so."""
    ((reply,), _) = ask(port, [path])
    if reply.status != status:
        raise SystemExit(f"{path} was answered with {reply.status} instead of {status}")
    return reply


def warm_up(port: int, count: int) -> list[int]:
    """The processes of so many environments, all idle; the gateway has no more than these."""
    for _ in range(20):
        # More than there are environments, or the last ones would not be worth starting.
        replies, _ = ask(port, ["/wait"] * count * 4)
        pids = {reply.body for reply in replies}
        if len(pids) == count and all(reply.status == 200 for reply in replies):
            return sorted(map(int, pids))
    seen = f"{len(pids)} in the last try, {sum(reply.status != 200 for reply in replies)} of its answers not 200"
    raise SystemExit(f"there were never {count} environments at once ({seen}): try a smaller --at-once")


def gone(pid: int) -> None:
    """Wait until the gateway has noticed the end of a process."""
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.001)


def timed_s(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def python(code: str) -> str:
    """What the handler's interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def cold_starts(port: int, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds of invocations that find no environment, and their ratios to ``python -c "import json"``."""
    pid = int(expect(port, "/", 200).body)
    took_ms, ratios = [], []
    before = timed_s(lambda: python("import json"))
    for _ in range(count):
        os.kill(pid, signal.SIGKILL)
        gone(pid)
        reply = expect(port, "/", 200)
        pid = int(reply.body)
        after = timed_s(lambda: python("import json"))
        took_ms.append(reply.took_s * 1000)
        ratios.append(reply.took_s / ((before + after) / 2))
        before = after
    return took_ms, ratios


def warm_calls_ms(port: int, count: int) -> list[float]:
    """Calls one after another on one connection."""
    took = []
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count):
            began = time.perf_counter()
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.recv(65536)
            took.append((time.perf_counter() - began) * 1000)
    return took


def memory(port: int) -> tuple[float, float, float]:
    """MiB of one environment, peak and PSS, and the peak of ``python -c "import json"``."""
    pids = [int(expect(port, "/", 200).body)]
    bare = int(re.search(r"VmHWM:\s+(\d+)", python(STATUS))[1]) / 1024  # type: ignore[index]
    return memory_mib(pids, "status", "VmHWM"), memory_mib(pids, "smaps_rollup", "Pss"), bare


def timeouts_ms(port: int, rounds: int, at_once: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds after the deadline until the 502 arrived and until the process was gone.

    The third list is what this machine needs to end as many processes when this script kills them.
    """
    answered, ended, killed = [], [], []
    for _ in range(rounds):
        pids = warm_up(port, at_once)
        replies, ends = ask(port, ["/hang"] * at_once, pids)
        if any(reply.status != 502 for reply in replies):
            raise SystemExit(f"a timeout was answered with {[reply.status for reply in replies]}")
        answered += [(reply.took_s - TIMEOUT_S) * 1000 for reply in replies]
        ended += [(end - TIMEOUT_S) * 1000 for end in ends]
        killed += kill_sleepers_ms(at_once)
    return answered, ended, killed


def kill_sleepers_ms(count: int) -> list[float]:
    command = [sys.executable, "-c", SLEEPER]
    sleepers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(count)]
    for sleeper in sleepers:
        assert sleeper.stdout
        sleeper.stdout.readline()
    pids = [sleeper.pid for sleeper in sleepers]
    ends = watch(pids, lambda: [os.kill(pid, signal.SIGKILL) for pid in pids])
    for sleeper in sleepers:
        sleeper.communicate()
    return ends


def watch(pids: Sequence[int], end: Callable[[], object]) -> list[float]:
    """Milliseconds from ``end`` until each process was gone; those that are left after 5 s are left out."""
    ends: list[float] = []
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for pid in pids:
            descriptor = os.pidfd_open(pid)
            stack.callback(os.close, descriptor)
            selector.register(descriptor, selectors.EVENT_READ)
        began = time.perf_counter()
        end()
        while selector.get_map() and (events := selector.select(began + 5 - time.perf_counter())):
            ends += [(time.perf_counter() - began) * 1000] * len(events)
            for key, _ in events:
                selector.unregister(key.fileobj)
    return ends


def crashes_ms(port: int, count: int) -> tuple[list[float], list[float]]:
    """How long the 502 of a crash takes, and how long the next request, sent at once."""
    crashed, recovered = [], []
    for _ in range(count):
        expect(port, "/", 200)
        crashed.append(expect(port, "/crash", 502).took_s * 1000)
        recovered.append(expect(port, "/", 200).took_s * 1000)
    return crashed, recovered


def kill(server: Server, at_once: int) -> tuple[int, int, float]:
    """End a gateway with busy and idle environments and a handler's own child by SIGKILL.

    Returns how many processes it had, how many were left after 5 s, and the milliseconds until the last one was gone.
    """
    (gateway,) = server.processes
    warm_up(server.port, at_once)
    expect(server.port, "/child", 200)
    with contextlib.ExitStack() as stack:
        for _ in range(at_once // 2):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall(b"GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(0.2)
        pids = descendants(gateway.pid)
        ends = watch(pids, gateway.kill)
    return len(pids), len(pids) - len(ends), max(ends)


def spread(figures: Sequence[float], digits: int = 1) -> tuple[str, str]:
    """Median and maximum."""
    return f"{statistics.median(figures):.{digits}f}", f"{max(figures):.{digits}f}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cold", type=int, default=30)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--kills", type=int, default=5)
    options = parser.parse_args()
    need_linux()
    limits = ["--timeout", f"{TIMEOUT_S:g}", "--environments", str(options.at_once)]
    server = Server("gateway", [*GATEWAY, "fn.handler", *limits, *QUIET])
    kills = []
    with folder_of({"fn.py": HANDLER}) as run:
        with running([server], run):
            cold_ms, cold_ratios = cold_starts(server.port, options.cold)
            warm_ms = warm_calls_ms(server.port, options.calls)
            peak, pss, bare = memory(server.port)
            crashed_ms, recovered_ms = crashes_ms(server.port, options.cold)
            answered_ms, ended_ms, killed_ms = timeouts_ms(server.port, options.rounds, options.at_once)
        for _ in range(options.kills):
            with running([server], run):
                kills.append(kill(server, options.at_once))
    table("One environment", "p50", "max")
    row("Cold start, ms", *spread(cold_ms))
    row('Cold start over `python -c "import json"`', *spread(cold_ratios, 2))
    row("Warm call, ms", *spread(warm_ms, 3))
    row("Crash: until its 502, ms", *spread(crashed_ms))
    row("Crash: the next request, ms", *spread(recovered_ms))
    row(f"Timeout, {options.at_once} at once: 502 after the deadline, ms", *spread(answered_ms))
    row(f"Timeout, {options.at_once} at once: process gone after the deadline, ms", *spread(ended_ms))
    row(f"The same without a gateway: {options.at_once} sleeping processes killed, ms", *spread(killed_ms))
    row("Gateway killed: last process gone, ms", *spread([ms for _, _, ms in kills]))
    table("Memory of one environment, MiB", "")
    row("Peak (VmHWM)", f"{peak:.1f}")
    row("PSS", f"{pss:.1f}")
    row('Peak of `python -c "import json"`', f"{bare:.1f}")
    print()
    cold, left = statistics.median(cold_ratios), sum(left for _, left, _ in kills)
    passed = [holds(f"cold start at most {COLD_TIMES:g} times python's", f"{cold:.2f}", good=cold <= COLD_TIMES)]
    for what, figures in (("answers to timeouts", answered_ms), ("ends of their processes", ended_ms)):
        worst = max(figures)
        passed.append(holds(f"{len(figures)} {what} within {LATE_MS:g} ms", f"{worst:.1f} ms", good=worst <= LATE_MS))
    passed.append(holds(f"nothing left of {sum(had for had, _, _ in kills)} processes", f"{left}", good=left == 0))
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
