"""``gateway serve`` as a user runs it, and a look at what it says."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

HOST = Path(__file__).parents[1] / "data" / "functions" / "python" / "host.py"
DEADLINE_S = 20.0
READY = re.compile(r"Ready: http://127\.0\.0\.1:(\d+) -> (\S+) \((.*)\)\n")


def start(folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """The command in a folder that has ``host.py``, with pipes for both streams."""
    shutil.copy(HOST, folder)
    return subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Served:
    """A gateway that is ready."""

    def __init__(self, process: subprocess.Popen[str], ready: str) -> None:
        found = READY.fullmatch(ready)
        assert found, (ready, process.communicate(timeout=DEADLINE_S)[1])
        self.process = process
        self.ready = ready
        self.port = int(found[1])
        self.log: list[str] = []
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            with self._told:
                self.log.append(line.rstrip("\n"))
                self._told.notify_all()

    def logged(self, text: str) -> bool:
        """Wait until a line of the log has this text."""
        with self._told:
            return self._told.wait_for(lambda: any(text in line for line in self.log), DEADLINE_S)

    def send(self, path: str) -> socket.socket:
        """Ask without waiting for the answer."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        return connection

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of an answer."""
        return answer(self.send(path))

    def end(self) -> int:
        """Wait for the process and its log: the exit code."""
        code = self.process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        return code


def answer(connection: socket.socket) -> tuple[int, str]:
    """Status and body, when the server has closed the connection."""
    with connection:
        pieces: list[bytes] = []
        while piece := connection.recv(65536):
            pieces.append(piece)
    head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body.decode()


@contextmanager
def serving(folder: Path, *arguments: str, **variables: str) -> Iterator[Served]:
    """A gateway on a free port; killed at the end if it still runs."""
    process = start(folder, *arguments, "--port", "0", **variables)
    try:
        assert process.stdout
        yield Served(process, process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


def refused(folder: Path, arguments: Sequence[str], **variables: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command that does not start."""
    with start(folder, *arguments, **variables) as process:
        out, err = process.communicate(timeout=DEADLINE_S)
        return process.returncode, out, err
