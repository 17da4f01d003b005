"""What goes wrong costs what it must and nothing else."""

import asyncio
import logging
import os
import random
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.app import Server
from tests.gateways import Front, function, gateway_of
from tests.listeners.doubles import Client
from tests.targets.hosting import Log, children

pytestmark = pytest.mark.anyio

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
KILLS = 200
CLIENTS = 8
MALFORMED = 10_000
PER_CONNECTION = 4


@asynccontextmanager
async def serving(handler: str, log: Log, *, in_process: bool) -> AsyncIterator[Server]:
    """A gateway in front of a handler of ``host.py``."""
    gateway = gateway_of([function("app", f"host.{handler}")], [Front("app")], log.append, in_process=in_process)
    await gateway.start()
    yield gateway.servers[0]
    await gateway.stop(5)


def is_there(pid: int) -> bool:
    """Whether a worker has not ended yet."""
    return Path(f"/proc/{pid}").exists()


class Load:
    """Clients that ask one request after the other and count the answers; a worker answers with its process id."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: Counter[int] = Counter()
        self.workers: dict[int, int] = {}
        self.served = asyncio.Event()
        self.over = False

    async def client(self) -> None:
        """One client; a connection that breaks would be an error."""
        client = await Client.connect(self.port)
        while not self.over:
            answer = await client.ask(GET)
            self.answers[answer.status] += 1
            if answer.status == 200:
                self.workers[int(answer.body)] = self.answers[200]
                self.served.set()
        await client.close()

    async def next_worker(self) -> int:
        """A worker that has just answered, and is still there."""
        while True:
            self.served.clear()
            await asyncio.wait_for(self.served.wait(), 20)
            pid = max(self.workers, key=self.workers.__getitem__)
            if random.random() < 0.5:
                pid = random.choice(list(self.workers))
            if is_there(pid):
                return pid
            del self.workers[pid]


async def test_kills_cost_the_requests_in_flight(caplog: pytest.LogCaptureFixture) -> None:
    """200 workers killed under load cost at most one 502 each; every other request is answered by its handler."""
    random.seed(1)
    before = children()
    with caplog.at_level(logging.CRITICAL, "gateway"):
        async with serving("alb_pid", Log(), in_process=False) as server:
            load = Load(server.port)
            clients = [asyncio.ensure_future(load.client()) for _ in range(CLIENTS)]
            for _ in range(KILLS):
                os.kill(await load.next_worker(), signal.SIGKILL)
            load.over = True
            await asyncio.wait_for(asyncio.gather(*clients), 20)

    assert set(load.answers) <= {200, 502}
    assert load.answers[502] <= KILLS
    assert load.answers[200] >= KILLS
    assert children() == before


# -- malformed requests ------------------------------------------------------------------------------------------------

METHODS = [
    b"GET",
    b"POST",
    b"HEAD",
    b"OPTIONS",
    b"TRACE",
    b"CONNECT",
    b"PRI",
    b"get",
    b"G\x00T",
    b"",
    b"M" * 50,
    b"GE T",
]
TARGETS = [
    b"/", b"/a?b=c", b"*", b"http://h/x", b"//", b"/../..", b"/%", b"/%zz?%", b"/\xff", b"/?\xc3\x28", b"/a b", b"",
    b"h:80",
    b"/" + b"x" * 20_000, b"/?" + b"a=1&" * 3000, b"/\x00", b"/#f", b"/\r", b"?", b"\\",
]  # fmt: skip
VERSIONS = [b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.11", b"http/1.1", b"HTTP/1.", b"", b"FTP/1.1"]
LINES = [
    b"Host: h", b"Host: other", b"Host:", b"Host: a b", b"Host : h", b"Content-Length: 3", b"Content-Length: 3, 3",
    b"Content-Length: -1", b"Content-Length: 99999999999999999999", b"Content-Length: x", b"Content-Length:",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding:\tchunked", b"Transfer-Encoding : chunked", b"Connection: close", b"Connection: upgrade",
    b"Upgrade: websocket", b"Upgrade: h2c", b"Expect: 100-continue", b"Expect: else", b"X: \x00", b"X: \xff\xfe", b"X",
    b": x", b" folded", b"\tfolded", b"X\xe9: y", b"X: " + b"y" * 20_000, b"Cookie: " + b"a=b; " * 500,
    b"X-Forwarded-For: ,,",
    b"X-Forwarded-For: " + b"1.1.1.1, " * 40, b"X-Amzn-Trace-Id: Root=;;=",
    b"Content-Type: application/json; charset=\xff",
    b"Content-Encoding: gzip", b"X_y: z", b"Range: bytes=-", b"Content-Length: 03", b"Content-Length: +3",
]  # fmt: skip
BODIES = [b"", b"abc", b"3\r\nabc\r\n0\r\n\r\n", b"zz\r\n", b"3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n", b"\xff" * 10,
          b"-1\r\n",
          b"0\r\n\r\n",
          b"fffffffffffffffff\r\n", b"3\nabc\n0\n\n", b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01"]  # fmt: skip
ENDS = [b"\r\n"] * 8 + [b"\n", b"\r", b"\r\r\n", b""]


def malformed(source: random.Random) -> bytes:
    """A request that is wrong in some place, as a rule."""
    end = source.choice(ENDS)
    start = b" ".join(
        (source.choice(METHODS[:3] * 4 + METHODS), source.choice(TARGETS), source.choice(VERSIONS[:1] * 8 + VERSIONS))
    )
    lines = [b"Host: h"] * (source.random() < 0.8) + source.choices(LINES, k=source.randrange(5))
    data = end.join([start, *lines, b"", b""]) + source.choice(BODIES)
    if source.random() < 0.2:  # one wrong byte, or a part missing
        place = source.randrange(len(data) + 1)
        data = data[:place] + bytes([source.randrange(256)]) * source.randrange(2) + data[place + source.randrange(3) :]
    return data


async def conversation(port: int, requests: list[bytes]) -> list[int]:
    """Send requests on as many connections as the server wants: the statuses of all answers, none after a hang."""
    statuses: list[int] = []
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"".join(requests))
        writer.write_eof()
        data = await asyncio.wait_for(reader.read(-1), 20)
        statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)]
    except ConnectionError:
        pass  # refused before all was read
    finally:
        writer.close()
    return statuses


async def test_malformed_requests(caplog: pytest.LogCaptureFixture) -> None:
    """10,000 random malformed requests give no 500, no traceback and no hang, and afterwards all is well."""
    source = random.Random(2026)
    log = Log()
    statuses: Counter[int] = Counter()
    with caplog.at_level(logging.ERROR):
        async with serving("alb", log, in_process=True) as server:
            sizes = [1] * (MALFORMED // 2) + [PER_CONNECTION] * (MALFORMED // 2 // PER_CONNECTION)
            pending = iter([[malformed(source) for _ in range(size)] for size in sizes])

            async def talk() -> None:
                for requests in pending:
                    statuses.update(await conversation(server.port, requests))

            await asyncio.gather(*(talk() for _ in range(8)))
            client = await Client.connect(server.port)
            answer = await client.ask(GET)
            await client.close()

    assert (answer.status, answer.body) == (200, b"/a")
    assert statuses[500] == 0
    assert {200, 400} < set(statuses)
    assert [record.getMessage() for record in caplog.records] == []
    assert "Traceback" not in log.text
