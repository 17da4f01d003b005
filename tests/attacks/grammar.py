"""``scripts/attack grammar``: hostile requests against every listener type and the control port.

Case NUMBER of a seed is the same on every machine, but for keys, signatures and the time: what was found is sent again
with ``--seed SEED --only NUMBER``.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import uvloop

from tests.attacks import http1, http2, invoke, records, websocket
from tests.attacks.case import Case, Dice, dice_of
from tests.attacks.client import Client
from tests.attacks.log import LogReader
from tests.attacks.stand import Stand, Usage, attacked_gateway
from tests.attacks.verdict import enough, judge

_MAKERS: Final[Mapping[str, tuple[int, Callable[[Dice, str], Case]]]] = {
    "alb": (20, http1.case),
    "alb-multi": (12, http1.case),
    "alb-strictest": (6, http1.case),
    "alb-http": (8, http1.case),
    "https": (2, partial(http1.case, half_close=False)),
    "https h2": (3, http2.case),
    "https tls": (1, records.case),
    "rest": (11, http1.case),
    "http": (12, http1.case),
    "url": (6, http1.case),
    "url-iam": (3, http1.case),
    "url-stream": (2, http1.case),
    "websocket": (6, websocket.case),
    "control": (7, invoke.case),
    "runtime-api": (1, invoke.runtime_api_case),
}
"""What is attacked → its share of the connections, and what makes a case."""

_LOT: Final = tuple(name for name, (share, _) in _MAKERS.items() for _ in range(share))
_KINDS: Final = tuple(_MAKERS)
MEMORY_MB: Final = 64.0
"""How much more than after the warm-up the gateway may hold at the end: caches and arenas fill slowly."""
DESCRIPTORS: Final = 40
"""The same for open descriptors: environments come and go, and each needs some."""
TOLD: Final = 3
"""So many findings of a kind are told, the others counted."""
SHOWN: Final = 600
"""Bytes of a case that a finding shows; all of them are sent again with ``--only``."""
_REST_S: Final = 12.0
"""How long after the last case its connections may take to be gone; to a refused client the gateway listens for 5 s."""


def make(seed: int, number: int) -> Case:
    """The case of two numbers; those below zero are one of each kind."""
    dice = dice_of(seed, number)
    name = dice.one(_LOT) if number >= 0 else _KINDS[number]
    return _MAKERS[name][1](dice, name.partition(" ")[0])


class Attack:
    """Sends cases until there were enough answers, or time is up.

    Attributes:
        requests: Answers, and connections that ended without one.
        findings: How often each kind of what is wrong was seen.
    """

    def __init__(self, stand: Stand, seed: int, report: Callable[[str], None]) -> None:
        self._stand = stand
        self._seed = seed
        self._report = report
        self._client = Client(stand.ports)
        self._log = LogReader(stand.log, stand.log.parent)
        self._next = 0
        self.requests = 0
        self.cases = 0
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.findings: Counter[str] = Counter()

    async def run(self, requests: int, until: float, connections: int) -> None:
        """Go on until so many requests were judged in all, on so many connections at once."""
        await asyncio.gather(*(self._send(requests, until) for _ in range(connections)))

    async def _send(self, requests: int, until: float) -> None:
        while self.requests < requests and time.monotonic() < until and self._stand.is_alive:
            number, self._next = self._next, self._next + 1
            await self.send(number)

    async def send(self, number: int) -> None:
        """Send one case and judge what comes."""
        case = make(self._seed, number)
        result = await self._client.run(case, enough(case))
        verdict = judge(case, result)
        if verdict.findings and case.listener == "runtime-api":
            self._stand.find_runtime_api()  # its environment has ended, and another one has another port
        self.cases += 1
        self.requests += len(verdict.statuses)
        for status in verdict.statuses:
            self.statuses[case.listener, status] += 1
        for finding in verdict.findings:
            sent = b"".join(case.sends)
            text = f"--seed {self._seed} --only {number}: {case.listener}: {finding}\n    sent: {sent[:SHOWN]!r}"
            self.found(f"{case.listener}: {finding[:16]}", text)

    def found(self, kind: str, text: str) -> None:
        """Note a finding; the first few of a kind are said at once."""
        self.findings[kind] += 1
        if self.findings[kind] <= TOLD:
            self._report(text)

    def read_log(self) -> None:
        """See whether something new in the log is wrong."""
        for kind, text in self._log.findings():
            self.found(f"in the log: {kind}", f"in the log: {text}")

    async def rest(self, wanted: int) -> Usage:
        """What the gateway holds when it has nothing to do: waits until it has no more descriptors than wanted."""
        begin = time.monotonic()
        usage = self._stand.usage()
        while usage.descriptors > wanted and time.monotonic() < begin + _REST_S:
            await asyncio.sleep(0.1)
            usage = self._stand.usage()
        return usage


async def attack(folder: Path, options: argparse.Namespace, report: Callable[[str], None]) -> Attack:
    """Start a gateway in an empty folder and attack it; what was found is in the result."""
    begin = time.monotonic()
    async with attacked_gateway(folder) as stand:
        attacking = Attack(stand, options.seed, report)
        if options.only is not None:
            await attacking.send(options.only)
            attacking.read_log()
            return attacking
        telling = asyncio.create_task(_tell(attacking, stand, report))
        until = begin + options.seconds
        cold = stand.usage()
        for number in range(-len(_KINDS), 0):
            await attacking.send(number)  # what is imported or started late would hold up all others at once
        await attacking.run(max(options.requests // 10, 1), until, options.connections)
        warm = await attacking.rest(cold.descriptors + DESCRIPTORS)
        await attacking.run(options.requests, until, options.connections)
        telling.cancel()
        if stand.is_alive:
            end = await attacking.rest(warm.descriptors + DESCRIPTORS)
            _compare(attacking, warm, end, report)
        else:
            attacking.found("the end", f"the gateway ended with code {stand.process.returncode}")
    attacking.read_log()
    return attacking


def _compare(attacking: Attack, warm: Usage, end: Usage, report: Callable[[str], None]) -> None:
    before = f"after the warm-up {warm.memory_mb:.0f} MB, {warm.descriptors} descriptors"
    report(f"{before}; at the end {end.memory_mb:.0f} MB, {end.descriptors}")
    if end.memory_mb > warm.memory_mb + MEMORY_MB:
        attacking.found("memory", f"memory grew from {warm.memory_mb:.0f} to {end.memory_mb:.0f} MB")
    if end.descriptors > warm.descriptors + DESCRIPTORS:
        attacking.found("descriptors", f"open descriptors grew from {warm.descriptors} to {end.descriptors}")


async def _tell(attacking: Attack, stand: Stand, report: Callable[[str], None]) -> None:
    begin = time.monotonic()
    while stand.is_alive:
        await asyncio.sleep(60)
        attacking.read_log()
        passed = time.monotonic() - begin
        usage = stand.usage()
        report(
            f"{passed:6.0f} s {attacking.requests:9} requests {attacking.requests / passed:6.0f}/s "
            f"{usage.memory_mb:6.0f} MB {usage.descriptors:4} descriptors {attacking.findings.total()} findings"
        )


def _summary(attacking: Attack, seconds: float) -> str:
    lines = [f"{attacking.requests} requests on {attacking.cases} connections in {seconds:.0f} s"]
    for listener in sorted({listener for listener, _ in attacking.statuses}):
        statuses = sorted((status, count) for (name, status), count in attacking.statuses.items() if name == listener)
        lines.append(f"  {listener:14} " + " ".join(f"{status or 'none'}: {count}" for status, count in statuses))
    lines += [f"{count} x {kind}" for kind, count in attacking.findings.most_common()]
    return "\n".join([*lines, f"{attacking.findings.total()} findings"])


def options_of(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="scripts/attack grammar", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000, help="answers to be judged, default 100000")
    parser.add_argument("--seconds", type=float, default=3600.0, help="the most that it may take")
    parser.add_argument("--connections", type=int, default=48, help="at once, default 48")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of one case, to send it alone")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run from the command line: 0 when nothing was found."""
    options = options_of(arguments)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gateway-attack-") as folder:
        attacking = uvloop.run(attack(Path(folder), options, partial(print, flush=True)))
    if options.only is None and attacking.requests < options.requests:
        print(f"stopped before {options.requests} requests: --seconds {options.seconds:g} are over, or the gateway is")
    print(_summary(attacking, time.monotonic() - begin), flush=True)
    return 1 if attacking.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
