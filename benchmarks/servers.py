"""What benchmarks start: the gateway with a plain handler, and the bare uvicorn application it is compared with."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HANDLER = """
def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "hello"}
"""
NODE_HANDLER = """
export const handler = async () => ({ statusCode: 200, headers: { "content-type": "text/plain" }, body: "hello" });
"""
BASE_APP = """
HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
BODY = {"type": "http.response.body", "body": b"hello"}

async def app(scope, receive, send):
    await send(HEAD)
    await send(BODY)
"""
SERVE = [sys.executable, "-m", "gateway", "serve", "bench_handler.handler", "-p", "{port}", "-q"]
SERVE_NODE = [part.replace("bench_handler", "bench_node") for part in SERVE]
UVICORN = [sys.executable, "-m", "uvicorn", "bench_app:app", "--port", "{port}", "--no-access-log"]
# A checkout whose bytecode is not kept would be compiled at each start.
VARIABLES = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def write_programs(folder: Path) -> None:
    """What the commands serve."""
    (folder / "bench_handler.py").write_text(HANDLER)
    (folder / "bench_node.mjs").write_text(NODE_HANDLER)
    (folder / "bench_app.py").write_text(BASE_APP)


@dataclass
class Server:
    """A program that serves on a port; ``{port}`` in its command stands for a free one."""

    name: str
    command: list[str]
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def launch(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [part.format(port=self.port) for part in self.command]
        self.process = subprocess.Popen(
            command, cwd=folder, env=VARIABLES, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def start(self, folder: Path) -> None:
        """Launch, and wait until the port is open."""
        self.launch(folder)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit(f"{self.name} did not start: {' '.join(self.command)}")

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None
