"""The gateway that is attacked: a process of its own, with what it needs around it."""

import asyncio
import contextlib
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.attacks.back_end import start_back_end
from tests.attacks.configuration import NAMES, configuration
from tests.attacks.functions import write_functions
from tests.attacks.tokens import ACCESS_KEY, SECRET, tokens

LISTENERS = (*NAMES, "control", "runtime-api")
"""What can be attacked: the listeners, the control port, and the Runtime API of an environment."""

_PROJECT = Path(__file__).parents[2]
_WAKING = (("url-stream", b"/"), ("http", b"/mine"), ("rest", b"/api/x"), ("https", b"/valid"))
"""What starts the environment whose Runtime API is attacked, and imports what checks tokens."""
_READY_S = 60.0
_END_S = 30.0


class Usage(NamedTuple):
    """What the gateway's process holds: memory in MB, open descriptors."""

    memory_mb: float
    descriptors: int


@dataclass
class Stand:
    """A running gateway.

    Attributes:
        ports: By the name of a listener; that of a Runtime API changes with its environment.
        log: What it has written to standard error.
    """

    process: subprocess.Popen[str]
    ports: dict[str, int]
    log: Path

    @property
    def is_alive(self) -> bool:
        """Whether the gateway still runs."""
        return self.process.poll() is None

    def usage(self) -> Usage:
        """What its process holds now."""
        process = Path(f"/proc/{self.process.pid}")
        memory = int((process / "status").read_text().partition("VmRSS:")[2].split()[0]) / 1024
        return Usage(memory, len(list((process / "fd").iterdir())))

    def find_runtime_api(self) -> None:
        """Learn where the present Runtime API is; an environment that ended has taken the last one with it."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            self.ports["runtime-api"] = int((self.log.parent / "runtime" / "runtime-api").read_text().partition(":")[2])


@contextlib.asynccontextmanager
async def attacked_gateway(folder: Path) -> AsyncIterator[Stand]:
    """Start one in an empty folder; it ends with the block, whatever happens there."""
    back_end, url = await start_back_end()
    write_functions(folder)
    file = folder / "gateway.toml"
    file.write_text(configuration(url))
    control = _free_port()
    command = [sys.executable, "-m", "gateway", "serve", str(file), "--control-port", str(control), "--quiet"]
    command += ["--signing-key", f"{ACCESS_KEY}={SECRET}", "--access-log", "/dev/null"]
    variables = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": str(_PROJECT)}
    log = folder / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs yet
            command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=stderr, text=True
        )
    try:
        ports = await asyncio.wait_for(asyncio.to_thread(_ready_ports, process), _READY_S)
        stand = Stand(process, {**ports, "control": control}, log)
        for name, path in _WAKING:
            await _wake(ports[name], path, _trusting() if name == "https" else None)
        stand.find_runtime_api()
        yield stand
    finally:
        process.terminate()
        await asyncio.to_thread(_end, process)
        back_end.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _ready_ports(process: subprocess.Popen[str]) -> Mapping[str, int]:
    """The ports of the ready lines.

    Raises:
        RuntimeError: The gateway does not start; its reason is on standard error.
    """
    assert process.stdout
    ports = {}
    for name in NAMES:
        line = process.stdout.readline()
        if not line.startswith("Ready: "):
            raise RuntimeError(f"the gateway is not ready: {line!r}; see its log")
        ports[name] = int(line.split()[1].rpartition(":")[2])
    return ports


def _end(process: subprocess.Popen[str]) -> None:
    try:
        process.communicate(timeout=_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


async def _wake(port: int, path: bytes, tls: ssl.SSLContext | None) -> None:
    """Ask once with a good token."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    lines = b"Host: localhost\r\nConnection: close\r\nAuthorization: " + tokens().values[0]
    writer.write(b"GET %b HTTP/1.1\r\n%b\r\n\r\n" % (path, lines))
    await reader.read()
    writer.transport.abort()


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
