"""From the command to an open port: nothing is imported, and nobody waits, for what a plain function does not need.

What it takes in time is the business of ``benchmarks/start.py``.
"""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cli.serving import DEADLINE_S, HOST, serving

NOT_NEEDED = {
    "pydantic": "checks configuration files",
    "yaml": "reads configuration files",
    "tomllib": "reads configuration files",
    "gateway.config.apis": "APIs of API Gateway",
    "gateway.config.doors": "listeners that are no load balancers",
    "gateway.config.authentication": "listeners that authenticate",
    "gateway.config.conditions": "listeners with rules",
    "gateway.config.transforms": "rules that rewrite",
    "gateway.listeners.alb.conditions": "listeners with rules",
    "gateway.listeners.alb.transforms": "rules that rewrite",
    "gateway.listeners.alb.http_targets": "servers as targets",
    "gateway.listeners.alb.shadow": "target groups with a shadow",
    "gateway.listeners.alb.access_log": "--access-log",
    "gateway.listeners.asgi": "HTTP/2",
    "gateway.listeners.api_steps": "listeners that are no load balancers",
    "gateway.listeners.dev_headers": "--dev-headers",
    "gateway.listeners.of_flavour": "tests and recordings",
    "gateway.listeners.http2": "HTTP/2",
    "gateway.listeners.second_look": "requests that the parser refuses",
    "gateway.lambda_api.app": "the control port, when somebody connects",
    "gateway.recordings": "--record",
    "gateway.same_origin": "ports that web pages may not call, when somebody connects",
    "gateway.targets.aws": "functions on AWS",
    "gateway.targets.inprocess": "--in-process",
    "gateway.targets.runtime_api.environment": "runtimes other than Python",
    "gateway.testing": "tests of handlers",
    "starlette": "the control port, when somebody connects",
    "uvicorn": "the control port, when somebody connects",
    "httpx": "servers behind https",
    "hypercorn": "HTTP/2",
    "websockets": "WebSocket APIs",
    "watchfiles": "--reload",
    "botocore": "signatures",
    "cryptography": "TLS and tokens",
    "gateway.listeners.certificates": "an authority of our own",
    "jsonschema": "models of REST APIs",
    "re2": "regular expressions",
    "email": "writes dates as slowly as it parses mail",
    "hashlib": "cookies and signatures",
    "zipfile": "code and layers in zip files",
    "importlib.metadata": "--version",
}
"""Module → what it is for."""


def test_a_plain_function_imports_what_it_needs(tmp_path: Path) -> None:
    """The modules that other features need are not there when the first request has been answered."""
    with serving(tmp_path, "host.alb", interpreter=("-X", "importtime")) as served:
        assert served.get("/a") == (200, "/a")
        served.process.terminate()
        served.end()
    names = {line.rpartition("|")[2].strip() for line in served.log if line.startswith("import time:")}

    assert "gateway.listeners.protocol" in names, "the list is one of imports"
    assert names & set(NOT_NEEDED) == set(), "a plain function does without them"


@pytest.mark.parametrize("module", NOT_NEEDED)
def test_what_is_not_needed_exists(module: str) -> None:
    """A module that was renamed would be missed by nobody."""
    assert find_spec(module)


def test_workers_start_while_the_listeners_are_imported(tmp_path: Path) -> None:
    """The process of the first environment has been launched when the import of the listeners begins."""
    program = """
import os, sys, threading
launched = threading.Event()
def watch(event, arguments):
    if event == "subprocess.Popen":
        launched.set()
    elif event == "import" and arguments[0] == "gateway.listener_ports":
        os.write(1, b"launched" if launched.wait(10) else b"not launched")
        os._exit(0)
sys.addaudithook(watch)
from gateway.cli import gateway
gateway(["serve", "host.alb", "--port", "0"])
"""
    (tmp_path / HOST.name).write_text(HOST.read_text())
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=DEADLINE_S
    )

    assert done.stdout == "launched"
