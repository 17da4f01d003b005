"""The benchmarks measure what they say, and refuse to measure what does not work; no figure is looked at."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.differences import difference, spread
from benchmarks.fake_clients import Clients, Exchange, NoFigureError, Transport, wrong

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
PROCESSES = ["worker", "runtime-api", *(["runtime-api-node", "nodejs"] if shutil.which("node") else [])]
"""The executions that this machine can run in processes of their own."""

EXCHANGE = Exchange("GET /{n} HTTP/1.1\r\n\r\n", "seen /{n}")

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="commits are compared with git")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="processor time is read as Linux has it")


class Server(asyncio.Protocol):
    """Answers each request in the loop's next turn, with a status of one's choice; notes both."""

    def __init__(self, status: bytes = b"200 OK", notes: list[str] | None = None) -> None:
        self._status = status
        self._notes = [] if notes is None else notes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer later."""
        self._notes.append("asked")
        asyncio.get_running_loop().call_soon(self._answer, b"seen " + data.split()[1])

    def _answer(self, body: bytes) -> None:
        self._notes.append("answered")
        self._transport.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (self._status, len(body), body))


def measured(*arguments: str) -> dict[str, Any]:
    """The JSON of a short run."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "cpu.py", "--rounds", "1", "--requests", "64", "--json", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@needs_linux
@pytest.mark.parametrize("execution", PROCESSES)
def test_processor_time_is_measured_of_every_execution(execution: str) -> None:
    """Each is a run of ``gateway serve`` whose answers are right; a process that it starts has its own figure."""
    found = measured("--execution", execution)

    assert list(found["figures"]) == [f"alb, get, {execution}, parent", f"alb, get, {execution}, child"]
    assert all(figure > 0 for figure in found["figures"].values())


@needs_linux
def test_two_checkouts_are_measured_beside_each_other() -> None:
    """In-process, where there is one figure; those of both have the same names."""
    found = measured("--execution", "in-process", "--beside", sys.executable, str(BENCHMARKS.parent))

    assert list(found["figures"]) == list(found["beside"]) == ["alb, get, in-process"]
    assert all(figure > 0 for figure in (*found["figures"].values(), *found["beside"].values()))
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
    notes: list[str] = []

    async def run() -> None:
        await Clients(lambda: Server(notes=notes), EXCHANGE, 3).send(2)

    asyncio.run(run())

    assert notes == [*["asked"] * 3, *["answered"] * 3] * 2


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


def test_the_spread_is_the_range_without_the_fifth_that_is_furthest_off() -> None:
    """One run that something else slowed down does not hide what the others say."""
    assert spread([10.0, 10.2, 9.9, 10.1, 30.0]) == pytest.approx((10.2 - 9.9) / 10.1)
    assert spread([10.0, 10.2, 9.9, 10.1, 1.0]) == pytest.approx((10.2 - 9.9) / 10.0)


def test_a_few_figures_are_all_kept() -> None:
    """Less than five have no fifth."""
    assert spread([1.0, 2.0, 3.0]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ([10.0, 10.1, 10.2, 10.1, 10.0], [11.0, 11.2, 11.2, 11.1, 11.0], "slower by 10 %"),
        ([10.0, 10.1, 10.2, 10.1, 10.0], [9.0, 9.1, 9.2, 9.1, 9.0], "faster by 10 %"),
        ([10.0, 10.1, 10.2, 10.1, 10.0], [10.2, 10.0, 10.3, 10.0, 10.2], "none"),
        ([10.0, 14.0, 12.0, 11.0, 13.0], [13.0, 13.1, 13.2, 13.1, 13.0], "none"),
        ([10.0, 14.0, 12.0, 11.0, 13.0], [11.0, 15.4, 13.2, 12.1, 14.3], "slower by 10 %"),
    ],
)
def test_a_difference_below_the_spread_is_none(old: list[float], new: list[float], verdict: str) -> None:
    """What slows both runs of a pair is no spread."""
    assert difference(old, new).verdict == verdict


def test_a_difference_has_both_medians_and_the_median_of_the_ratios() -> None:
    """They need not fit: what is slow in one pair is quick in another."""
    found = difference([1.0, 2.0, 3.0], [4.0, 3.0, 9.0])

    assert (found.old, found.new, found.ratio) == (2.0, 4.0, 3.0)


FAKE_BENCHMARK = """
import json, sys, gateway
from pathlib import Path
with Path(sys.argv[2]).open("a") as log:
    log.write(f"{gateway.COST}\\n")
found = {"unit": "ms", "figures": {"call": gateway.COST, "fixed": 7}}
if sys.argv[3:4] == ["--beside"]:
    other = Path(sys.argv[5], "gateway", "__init__.py").read_text()
    found["beside"] = {"call": int(other.split()[-1]), "fixed": 7}
print(json.dumps(found))
"""
TURNS = {
    "start": ["8", "12", "12", "8", "8", "12", "12", "8", "8", "12"],
    "cpu": ["8", "12", "8", "12", "8"],
}
"""By benchmark: which version runs, one after the other; that of processor time runs both at once."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one commit, whose function costs 8, and this project's way to compare it."""
    folder = tmp_path / "project"
    (folder / "benchmarks").mkdir(parents=True)
    for name in ("compare.py", "differences.py", "servers.py"):
        shutil.copy(BENCHMARKS / name, folder / "benchmarks")
    for name in TURNS:
        (folder / "benchmarks" / f"{name}.py").write_text(FAKE_BENCHMARK)
    (folder / "pyproject.toml").write_text('[project]\nname = "gateway"\ndependencies = []\n')
    (folder / "gateway").mkdir()
    git("init", "-q", folder=folder)
    (folder / "gateway" / "__init__.py").write_text("COST = 8\n")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    """Commit all that is there."""
    git("add", ".", folder=folder)
    git("-c", "user.name=n", "-c", "user.email=e@example.com", "commit", "-q", "-m", "Go on", folder=folder)


def git(*arguments: str, folder: Path) -> None:
    """Run git in a folder, without the settings of whoever runs the tests."""
    variables = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *arguments], cwd=folder, env=variables, check=True)


def compare(project: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run it with a temporary folder of its own, which is empty again afterwards."""
    temporary = project.parent / "tmp"
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, project / "benchmarks" / "compare.py", *arguments],
        cwd=project,
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert list(temporary.iterdir()) == []
    return done


@needs_git
@pytest.mark.parametrize("benchmark", TURNS)
def test_a_commit_and_the_checkout_take_turns_and_a_figure_that_grew_too_much_fails(
    project: Path, benchmark: str
) -> None:
    """Each has its own files and begins every other round."""
    (project / "gateway" / "__init__.py").write_text("COST = 12\n")
    log = project / "log"
    given = ["--benchmark", benchmark, "--rounds", "5", "--fail-above", "1.1", "--", str(log)]

    done = compare(project, "HEAD", ".", *given)

    assert done.returncode == 1, done.stderr
    assert "| call | 8.00 | 12.0 | 1.500 | 0.0% | slower by 50 % |" in done.stdout
    assert "| fixed | 7.00 | 7.00 | 1.000 | 0.0% | none |" in done.stdout
    assert log.read_text().split() == TURNS[benchmark]


@needs_git
def test_a_commit_that_needs_other_packages_gets_an_environment_of_its_own(project: Path) -> None:
    """Made by its own ``scripts/setup``."""
    (project / "scripts").mkdir()
    setup = project / "scripts" / "setup"
    setup.write_text(
        f'#!/bin/sh\ncd "$(dirname "$0")/.."\nmkdir -p .venv/bin\nln -s {sys.executable} .venv/bin/python\n'
    )
    setup.chmod(0o755)
    commit(project)
    (project / "pyproject.toml").write_text('[project]\nname = "gateway"\ndependencies = ["click"]\n')

    done = compare(project, "HEAD", ".", "--benchmark", "start", "--rounds", "5", "--", str(project / "log"))

    assert done.returncode == 0, done.stderr
    assert "/0/.venv/bin/python\n" in done.stdout
    assert f".: {project}, {sys.executable}\n" in done.stdout


@needs_git
def test_a_commit_that_is_not_there_is_told(project: Path) -> None:
    """Before anything is measured."""
    done = compare(project, "HEAD", "nowhere")

    assert done.returncode == 1
    assert "nowhere: git knows no such commit" in done.stderr


@needs_git
def test_too_few_rounds_are_refused(project: Path) -> None:
    """They have no spread."""
    done = compare(project, "HEAD", "HEAD", "--rounds", "4")

    assert done.returncode == 2
    assert "--rounds" in done.stderr
