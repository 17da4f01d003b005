"""``scripts/attack framing``: conflicts of framing, in all desync mitigation modes, before a back end that tells all.

Three load balancers run in this process, one for each mode, each with a back end of its own on loopback.  Half of the
requests are odd or can be read in several ways, with another request inside that must not arrive; the others are
ordinary ones of other clients, who must get their own answers, also while the back end breaks the rules of framing.
"""

import argparse
import asyncio
import logging
import random
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import uvloop

from gateway.config.attributes import TARGET_GROUP, defaults
from gateway.config.settings import HealthCheckSettings, TargetGroupSettings
from gateway.listeners.alb.attributes import alb_attributes
from gateway.listeners.alb.http_targets import HttpTargetGroup
from gateway.listeners.alb.listener import Routing
from gateway.listeners.alb.rules import compile_rules
from gateway.listeners.pipeline import PipelineListener
from gateway.listeners.server import ListenerServer
from gateway.translation.desync import Mode
from gateway.translation.messages import Request
from tests.attacks.framing_back_end import KINDS, BackEnd
from tests.attacks.framing_cases import Case, Maker
from tests.listeners.alb.doubles import FORWARD, alb_listener
from tests.listeners.alb.stacks import alb
from tests.listeners.observers import respond

_UNCHECKED: Final = HealthCheckSettings(
    enabled=False, path="/", interval=30, timeout=5, healthy_threshold=5, unhealthy_threshold=2, matcher="200"
)
_PATIENCE_S: Final = 10.0
_SHOWN: Final = 20


@dataclass
class Attacked:
    """What came of it.

    Attributes:
        requests: How many were sent.
        found: What was not meant, by mode and in words.
        arrived: How many requests reached a back end, by mode.
    """

    requests: int = 0
    found: Counter[str] = field(default_factory=Counter)
    arrived: Counter[str] = field(default_factory=Counter)


def main(arguments: Sequence[str]) -> int:
    """0 when nothing came that was not meant, 1 when something did or time was too short."""
    parser = argparse.ArgumentParser(prog="scripts/attack framing", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--requests", type=int, default=100_000, help="how many (default: 100000)")
    parser.add_argument("--seconds", type=float, default=1800, help="the longest time (default: 1800)")
    parser.add_argument("--seed", type=int, default=None, help="repeat a run")
    options = parser.parse_args(arguments)
    seed = random.randrange(2**32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    logging.disable(logging.WARNING)  # each refused request has its line
    began = time.monotonic()
    attacked = uvloop.run(attack(options.requests, options.seconds, seed))
    took = time.monotonic() - began
    arrived = ", ".join(f"{count} in {mode}" for mode, count in sorted(attacked.arrived.items()))
    print(f"{attacked.requests} requests in {took:.0f} s; meant requests that arrived: {arrived}")
    for what, count in attacked.found.most_common(_SHOWN):
        print(f"{count} x {what}")
    print(f"not meant: {attacked.found.total()}")
    if attacked.requests < options.requests:
        print(f"only {attacked.requests} of {options.requests} requests within {options.seconds:g} s", file=sys.stderr)
    return int(bool(attacked.found) or attacked.requests < options.requests)


async def attack(requests: int, seconds: float, seed: int, clients: int = 16) -> Attacked:
    """Send so many requests, a third in each mode, or fewer when the time is over."""
    attacked = Attacked()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: attacked.found.update([f"a defect: {context}"]))
    ends_at = loop.time() + seconds
    for number, mode in enumerate(Mode):
        share = requests // 3 + (number < requests % 3)
        async with _balanced(mode) as (listener, port, back_end):
            run = _Run(attacked, mode.value, listener, port, back_end, Maker(seed + number))
            await asyncio.gather(*(run.client(share, ends_at) for _ in range(clients)))
            attacked.arrived[mode.value] = back_end.arrived.total()
            attacked.found.update({f"{mode.value}: {what}": count for what, count in back_end.found.items()})
    return attacked


@asynccontextmanager
async def _balanced(mode: Mode) -> AsyncIterator[tuple[PipelineListener, int, BackEnd]]:
    """A load balancer in a mode, its port and what is behind it."""
    back_end = BackEnd()
    recording = await asyncio.get_running_loop().create_server(back_end.start, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{recording.sockets[0].getsockname()[1]}"
    settings = alb(
        groups=["group"],
        default_actions=FORWARD,
        attributes={"routing.http.desync_mitigation_mode": mode.value},
    )
    attributes = alb_attributes(settings)
    target_group = TargetGroupSettings("group", "", (url,), defaults(TARGET_GROUP), _UNCHECKED)
    group = HttpTargetGroup(target_group, "arn:x", attributes, b"k" * 32, idle_timeout_s=_PATIENCE_S)
    await group.start()
    listener = alb_listener(Routing(compile_rules(settings), {"group": group}, attributes, mode, b"key"))
    server = ListenerServer(listener)
    await server.start()
    try:
        yield listener, server.port, back_end
    finally:
        await server.stop(1)
        await group.aclose()
        recording.close()


class _Run:
    """The clients of one load balancer."""

    def __init__(
        self, attacked: Attacked, mode: str, listener: PipelineListener, port: int, back_end: BackEnd, maker: Maker
    ) -> None:
        self._attacked = attacked
        self._mode = mode
        self._listener = listener
        self._port = port
        self._back_end = back_end
        self._maker = maker
        self._sent = 0

    async def client(self, share: int, ends_at: float) -> None:
        """One of them: it sends while some are left of the share."""
        now = asyncio.get_running_loop().time
        makers: Mapping[int, Callable[[], Case]] = {0: self._maker.conflict, 2: self._maker.conflict}
        while self._sent < share and now() < ends_at:
            turn = self._sent % 4
            kind = self._sent // 4 % (2 * KINDS)
            case = makers[turn]() if turn in makers else self._maker.plain(kind if turn == 3 and kind < KINDS else 0)
            self._sent += 1
            self._attacked.requests += 1
            self._back_end.meant.update(case.meant)
            if turn == 0 and kind == 0:
                await self._directly(case)
            else:
                await self._over_the_wire(case)

    def _tell(self, what: str, case: Case) -> None:
        self._attacked.found[f"{self._mode}: {what} for {case.data[:400]!r}"] += 1

    async def _over_the_wire(self, case: Case) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                answered = await self._exchange(case.data)
        except TimeoutError:
            self._tell("no end of the answers", case)
            return
        if b"stray" in answered.lower() or b"HTTP/1.1 101" in answered:
            self._tell("another answer", case)
        numbers = [int(number) for number in re.findall(rb"answer to (\d+)", answered)]
        if numbers != [number for number in case.meant if number in numbers]:
            self._tell(f"answers to {numbers}", case)
        missing = [number for number in case.needed if self._back_end.arrived[number] != 1]
        if missing:
            self._tell(f"requests that did not arrive: {missing}", case)

    async def _exchange(self, data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(data)
            writer.write_eof()
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    async def _directly(self, case: Case) -> None:
        """What HTTP/2 carries: every byte in names, values, methods and paths."""
        target = b"/meant/%d" % case.meant[0]
        injected = b"\r\nHost: s\r\n\r\nGET /smuggled/1 HTTP/1.1\r\n\r\n"
        plain = Request("POST", target, b"", [(b"host", b"a")], b"abc", ("127.0.0.1", 1), ("127.0.0.1", 80))
        for number, request in enumerate(
            (
                plain._replace(headers=[(b"x-plain", b"a" + injected)]),
                plain._replace(headers=[(b"x-plain: a" + injected, b"b")]),
                plain._replace(headers=[(b"content-length:", b"1")]),
                plain._replace(headers=[(b"transfer-encoding", b"chunked"), (b"content-length", b"0")]),
                plain._replace(raw_path=target + b" HTTP/1.1" + injected),
                plain._replace(method="POST " + target.decode() + " HTTP/1.1" + injected.decode() + "GET"),
            )
        ):
            if number == 3:
                self._back_end.meant.add(case.meant[0])
            response = await respond(self._listener, request._replace(http_version="2"))
            if not isinstance(response.body, bytes):
                async for _ in response.body:
                    pass


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
