"""The benchmarks measure what they say, and refuse to measure what does not work; no figure is looked at."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.differences import difference, spread
from benchmarks.fake_clients import Clients, Exchange, NoFigureError, Transport, wrong

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
EXCHANGE = Exchange("GET /{n} HTTP/1.1\r\n\r\n", "seen /{n}")


class Turns:
    """How many requests came in each turn of the event loop that had any."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self._same = False

    def count(self) -> None:
        """One came."""
        if not self._same:
            self._same = True
            self.counts.append(0)
            asyncio.get_running_loop().call_soon(self._end)
        self.counts[-1] += 1

    def _end(self) -> None:
        self._same = False


class Server(asyncio.Protocol):
    """Answers each request in the loop's next turn, with a status of one's choice."""

    def __init__(self, status: bytes = b"200 OK", turns: Turns | None = None) -> None:
        self._status = status
        self._turns = turns or Turns()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer later."""
        self._turns.count()
        body = b"seen " + data.split()[1]
        answer = b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (self._status, len(body), body)
        asyncio.get_running_loop().call_soon(self._transport.write, answer)


def execution_names() -> list[str]:
    """Those that this machine can run."""
    return ["in-process", "worker", "runtime-api", *(["runtime-api-node", "nodejs"] if shutil.which("node") else [])]


@pytest.mark.skipif(sys.platform != "linux", reason="processor time of another process is read as Linux has it")
@pytest.mark.parametrize("execution", execution_names())
def test_processor_time_is_measured_of_every_execution(execution: str) -> None:
    """Each is a run of ``gateway serve`` whose answers are right; a process that it starts has its own figure."""
    short = ["--rounds", "1", "--requests", "64", "--execution", execution, "--json"]

    done = subprocess.run(
        [sys.executable, BENCHMARKS / "cpu.py", *short], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    name = f"alb, get, {execution}"
    assert list(found["figures"]) == ([name] if execution == "in-process" else [f"{name}, parent", f"{name}, child"])
    assert all(figure > 0 for figure in found["figures"].values())
    assert found["folder"] == str(BENCHMARKS.parent)


def test_each_client_sends_as_many_requests_as_it_is_told() -> None:
    """It asks for what is its own, and gets that."""

    async def run() -> None:
        clients = Clients(Server, EXCHANGE, 3)
        await clients.send(2)
        await clients.send(5)
        clients.check(7)

    asyncio.run(run())


def test_clients_that_are_ready_in_one_turn_are_fed_in_one_turn() -> None:
    """As sockets are, of which a selector reports all that are ready."""
    turns = Turns()

    async def run() -> None:
        await Clients(lambda: Server(turns=turns), EXCHANGE, 3).send(4)

    asyncio.run(run())

    assert turns.counts == [3, 3, 3, 3]


def test_a_missing_answer_is_no_figure() -> None:
    """The count must be exact."""

    async def run() -> None:
        clients = Clients(Server, EXCHANGE, 3)
        await clients.send(2)
        clients.check(3)

    with pytest.raises(NoFigureError, match="2 answers instead of 3"):
        asyncio.run(run())


def test_an_error_is_no_figure() -> None:
    """It ends the run at once, with what came."""

    async def run() -> None:
        await Clients(lambda: Server(b"502 Bad Gateway"), Exchange("GET / HTTP/1.1\r\n\r\n", "other"), 1).send(1)

    with pytest.raises(NoFigureError, match="502 Bad Gateway"):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", ""),
        (b"HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nhi", "a wrong answer"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nhi", "a wrong answer"),
        (b"HTTP/1.1 200 OK\r\n\r\nhi", "a wrong answer"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nho", "a wrong answer"),
        (b"", "0 answers"),
    ],
)
def test_what_is_wrong_with_an_answer(answer: bytes, fault: str) -> None:
    """Status, body and length count."""
    assert wrong(answer, 1, b"hi").startswith(fault)
    assert bool(wrong(answer, 1, b"hi")) == bool(fault)


def test_the_spread_is_the_range_without_the_highest_fifth() -> None:
    """One run that something else slowed down does not hide what the others say."""
    assert spread([10.0, 10.2, 9.9, 10.1, 30.0]) == pytest.approx((10.2 - 9.9) / 10.1)


def test_a_few_figures_are_all_kept() -> None:
    """Less than five have no fifth."""
    assert spread([1.0, 2.0, 3.0]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ([10.0, 10.1, 10.2, 10.1, 10.0], [11.1, 11.2, 11.0, 11.1, 11.3], "slower by 10 %"),
        ([10.0, 10.1, 10.2, 10.1, 10.0], [9.1, 9.0, 9.2, 9.1, 9.1], "faster by 10 %"),
        ([10.0, 10.1, 10.2, 10.1, 10.0], [10.1, 10.2, 10.1, 10.2, 10.1], "none"),
        ([10.0, 14.0, 12.0, 11.0, 13.0], [13.0, 13.1, 13.2, 13.1, 13.0], "none"),
        ([13.0, 13.1, 13.2, 13.1, 13.0], [10.0, 14.0, 12.0, 11.0, 13.0], "none"),
    ],
)
def test_a_difference_below_the_spread_is_none(old: list[float], new: list[float], verdict: str) -> None:
    """The wider of the two spreads counts."""
    assert difference(old, new).verdict == verdict


def test_a_difference_has_both_medians_and_their_ratio() -> None:
    """New over old."""
    found = difference([1.0, 2.0, 3.0], [4.0, 3.0, 5.0])

    assert (found.old, found.new, found.ratio) == (2.0, 4.0, 2.0)
