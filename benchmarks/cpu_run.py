"""One gateway with clients without sockets: what `cpu.py` runs for each of its lines, in a process of its own.

    python benchmarks/cpu_run.py PLAN

It runs ``gateway serve`` as it is, in this process, and takes two things of it: the protocol factory that it gives to
its event loop, and the line that says that it is ready.  So it knows no module of the gateway, and measures any
version of it.

All runs on one processor, so that the gateway and what it started never slow each other down.  What else the machine
does still counts: where two processors are one core, each is up to twice as slow while the other works.  So a round has
parts, with a fixed calculation between them, whose time says how quick the machine was in that round.

PLAN is a `Plan` as JSON.  For each line on standard input there is a round, which answers with one on standard output:
a `Round` as JSON.  So two versions can be measured in turns.
"""

import asyncio
import gc
import io
import json
import os
import runpy
import signal
import socket
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

import uvloop
from fake_clients import Clients, Exchange, Factory, NoFigureError
from servers import descendants

HOST = "127.0.0.2"
"""Nothing else of the gateway listens on it, so that its port is known from all others."""

CALCULATIONS = 8
"""How often the fixed calculation is done between two parts; takes about a tenth of the time of a part."""

MESSAGE = b"x" * 300
ENDS = socket.socketpair()


class Plan(NamedTuple):
    """What is measured.

    Attributes:
        serve: The arguments of ``gateway serve``.
        exchange: An `Exchange`.
        parts: How many a round has; between two of them nothing is in flight.
        requests: How many each client sends in a part.
    """

    serve: Sequence[str]
    exchange: Sequence[str]
    parts: int
    requests: int
    clients: int


class Round(NamedTuple):
    """One round.

    Attributes:
        parent_ns: Nanoseconds of processor time of a request in this process.
        child_ns: Those in all that it started.
        calculation_ns: What a calculation took at that time.
        quickest_ns: What the quickest calculation of all has taken so far.
        folder: Where the gateway is.
    """

    parent_ns: float
    child_ns: float
    calculation_ns: float
    quickest_ns: int
    folder: str


def process_ns(pid: int) -> int:
    """Nanoseconds of processor time that a process has had, all of its threads, ended ones too.

    The clock's number is the one that Linux's clock_getcpuclockid(3) gives.
    """
    return time.clock_gettime_ns((~pid << 3) | 2)


def calculation() -> int:
    """Nanoseconds of processor time of a fixed piece of work of a request's kind, a third of it the system's."""
    began = time.thread_time_ns()
    for _ in range(12):
        ENDS[0].send(MESSAGE)
        ENDS[1].recv(len(MESSAGE))
    found: dict[str, str] = {}
    for number in range(100):
        name, _, value = (b"x-name-%d: value %d" % (number % 40, number)).partition(b": ")
        found[name.decode("latin-1").title()] = value.decode("latin-1")
    json.dumps(found)
    return time.thread_time_ns() - began


class Meter:
    """The rounds of one run."""

    def __init__(self, clients: Clients, plan: Plan) -> None:
        self._clients = clients
        self._plan = plan
        self._quickest_ns = calculation()
        self._folder = str(Path(sys.modules["gateway"].__file__ or "").parents[1])

    async def round(self) -> Round:
        """Measure one round."""
        children = descendants(os.getpid())[1:]
        gc.collect()
        took_ns = [0, 0]
        calculations = self._calculations()
        for _ in range(self._plan.parts):
            before = _clocks(children)
            await self._clients.send(self._plan.requests)
            for number, (one, other) in enumerate(zip(before, _clocks(children), strict=True)):
                took_ns[number] += other - one
            calculations += self._calculations()
        self._clients.check(self._plan.parts * self._plan.requests)
        if descendants(os.getpid())[1:] != children:
            raise NoFigureError("processes came or went while they were measured")
        requests = self._plan.parts * self._plan.requests * self._plan.clients
        parent_ns, child_ns = (ns / requests for ns in took_ns)
        return Round(parent_ns, child_ns, statistics.mean(calculations), self._quickest_ns, self._folder)

    def _calculations(self) -> list[int]:
        found = [calculation() for _ in range(CALCULATIONS)]
        self._quickest_ns = min(self._quickest_ns, *found)
        return found


def _clocks(children: Sequence[int]) -> tuple[int, int]:
    return time.process_time_ns(), sum(map(process_ns, children))


async def measure(factory: Factory, plan: Plan, output: TextIO) -> None:
    """Do a round for each line that comes."""
    clients = Clients(factory, Exchange(*plan.exchange), plan.clients)
    try:
        meter = Meter(clients, plan)
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await meter.round()), file=output, flush=True)
    finally:
        clients.close()


class Run(io.StringIO):
    """One gateway, from its start to its end; its standard output, where it says that it is ready."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._plan = plan
        self._factory: Factory | None = None
        self._task: asyncio.Task[None] | None = None
        self._output = sys.stdout

    def hook(self, loop_class: type[asyncio.AbstractEventLoop]) -> None:
        """Learn the protocol factory of the gateway's port."""
        real = loop_class.create_server

        async def create_server(
            loop: asyncio.AbstractEventLoop, factory: Factory, host: object, *args: object, **options: object
        ) -> object:
            if host == HOST:
                self._factory = factory
            return await real(loop, factory, host, *args, **options)  # type: ignore[call-overload]

        loop_class.create_server = create_server  # type: ignore[assignment]

    def write(self, text: str) -> int:
        if text.startswith("Ready:"):
            if self._factory is None:
                raise NoFigureError(f"gateway serve is ready, but has not listened on {HOST}")
            self._task = asyncio.get_running_loop().create_task(measure(self._factory, self._plan, self._output))
            self._task.add_done_callback(lambda _: os.kill(os.getpid(), signal.SIGTERM))
        return len(text)

    def serve(self) -> None:
        """Run the gateway until all is measured."""
        for loop_class in (uvloop.Loop, asyncio.BaseEventLoop):
            self.hook(loop_class)
        sys.argv[1:] = ["serve", *self._plan.serve, "--host", HOST, "-p", "0"]
        sys.path[0] = str(Path.cwd())  # as `python -m` has it
        sys.stdout = self
        try:
            runpy.run_module("gateway", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            if end.code or self._task is None:
                raise
        finally:
            sys.stdout = self._output
        self._task.result()


def main() -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    Run(Plan(**json.loads(sys.argv[1]))).serve()


if __name__ == "__main__":
    main()
