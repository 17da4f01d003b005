"""The gateway that is asked, in a process of its own, with all listeners of ``gateway.toml``."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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


@contextmanager
def gateway(server: Server, way: Sequence[str]) -> Iterator[Mapping[str, int]]:
    """Serve; gives the ports by the names of the listeners."""
    names = re.findall(r"(?m)^\[\[listeners\]\] # (.+)$", (FOLDER / "gateway.toml").read_text())
    variables = {"SERVER_PORT": str(server.port), "PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1"}
    variables["PYTHONPATH"] = str(ROOT)
    with subprocess.Popen(
        [sys.executable, "-m", *way],
        cwd=FOLDER,
        env={**os.environ, **variables},
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
    """The answer to each entry now, and what the server behind got; some are asked at once, since some take long."""
    server = Server()
    with gateway(server, way) as ports, ThreadPoolExecutor(_AT_ONCE) as pool:
        given = [entry.request.replace("<golden>", str(number)) for number, entry in enumerate(entries)]
        sent = pool.map(
            lambda one: send(ports[one[0].listener], one[1], one[0].answers), zip(entries, given, strict=True)
        )
        answers = list(sent)
    server.close()
    known = {**ports, "server": server.port}
    return [
        (to_text(masked(answer, known)), to_text(_of_server(masked(server.got.get(str(number), b""), known), number)))
        for number, answer in enumerate(answers)
    ]


def _of_server(got: bytes, number: int) -> bytes:
    return got.replace(b"X-Golden: %d\r\n" % number, b"X-Golden: <golden>\r\n")
