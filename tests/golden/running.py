"""The gateway that is asked, in a process of its own, with all listeners of ``gateway.toml``."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Final

from tests.golden.entries import FOLDER, Entry
from tests.golden.masks import masked
from tests.golden.sending import send
from tests.golden.server import Server
from tests.golden.texts import to_text
from tests.own_files import ROOT

CONTROL: Final = "control"
SERVE: Final = ("gateway", "serve", "gateway.toml", "--control-port", "0")
UVICORN: Final = ("tests.golden.under_uvicorn",)
_AT_ONCE: Final = 8


def listener_names() -> list[str]:
    """The names of the listeners of ``gateway.toml``, in their order there."""
    return re.findall(r"(?m)^\[\[listeners\]\] # (.+)$", (FOLDER / "gateway.toml").read_text())


def variables(server: Server) -> dict[str, str]:
    """The environment variables that ``gateway.toml`` and its functions need."""
    own = {"SERVER_PORT": str(server.port), "PYTHON": sys.executable}
    return {**own, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}


@contextmanager
def gateway(server: Server, way: Sequence[str]) -> Iterator[Mapping[str, int]]:
    """Serve; gives the ports by the names of the listeners."""
    names = listener_names()
    with subprocess.Popen(
        [sys.executable, "-m", *way],
        cwd=FOLDER,
        env={**os.environ, **variables(server)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        draining = threading.Thread(target=process.stderr.read if process.stderr else None)
        try:
            assert process.stdout
            assert process.stderr
            ready = [process.stdout.readline() for _ in names]
            assert all(ready), process.stderr.read()
            while not (line := process.stderr.readline()).startswith("gateway: Invoke API: "):
                assert line, "it did not become ready"
            draining.start()
            yield dict(zip([*names, CONTROL], map(_port, [*ready, line]), strict=True))
        finally:
            process.terminate()
            process.wait(20)
            if draining.ident is not None:
                draining.join()


def _port(line: str) -> int:
    found = re.search(r"127\.0\.0\.1:(\d+)", line)
    assert found, line
    return int(found[1])


def ask(entries: list[Entry], way: Sequence[str] = SERVE) -> list[tuple[str, str]]:
    """The answer to each entry now, and what the server behind got."""
    with closing(Server()) as server:
        with gateway(server, way) as ports:
            answers = send_all(entries, ports)
        return shown(answers, server, ports)


def send_all(entries: list[Entry], ports: Mapping[str, int]) -> list[bytes]:
    """The answers to all entries; some are asked at once, since some take long."""
    given = [request_of(number, entry) for number, entry in enumerate(entries)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        pairs = zip(entries, given, strict=True)
        return list(pool.map(lambda one: send(ports[one[0].listener], one[1], one[0].answers), pairs))


def request_of(number: int, entry: Entry) -> str:
    """The request of an entry, by whose number the server behind knows it."""
    return entry.request.replace("<golden>", str(number))


def shown(answers: list[bytes], server: Server, ports: Mapping[str, int]) -> list[tuple[str, str]]:
    """The answers as entries have them, each with what the server behind got."""
    known = {**ports, "server": server.port}
    return [(to_text(masked(answer, known)), target(server, number, known)) for number, answer in enumerate(answers)]


def target(server: Server, number: int, ports: Mapping[str, int]) -> str:
    """What the server behind got of the entry of this number."""
    got = masked(server.got.get(str(number), b""), ports)
    return to_text(re.sub(rb"(?i)(X-Golden): %d\r\n" % number, rb"\1: <golden>\r\n", got))
