"""The recorder for AWS, against listeners of this machine: what it sends, reads and writes; AWS itself is not here."""

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from gateway.listeners.arrivals import arrive
from gateway.listeners.server import ListenerServer
from gateway.observe.record import Exchange, Observer
from gateway.translation.flavour import Flavour, Limits
from gateway.translation.flavour_options import build_flavour
from gateway.translation.messages import Request, Response
from gateway.types import Address
from tests.translation.flavours import apigw_case, test_alb

FOLDER = Path(__file__).parent.parent / "scripts" / "record-from-aws"
REQUESTS: list[dict[str, Any]] = json.loads((FOLDER / "requests.json").read_text("utf-8"))
RUN = "0f" * 16


@pytest.fixture(scope="module")
def captures() -> ModuleType:
    """The module beside the script."""
    spec = importlib.util.spec_from_file_location("captures", FOLDER / "captures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class FlavourListener:
    """A flavour as a listener, with the function of the template behind it."""

    accepts_streams = False

    def __init__(self, flavour: Flavour) -> None:
        self.observer: Observer | None = None
        self.flavour = flavour
        self.log: list[str] = []

    @property
    def limits(self) -> Limits:
        """The flavour's."""
        return self.flavour.limits

    async def respond(self, request: Request, exchange: Exchange | None = None) -> Response:  # noqa: ARG002 - a listener's
        """Log the event, return the wanted result."""
        arrival = arrive()
        event = json.loads(self.flavour.encode(request, arrival))
        self.log.append(json.dumps({"recorded": event}))
        result = b64decode(dict(request.headers)[b"X-Result"])
        return self.flavour.decode(result, request, arrival)

    def reject(self, status: int, client: Address, request_line: bytes) -> Response:
        """Nothing here sends what is no request."""
        raise AssertionError(status, client, request_line)


@asynccontextmanager
async def served(name: str) -> AsyncIterator[tuple[FlavourListener, str]]:
    """A listener on a port, and its URL."""
    listener = FlavourListener(build_flavour(name))
    server = ListenerServer(listener)
    await server.start()
    yield listener, f"http://localhost:{server.port}"
    await server.stop(0)


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["alb", "alb-multi", "rest", "http", "http-v1", "url"])
@pytest.mark.parametrize("wanted", REQUESTS, ids=lambda wanted: str(wanted["name"]))
async def test_cases_of_an_exchange_hold(
    name: str, wanted: dict[str, Any], captures: ModuleType, tmp_path: Path
) -> None:
    """What is written is a case that the suite reads and finds true of the listener that was recorded."""
    async with served(name) as (listener, url):
        request = captures.request_of(wanted, url, RUN)
        received = await asyncio.to_thread(captures.exchange, url, request)
    event = captures.logged_events(["START", *listener.log], RUN)[wanted["name"]]
    made = captures.cases_of(wanted, request, event, received, "2026-01-01")

    assert [case_name.rpartition("_")[2] for case_name, _ in made] == ["event", "response"]
    for case_name, case in made:
        assert case["source"] == "scripts/record-from-aws, recorded 2026-01-01"
        folder = "alb" if name.startswith("alb") else name
        check_of(folder, case_name)(captures.write(tmp_path / folder, case_name, case))


def check_of(folder: str, case_name: str) -> Callable[[Path], None]:
    """The suite's own check for a case."""
    if folder != "alb":
        return lambda path: apigw_case.check(apigw_case.load_case(path))
    if case_name.endswith("event"):
        return test_alb.test_the_event_is_the_known_one_byte_for_byte
    return test_alb.test_the_response_is_the_known_one


def test_account_and_address_are_not_published(captures: ModuleType) -> None:
    """Everything else is as it was."""
    case = captures._published({"event": {"arn": "arn:1:210987654321:x", "ip": "192.0.2.9"}}, {"192.0.2.9": "0"})
    event = {"requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:r:210987654321:x"}}}

    assert case == {"event": {"arn": "arn:1:210987654321:x", "ip": "0"}}
    assert captures._hidden("192.0.2.9", event) == {"192.0.2.9": "203.0.113.7", "210987654321": "123456789012"}


def test_lines_of_other_runs_are_passed_over(captures: ModuleType) -> None:
    """All endpoints share one log."""
    lines = [json.dumps({"recorded": {"headers": {"x-case": mark}}}) for mark in (f"{RUN}/a", "other/b")]

    assert list(captures.logged_events([*lines, '{"recorded":{}}', "END"], RUN)) == ["a"]


class Loader(yaml.SafeLoader):
    """Takes CloudFormation's short forms as what they hold."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: node.value)  # noqa: ARG005 - PyYAML's signature


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """The CloudFormation template."""
    read: dict[str, Any] = yaml.load((FOLDER / "template.yaml").read_text(), Loader)  # noqa: S506 - it is a SafeLoader
    return read


def test_the_endpoints_are_outputs_of_the_template(captures: ModuleType, template: dict[str, Any]) -> None:
    """The script reads them by name."""
    assert {*captures.FOLDERS, "LogGroup"} == set(template["Outputs"])


def test_the_function_returns_what_is_asked_for(
    captures: ModuleType, template: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """From the header, in either map, and logs the event."""
    function: dict[str, Any] = {}
    exec(template["Resources"]["Function"]["Properties"]["Code"]["ZipFile"], function)  # noqa: S102 - our own text
    request = captures.request_of(REQUESTS[0], "http://a.example/prod", RUN)
    sent = {name.decode(): value.decode() for name, value in request.headers}

    assert request.raw_path.startswith(b"/prod/record/")
    assert function["handler"]({"headers": sent}, None) == REQUESTS[0]["result"]
    assert function["handler"]({"multiValueHeaders": {n: [v] for n, v in sent.items()}}, None) == REQUESTS[0]["result"]
    assert function["handler"]({"headers": None}, None) == {"statusCode": 200, "body": "no x-result"}
    assert captures.logged_events(capsys.readouterr().out.splitlines(), RUN).keys() == {REQUESTS[0]["name"]}


def test_the_script_starts() -> None:
    """Without an account it can only show its help."""
    done = subprocess.run([sys.executable, FOLDER / "run", "--help"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "deploy" in done.stdout


AWS_CLI = """#!/usr/bin/env python3
import pathlib, sys
folder = pathlib.Path(__file__).parent
with (folder / "calls.txt").open("a") as calls:
    calls.write(" ".join(sys.argv[1:3]) + "\\n")
if sys.argv[2] in ("describe-stacks", "filter-log-events"):
    print((folder / sys.argv[2]).read_text())
"""
"""Stands for the AWS CLI: prints what lies beside it."""


@pytest.mark.anyio
async def test_the_script_writes_cases_of_every_listener(captures: ModuleType, tmp_path: Path) -> None:
    """Against listeners of this machine and a double of the AWS CLI: endpoints, requests, log, files."""
    (tmp_path / "aws").write_text(AWS_CLI)
    (tmp_path / "aws").chmod(0o755)
    names = {"Alb": "alb", "AlbMulti": "alb-multi", "Rest": "rest", "Http": "http", "HttpV1": "http-v1", "Url": "url"}
    (tmp_path / "filter-log-events").symlink_to("log.json")

    async with AsyncExitStack() as stack:
        listeners = {output: await stack.enter_async_context(served(name)) for output, name in names.items()}
        outputs = [{"OutputKey": "LogGroup", "OutputValue": "group"}]
        outputs += [{"OutputKey": output, "OutputValue": url} for output, (_, url) in listeners.items()]
        (tmp_path / "describe-stacks").write_text(json.dumps({"Stacks": [{"Outputs": outputs}]}))
        shared = SharedLog(tmp_path / "log.json")
        for listener, _ in listeners.values():
            listener.log = shared
        done = await run_script(tmp_path, "capture", "--output", str(tmp_path / "out"))

    assert done == (0, "")
    for output, folder in captures.FOLDERS.items():
        suffix = "_multi" if output == "AlbMulti" else ""
        for wanted in REQUESTS:
            for kind in ("event", "response"):
                assert (tmp_path / "out" / folder / f"aws_{wanted['name']}{suffix}_{kind}.json").exists()
    assert await run_script(tmp_path, "clean") == (0, "")
    assert (tmp_path / "calls.txt").read_text().splitlines() == [
        "cloudformation describe-stacks",
        "logs filter-log-events",
        "cloudformation delete-stack",
        "cloudformation wait",
    ]


class SharedLog(list[str]):
    """The function's log as the AWS CLI shows it, written with each line."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def append(self, line: str) -> None:
        """One more line."""
        super().append(line)
        self.path.write_text(json.dumps({"events": [{"message": each + "\n"} for each in self]}))


async def run_script(folder: Path, *arguments: str) -> tuple[int, str]:
    """The script with the double of the AWS CLI in front of the path; its code and what it complained of."""
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(FOLDER / "run"), *arguments),
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, complaint.decode()
