"""The recorder for AWS, against listeners of this machine: what it sends, reads and writes; AWS itself is not here."""

import asyncio
import importlib.util
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from gateway.listeners.arrivals import arrive
from gateway.listeners.server import ListenerServer
from gateway.listeners.wire import Wire
from gateway.translation.flavour import Flavour, Limits
from gateway.translation.flavours.table import FLAVOURS
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


class FrontDoor:
    """A flavour as a listener, with the function of the template behind it."""

    accepts_streams = False

    def __init__(self, flavour: Flavour, wanted: dict[str, Any]) -> None:
        self.on_written: Callable[[Request | None, Response, Wire], None] | None = None
        self.flavour = flavour
        self.wanted = wanted
        self.log: list[str] = []

    @property
    def limits(self) -> Limits:
        """The flavour's."""
        return self.flavour.limits

    async def respond(self, request: Request) -> Response:
        """Log the event, return the wanted result."""
        arrival = arrive()
        event = json.loads(self.flavour.encode(request, arrival))
        self.log.append(json.dumps({"recorded": event}))
        return self.flavour.decode(json.dumps(self.wanted["result"]).encode(), request, arrival)

    def reject(self, status: int, client: Address, request_line: bytes) -> Response:
        """Nothing here sends what is no request."""
        raise AssertionError(status, client, request_line)


@asynccontextmanager
async def served(name: str, wanted: dict[str, Any]) -> AsyncIterator[tuple[FrontDoor, str]]:
    """A front door on a port, and its URL."""
    door = FrontDoor(FLAVOURS[name](), wanted)
    server = ListenerServer(door)
    await server.start()
    yield door, f"http://localhost:{server.port}"
    await server.stop(0)


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["alb", "alb-multi", "rest", "http", "http-v1", "url"])
@pytest.mark.parametrize("wanted", REQUESTS, ids=lambda wanted: str(wanted["name"]))
async def test_cases_of_an_exchange_hold(
    name: str, wanted: dict[str, Any], captures: ModuleType, tmp_path: Path
) -> None:
    """What is written is a case that the suite reads and finds true of the front door that was recorded."""
    async with served(name, wanted) as (door, url):
        request = captures.request_of(wanted, url, RUN)
        received = await asyncio.to_thread(captures.exchange, url, request)
    event = captures.logged_events(["START", *door.log], RUN)[wanted["name"]]
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
