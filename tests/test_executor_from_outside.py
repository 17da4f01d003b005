"""An executor that is no part of this package: a configuration names it, and nothing else knows of it."""

import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.app import Gateway
from gateway.config.load import load_settings
from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.hosting import Host, HostOptions
from gateway.testing.server import GatewayServer
from tests.targets.hosting import Log, invocation, result_of

pytestmark = pytest.mark.anyio

PACKAGE = '''
"""An executor that tells what it was made from."""
import json
from gateway.invocation import Returned

class Telling:
    def __init__(self, configuration, resources):
        self.configuration, self.resources, self.life = configuration, resources, ["made"]

    async def start(self):
        self.life.append("start")

    async def invoke(self, invocation):
        text = (self.configuration.task_root / "says.txt").read_text()
        body = f"{self.configuration.name} {text} {self.life}"
        return Returned(json.dumps({"statusCode": 200, "body": body}).encode())

    def renew(self):
        self.life.append("renew")
        self.configuration = self.resources.code()

    async def aclose(self):
        self.life.append("aclose")

def nothing(configuration, resources):
    return None

PLAIN = "no executor"
'''
FILE = """
[functions.app]
executor = "our_executors.telling:Telling"
code = "code.zip"
[target_groups.app]
function = "app"
[[listeners]]
type = "alb"
port = 0
default_actions = [{ type = "forward", target_groups = [{ target_group = "app" }] }]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a package, a configuration file that names what is in it, and code."""
    package = tmp_path / "path" / "our_executors"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "telling.py").write_text(PACKAGE)
    (tmp_path / "gateway.toml").write_text(FILE)
    code(tmp_path, "first")
    monkeypatch.syspath_prepend(str(package.parent))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("our_executors")]:
        del sys.modules[name]


def code(folder: Path, says: str) -> None:
    """Code is whatever the executor makes of it."""
    with zipfile.ZipFile(folder / "code.zip", "w") as archive:
        archive.writestr("says.txt", says)


def test_a_request_is_served(folder: Path) -> None:
    """It comes to the executor as an invocation, and goes back as what that has returned."""
    with GatewayServer("gateway.toml", folder=folder) as server:
        answer = httpx.get(server.url)

    assert (answer.status_code, answer.text) == (200, "app first ['made', 'start']")


async def test_its_life(folder: Path) -> None:
    """It is started, told when its code may have changed, and closed, and has its code unpacked."""
    gateway = Gateway(load_settings(folder / "gateway.toml", os.environ), HostOptions(os.environ, Log().append))
    await gateway.start()
    function = gateway.functions["app"]
    code(folder, "second")
    await gateway.reset()
    outcome = await function.invoke(invocation())
    await gateway.stop(5)

    assert b"app second ['made', 'start', 'renew']" in getattr(outcome, "payload", b"")
    assert getattr(function.target, "life", []) == ["made", "start", "renew", "aclose"]


async def test_a_host_makes_it(folder: Path) -> None:
    """Without a gateway as well; it has what the host shares."""
    host = Host(HostOptions(os.environ, Log().append))
    target = host.target(FunctionConfiguration("f", "", folder, executor="our_executors.telling:Telling"))
    (folder / "says.txt").write_text("plain")
    found = await result_of(target)
    await host.aclose()

    assert found == {"statusCode": 200, "body": "f plain ['made']"}
    resources = getattr(target, "resources", None)
    assert resources
    assert (resources.workspace, resources.reaper, resources.options) == (host.workspace, host.reaper, host.options)


@pytest.mark.parametrize(
    ("executor", "message"),
    [
        (
            "our_executors.gone:Telling",
            "No module named 'our_executors.gone'; install its package, or put it on PYTHON",
        ),
        ("our_executors.telling:Gone", "the module our_executors.telling has no 'Gone'; write package.module:Name"),
        ("our_executors.telling:nothing", "has no start, invoke, renew, aclose: an executor has start, invoke, renew,"),
        ("our_executors.telling:PLAIN", "our_executors.telling:PLAIN cannot be called: an executor is a class or a"),
        ("threads", "executor 'threads': write worker, runtime-api, in-process, or package.module:Name"),
    ],
)
async def test_what_is_no_executor(folder: Path, executor: str, message: str) -> None:
    """One line says what to do."""
    host = Host(HostOptions(os.environ, Log().append))
    with pytest.raises(UsageError) as raised:
        host.target(FunctionConfiguration("f", "", folder, executor=executor))
    await host.aclose()

    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("executor", "expected"),
    [("worker", "EnvironmentPool"), ("runtime-api", "EnvironmentPool"), ("in-process", "InProcess")],
)
async def test_the_gateways_own(folder: Path, executor: str, expected: str) -> None:
    """They are named in the same key."""
    host = Host(HostOptions(os.environ, Log().append))
    target = host.target(FunctionConfiguration("f", "app.handler", folder, executor=executor))
    await host.aclose()

    assert type(target).__name__ == expected


async def test_the_command_line_wins(folder: Path) -> None:
    """Who asks for a debugger's way of running means all functions."""
    host = Host(HostOptions(os.environ, Log().append, in_process=True))
    target = host.target(FunctionConfiguration("f", "app.handler", folder, executor="worker"))
    await host.aclose()

    assert type(target).__name__ == "InProcess"
