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
READY = re.compile(r"Ready: https?://127\.0\.0\.1:(\d+) -> (\S+) \((.*)\)\n")


def start(folder: Path, *arguments: str, interpreter: Sequence[str] = (), **variables: str) -> subprocess.Popen[str]:
    """The command in a folder that has ``host.py``, with pipes for both streams.

    Args:
        folder: The working directory.
        arguments: Of the command.
        interpreter: Options of Python's own.
        variables: Environment variables beside those of the tests.
    """
    shutil.copy(HOST, folder)
    return subprocess.Popen(
        [sys.executable, *interpreter, "-m", "gateway", "serve", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, *arguments: str, given: str = "", **variables: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command that ends by itself."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **variables},
        input=given,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


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

    def send(self, path: str, *lines: str, port: int = 0, body: bytes = b"") -> socket.socket:
        """Ask without waiting for the answer; with a body by POST."""
        connection = socket.create_connection(("127.0.0.1", port or self.port), timeout=DEADLINE_S)
        length = [f"Content-Length: {len(body)}"] if body else []
        method = "POST" if body else "GET"
        head = [f"{method} {path} HTTP/1.1", *(lines or ("Host: h",)), "Connection: close", *length, "", ""]
        connection.sendall("\r\n".join(head).encode() + body)
        return connection

    def get(self, path: str, *lines: str) -> tuple[int, str]:
        """Status and body of an answer; ``lines`` are the request's headers."""
        return answer(self.send(path, *lines))

    def head(self, path: str, *lines: str) -> tuple[int, str]:
        """Status and header lines of an answer."""
        head = _read(self.send(path, *lines)).partition(b"\r\n\r\n")[0].decode()
        return int(head.split(" ")[1]), head + "\r\n"

    def invoke(self, port: int, name: str, event: bytes = b"{}", *lines: str) -> tuple[int, str]:
        """Status and result of a call of the Invoke API; ``lines`` are the request's headers."""
        lines = lines or ("Host: localhost",)
        return answer(self.send(f"/2015-03-31/functions/{name}/invocations", *lines, port=port, body=event))

    def end(self) -> int:
        """Wait for the process and its log: the exit code."""
        code = self.process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        return code


def answer(connection: socket.socket) -> tuple[int, str]:
    """Status and body, when the server has closed the connection."""
    head, _, body = _read(connection).partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body.decode()


def _read(connection: socket.socket) -> bytes:
    with connection:
        pieces: list[bytes] = []
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


@contextmanager
def serving(folder: Path, *arguments: str, interpreter: Sequence[str] = (), **variables: str) -> Iterator[Served]:
    """A gateway on a free port; killed at the end if it still runs."""
    port = () if any(argument.endswith((".toml", ".yaml")) for argument in arguments[:1]) else ("--port", "0")
    process = start(folder, *arguments, *port, interpreter=interpreter, **variables)
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
