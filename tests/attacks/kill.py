"""Kill execution environments and gateways under load, and look at what is left.

Each environment starts two daemons that have left their group, their session and their parent, one of them without the
variables of its function.  Nothing of it may outlive its environment or its gateway: no process, no folder, no loop
device.  An answer is the one to its own request, or says that the function failed.
"""

import argparse
import http.client
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

_PROJECT: Final = Path(__file__).parents[2]
_FUNCTION: Final = """
import os, time

def daemon(become):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            become()
        os._exit(0)
    os.wait()

mark = os.environ["KILL_MARK"]
if os.environ["KILL_DAEMONS"]:
    daemon(lambda: time.sleep(600))
    daemon(lambda: os.execve("/bin/sleep", [mark, "600"], {}))

def handler(event, context):
    return {"statusCode": 200, "body": f"{event['path']} {os.getpid()}"}
"""
_FILE: Final = """
[functions.app]
handler = "app.handler"
code = "{code}"
runtime = "python"
executor = "{executor}"
environments = 4
timeout = 30
environment = {{ KILL_MARK = "{mark}", KILL_DAEMONS = "{daemons}" }}
[target_groups.app]
function = "app"
[[listeners]]
type = "alb"
port = 0
default_actions = [{{ type = "forward", target_groups = [{{ target_group = "app" }}] }}]
"""
KINDS: Final = (("code", "worker"), ("code", "runtime-api"), ("code.zip", "worker"), ("code.zip", "in-process"))
"""What a gateway runs, and by which executor."""

_FAILED: Final = (502, 504)
_READY_S = 60.0
_CLEAN_S = 15.0
_START_S = 1.5
"""Within which a gateway is killed while it starts."""


@dataclass
class Attack:
    """What was done, and what was wrong."""

    report: Callable[[str], None]
    chance: random.Random
    environments: int = 0
    gateways: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)

    def found(self, kind: str, what: object) -> None:
        """Something is wrong."""
        self.findings[kind] += 1
        self.report(f"{kind}: {what}")


class Victim:
    """A gateway that is going to be killed, with a folder and a mark of its own."""

    def __init__(self, folder: Path, kind: tuple[str, str]) -> None:
        self.mark = f"kill-{uuid4().hex}"
        self._folder = folder
        code, executor = kind
        (folder / "code").mkdir(parents=True)
        (folder / "tmp").mkdir()
        (folder / "code" / "app.py").write_text(_FUNCTION)
        with zipfile.ZipFile(folder / "code.zip", "w") as archive:
            archive.write(folder / "code" / "app.py", "app.py")
        daemons = "" if executor == "in-process" else "yes"  # there they are children of the gateway itself
        text = _FILE.format(code=code, executor=executor, mark=self.mark, daemons=daemons)
        (folder / "gateway.toml").write_text(text)
        path = os.pathsep.join([str(_PROJECT), os.environ.get("PYTHONPATH", "")])
        own = {"TMPDIR": str(folder / "tmp"), "KILL_MARK": self.mark, "PYTHONPATH": path}
        argv = [sys.executable, "-m", "gateway", "serve", "gateway.toml", "--control-port", "0", "--quiet"]
        self.process = subprocess.Popen(
            argv if executor != "in-process" else [*argv, "--in-process"],
            cwd=folder,
            env={**os.environ, **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def wait_until_ready(self) -> int:
        """The port, 0 when the gateway has ended before."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        return int(line.split()[1].rpartition(":")[2]) if line.startswith("Ready: ") else 0

    def end(self, number: signal.Signals) -> None:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        self.process.wait(_READY_S)
        assert self.process.stdout
        self.process.stdout.close()

    def environments(self) -> int:
        """In how many environments daemons run, told by their control groups; 1 where there are none.

        A runtime that ends between invocations is followed by another one in its environment, where daemons go on.
        """
        daemons = [pid for pid, line in _marked(self.mark) if line.startswith(self.mark.encode())]
        return len({group for pid in daemons if (group := _group(pid))})

    def left(self) -> list[str]:
        """What is still there, in words."""
        processes = [f"process {pid}: {line[-80:]!r}" for pid, line in _marked(self.mark)]
        files = [f"folder {path.name}" for path in (self._folder / "tmp").iterdir()]
        loops = [it for it in Path("/sys/block").glob("loop*/loop/backing_file") if _holds(it, self._folder)]
        return [*processes, *files, *(f"device {it}" for it in loops)]

    def wait_until_clean(self) -> list[str]:
        """The same, after as long as cleaning up may take; what still runs is killed then."""
        deadline = time.monotonic() + _CLEAN_S
        while (left := self.left()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid, _ in _marked(self.mark):
            os.kill(pid, signal.SIGKILL)
        return left


def _marked(mark: str) -> Iterator[tuple[int, bytes]]:
    """The processes that have a mark among their variables or arguments."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
            if mark.encode() in line or mark.encode() in (folder / "environ").read_bytes():
                yield int(folder.name), line
        except OSError:
            continue


def _group(pid: int) -> str:
    """The control groups of a process, "" when it has ended."""
    try:
        return Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return ""


def _holds(file: Path, folder: Path) -> bool:
    try:
        return file.read_text().startswith(str(folder))
    except OSError:
        return False


@contextmanager
def load(attack: Attack, port: int, clients: int, on_answer: Callable[[int], None] = lambda _: None) -> Iterator[None]:
    """Ask from several threads, and judge each answer; `on_answer` gets the process that gave it."""
    over = threading.Event()

    def ask(number: int) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=_READY_S)) as connection:
            for turn in itertools.count():
                if over.is_set():
                    return
                path = f"/{number}/{turn}/{uuid4().hex}"
                try:
                    connection.request("GET", path)
                    response = connection.getresponse()
                    judge(path, response.status, response.read().decode())
                except (OSError, http.client.HTTPException):  # the gateway was killed, as it should
                    connection.close()
                    over.wait(0.02)

    def judge(path: str, status: int, body: str) -> None:
        attack.answers[status] += 1
        if status == 200 and body.startswith(f"{path} "):
            on_answer(int(body.removeprefix(path)))
        elif status not in _FAILED:
            attack.found("wrong answer", f"{status} {body[:100]!r} to {path}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def kill_environments(attack: Attack, folder: Path, kind: tuple[str, str], count: int, until: float) -> None:
    """Kill so many processes of one gateway's functions while it is asked."""
    victim, killed, enough = Victim(folder, kind), set[int](), threading.Event()
    port = victim.wait_until_ready()

    def kill(pid: int) -> None:
        if pid in killed or len(killed) >= count:
            return
        killed.add(pid)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            killed.discard(pid)
        if len(killed) >= count:
            enough.set()

    if not port:
        attack.found("no start", victim.process.wait(_READY_S))
        return
    with load(attack, port, 8, kill):
        enough.wait(max(until - time.monotonic(), 0))
    attack.environments += len(killed)
    deadline = time.monotonic() + _CLEAN_S  # those of the last that were killed are on their way out
    while (environments := victim.environments()) > 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    if environments > 4:
        attack.found("orphans", f"daemons of {environments} environments while at most 4 run")
    victim.end(signal.SIGTERM)
    for left in victim.wait_until_clean():
        attack.found("left by an environment", left)


def kill_gateway(attack: Attack, folder: Path, number: int) -> None:
    """Kill one gateway, every other one while it starts."""
    chance = random.Random(attack.chance.random())
    victim = Victim(folder, KINDS[number // 2 % len(KINDS)])
    sign = signal.SIGTERM if chance.random() < 0.25 else signal.SIGKILL
    if number % 2:
        time.sleep(chance.uniform(0, _START_S))
        victim.end(sign)
    elif port := victim.wait_until_ready():
        with load(attack, port, 4):
            time.sleep(chance.uniform(0, 0.5))
            victim.end(sign)
    else:
        attack.found("no start", victim.process.wait(_READY_S))
    attack.gateways += 1
    for left in victim.wait_until_clean():
        attack.found("left by a gateway", f"{sign.name}, number {number}: {left}")


def attack(folder: Path, options: argparse.Namespace, report: Callable[[str], None]) -> Attack:
    """Kill environments, then gateways, two at a time; what was found is in the result."""
    attacking = Attack(report, random.Random(options.seed))
    until = time.monotonic() + options.seconds
    for number, kind in enumerate(KINDS[:2]):
        kill_environments(attacking, folder / f"environments-{number}", kind, options.environments // 2, until)
        report(f"{attacking.environments} environments killed, answers {dict(attacking.answers)}")
    numbers = iter(range(options.gateways))
    lock = threading.Lock()

    def work() -> None:
        while time.monotonic() < until:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            kill_gateway(attacking, folder / f"gateway-{number}", number)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return attacking


def options_of(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="scripts/attack kill", description=__doc__)
    parser.add_argument("--environments", type=int, default=1000, help="how many are killed, default 1000")
    parser.add_argument("--gateways", type=int, default=200, help="how many are killed, default 200")
    parser.add_argument("--seconds", type=float, default=900.0, help="the most that it may take")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run from the command line: 0 when nothing was found."""
    options = options_of(arguments)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gateway-kill-", dir="/var/tmp") as folder:
        attacking = attack(Path(folder), options, partial(print, flush=True))
    enough = attacking.environments >= options.environments // 2 * 2 and attacking.gateways == options.gateways
    if not enough:
        print(f"stopped before all were killed: --seconds {options.seconds:g} are over")
    print(
        f"{attacking.environments} environments and {attacking.gateways} gateways killed in "
        f"{time.monotonic() - begin:.0f} s, answers {dict(attacking.answers)}, "
        f"findings {dict(attacking.findings) or 'none'}"
    )
    return 1 if attacking.findings or not enough else 0
