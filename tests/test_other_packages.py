"""A listener type of another package, named in a configuration file by its place."""

import asyncio
import dataclasses
import json
import os
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import jsonschema
import pytest
from click.testing import CliRunner

from gateway.app import Gateway
from gateway.cli import gateway
from gateway.cli.serve_settings import settings_of
from gateway.config.load import load_settings
from gateway.config.schema import json_schema
from gateway.config.settings import Settings
from gateway.errors import UsageError
from gateway.hosting import HostOptions
from gateway.listener_options import ListenerOptions
from gateway.observe.flavour_options import make_flavour
from gateway.recordings.recorder import Recorder
from gateway.testing import GatewayServer, assert_event_shape, assert_result, lambda_client, make_event
from tests.cli.test_serve_settings import OPTIONS

PACKAGE = '''
"""A listener that answers with what it got, so many times."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from gateway.config.keys import Range
from gateway.config.listener import ListenerKeys
from gateway.errors import BadResult, Fault, FaultKind
from gateway.invocation import FunctionReference
from gateway.listener_types import ListenerType, NamedFlavour
from gateway.listeners.integration import LambdaIntegration
from gateway.listeners.outcomes import payload_of
from gateway.listeners.pipeline import PipelineListener, PortNeeds
from gateway.translation.contracts.contract import Contract
from gateway.translation.flavour import Limits
from gateway.translation.messages import Response
from gateway.translation.route import DEFAULT_MATCH
from gateway.translation.shape import TEXT, Members


@dataclass(frozen=True, slots=True)
class Echo:
    """The path is the event, the result the body."""

    times: int = 1

    @property
    def limits(self):
        return Limits(request_body=1000, result=1000)

    def preflight(self, request, arrival):
        return None

    def route(self, request):
        return DEFAULT_MATCH

    def encode(self, request, arrival, match=None):
        said = (match or DEFAULT_MATCH).authorizer
        return json.dumps({"echo": request.raw_path.decode() * self.times} | ({"said": said} if said else {})).encode()

    def decode(self, payload, request, arrival):
        result = json.loads(payload)
        if not isinstance(result, str):
            raise BadResult("", "a text", result)
        return Response(200, [(b"Content-Length", b"%d" % len(result))], result.encode())

    def refuse(self, fault, request, arrival):
        return Response(500, [(b"Content-Length", b"0")])


class EchoSteps:
    """It admits short paths, and invokes its function."""

    accepts_streams = False
    port = PortNeeds()

    def __init__(self, flavour, integration):
        self.flavour = flavour
        self.limits = flavour.limits
        self.integration = integration

    def needs(self, step):
        return True

    async def admit(self, state):
        if len(state.request.raw_path) > 20:
            raise Fault(FaultKind.MALFORMED, "too long")

    async def integrate(self, state):
        outcome = await self.integration.invoke(self.flavour.encode(state.request, state.arrival), state)
        return self.flavour.decode(payload_of(outcome), state.request, state.arrival)

    def refuse(self, fault, state):
        return self.flavour.refuse(fault, state.request, state.arrival)

    def reject(self, status, detail, arrival):
        return Response(status, [(b"Content-Length", b"0")], close=True)

    async def start(self):
        pass

    async def aclose(self):
        pass


def echo(settings, context):
    return echo_of(Echo(settings.times), context, FunctionReference(settings.function))


def echo_of(flavour, context, function, authorizer=None):
    steps = EchoSteps(flavour, LambdaIntegration(context.service, function))
    return PipelineListener(steps, ECHO.steps, dev_headers=context.dev_headers)


PROMISES = Contract(
    source="https://example.com/echo",
    members=frozenset(),
    shape=Members({"echo": TEXT}),
    recognises=lambda event, context: False,
    rebuild=lambda event: None,
    note="a text is its own body",
)


@dataclass(frozen=True, slots=True)
class EchoSettings(ListenerKeys):
    """An echo of one function."""

    function: str
    """The name of a function of this file."""
    times: Annotated[int, Range(1, 9)] = 1
    """How often."""
    folder: Path = Path(".")
    """Where it writes."""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Unknown(ListenerKeys):
    """A key of a type that no file has."""

    flavour: "Nowhere"
    type: str = ""


ECHO = ListenerType(
    type="echo",
    settings="acme_listeners.echo:EchoSettings",
    listener="acme_listeners.echo:echo",
    listener_of="acme_listeners.echo:echo_of",
    steps=("admit", "integrate"),
    flavours=(
        NamedFlavour(
            "echo",
            "An echo",
            "acme_listeners.echo:Echo",
            "acme_listeners.echo:PROMISES",
            settings={"times": 2},
        ),
    ),
)
WITHOUT_FLAVOURS = ECHO._replace(flavours=())
WITHOUT_KEYS = ECHO._replace(settings="acme_listeners.echo:Echo")
WITHOUT_TYPE = ECHO._replace(settings="gateway.config.settings:AlbSettings")
UNKNOWN = ECHO._replace(settings="acme_listeners.echo:Unknown")
WITHOUT_SETTINGS = ECHO._replace(settings="acme_listeners.echo:Nothing")
'''
PLACE = "acme_listeners.echo:ECHO"
TLS = Path(__file__).parent / "data" / "tls"
FUNCTION = '[functions.f]\nhandler = "app.handler"\n'


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a package that the gateway does not know; what was imported of it is forgotten."""
    folder = tmp_path / "site" / "acme_listeners"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "echo.py").write_text(PACKAGE)
    (folder / "broken.py").write_text("ECHO = 1 / 0\n")
    monkeypatch.syspath_prepend(folder.parent)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_listeners"]:
        del sys.modules[name]


def load(folder: Path, *listeners: str, **environ: str) -> Settings:
    """The settings of a file with one function and these listeners."""
    file = folder / "gateway.toml"
    file.write_text(FUNCTION + "".join(f"[[listeners]]\n{listener}\n" for listener in listeners))
    return load_settings(file, environ)


@pytest.mark.usefixtures("package")
def test_its_settings_are_read_beside_ours(tmp_path: Path) -> None:
    """Checked and frozen by its own classes; the type is the place, and a path is absolute."""
    echo = 'type = "acme_listeners.echo:ECHO"\nport = 1\nfunction = "f"\ntimes = 3\nfolder = "out"'
    settings = load(tmp_path, echo, 'type = "function_url"\nport = 2\nfunction = "f"')

    first, second = settings.listeners
    assert dataclasses.asdict(first) == {
        "port": 1,
        "host": "127.0.0.1",
        "protocol": "HTTP",
        "certificates": (),
        "function": "f",
        "times": 3,
        "folder": tmp_path / "out",
        "type": PLACE,
    }
    assert second.type == "function_url"


@pytest.mark.usefixtures("package")
def test_its_faults_are_told_as_ours_are(tmp_path: Path) -> None:
    """All of them at once, with file, key, what was found and what is allowed."""
    with pytest.raises(UsageError) as told:
        load(tmp_path, 'type = "acme_listeners.echo:ECHO"\nport = 1\nfunction = "g"\ntimes = 10\ntime = 1')

    assert str(told.value).replace(f"{tmp_path}/gateway.toml: listeners[0].", "").splitlines() == [
        "times: found 10; allowed: a whole number from 1 to 9",
        (
            "time: unknown key; allowed: port, host, protocol, certificates, function, times, folder, type; "
            "did you mean 'times'?"
        ),
        "function: found 'g', which is no function of this file; allowed: f",
    ]


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("acme_nowhere:ECHO", "cannot be imported: No module named 'acme_nowhere'; install its package, or put it on"),
        ("acme_listeners.echo:Ech", "the module acme_listeners.echo has no 'Ech'"),
        ("acme_listeners.echo:EchoSettings", "is no gateway.listener_types.ListenerType"),
        ("acme_listeners.echo:WITHOUT_KEYS", "acme_listeners.echo:Echo are no subclass of gateway.config.listener."),
        ("acme_listeners.echo:WITHOUT_TYPE", "its settings gateway.config.settings:AlbSettings have no field type"),
        ("acme_listeners.echo:UNKNOWN", "its settings acme_listeners.echo:Unknown are not understood: "),
        ("acme_listeners.echo:WITHOUT_SETTINGS", "the module acme_listeners.echo has no 'Nothing'"),
        ("acme_listeners.broken:ECHO", "acme_listeners.broken raises ZeroDivisionError: division by zero"),
    ],
)
def test_what_cannot_be_used_is_a_fault_of_its_key(place: str, why: str, tmp_path: Path) -> None:
    """Once, whatever else its table has; a value of the environment is not told."""
    with pytest.raises(UsageError) as told:
        load(tmp_path, f'type = "{place}"\nport = 1\nmore = 1')
    with pytest.raises(UsageError) as hidden:
        load(tmp_path, 'type = "${X}"\nport = 1', 'type = "albx"\nport = 1', X=place)

    (line,) = str(told.value).splitlines()
    assert line.startswith(f"{tmp_path}/gateway.toml: listeners[0].type: found '{place}', which cannot be used: ")
    assert why in line
    assert "listeners[0].type: found '${X}', which cannot be used\n" in str(hidden.value)
    assert place not in str(hidden.value)


@pytest.mark.usefixtures("package")
def test_a_wrong_type_is_told_with_those_of_aws(tmp_path: Path) -> None:
    """What the file names itself is nothing to propose."""
    with pytest.raises(UsageError, match=r"\[1\].type: found 'echo'; allowed: alb, [a-z_, ]*, websocket_api$"):
        load(tmp_path, 'type = "acme_listeners.echo:ECHO"\nport = 1\nfunction = "f"', 'type = "echo"\nport = 1')


@pytest.mark.parametrize(("type_", "fits"), [("acme_listeners.echo:ECHO", True), ("acme", False), ("a b:c", False)])
def test_editors_take_the_place_of_a_type(type_: str, fits: bool) -> None:
    """They cannot know its keys."""
    data = {"listeners": [{"type": type_, "port": 1, "times": 3}]}

    assert jsonschema.Draft202012Validator(json_schema()).is_valid(data) is fits


@pytest.mark.usefixtures("package")
def test_its_flavour_is_one_for_tests_of_handlers() -> None:
    """Clients, events, shapes and verdicts take the place for a name."""
    with lambda_client(lambda event, _context: event["echo"], PLACE, times=2) as client:
        answer = client.get("/ab")

    assert (answer.status_code, answer.text) == (200, "/ab/ab")
    assert make_event(PLACE, "GET", "/x", authorizer={"sub": "me"}) == {"echo": "/x", "said": {"sub": "me"}}
    assert_event_shape(PLACE, {"echo": "/"})
    assert assert_result(PLACE, "hi").notes == ("a text is its own body",)
    with pytest.raises(
        AssertionError, match=r"answers 500: \(result\): expected a text, got 7\n  source: https://example"
    ):
        assert_result(PLACE, 7)


@pytest.mark.usefixtures("package")
def test_it_serves_a_port(tmp_path: Path) -> None:
    """A request goes through its own steps to a function and back; its refusals are its own, too."""
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return event['echo']\n")
    (tmp_path / "gateway.toml").write_text(
        f'{FUNCTION}[[listeners]]\ntype = "{PLACE}"\nport = 0\nfunction = "f"\ntimes = 3\n'
    )
    with GatewayServer("gateway.toml", folder=tmp_path) as server:
        answers = [httpx.get(server.url + path) for path in ("/ab", "/" + "a" * 20)]
    with GatewayServer("app.handler", PLACE, folder=tmp_path, times=2) as server:
        alone = httpx.get(server.url + "/ab")

    assert [(it.status_code, it.text) for it in answers] == [(200, "/ab/ab/ab"), (500, "")]
    assert (alone.status_code, alone.text) == (200, "/ab/ab")


@pytest.mark.usefixtures("package")
def test_its_port_speaks_tls(tmp_path: Path) -> None:
    """It gets the keys of every listener's port, and does nothing for them."""
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return event['echo']\n")
    pair = f'{{ certificate = "{TLS}/certificate.pem", private_key = "{TLS}/key.pem" }}'
    (tmp_path / "gateway.toml").write_text(
        f'{FUNCTION}[[listeners]]\ntype = "{PLACE}"\nport = 0\nfunction = "f"\n'
        f'protocol = "HTTPS"\ncertificates = [{pair}]\n'
    )
    trust = ssl.create_default_context(cafile=TLS / "certificate.pem")
    with GatewayServer("gateway.toml", folder=tmp_path) as server:
        answer = httpx.get(f"https://localhost:{server.ports[0]}/ab", verify=trust)

    assert (answer.status_code, answer.text) == (200, "/ab")


@pytest.mark.usefixtures("package")
def test_its_exchanges_are_recorded(tmp_path: Path) -> None:
    """Under the name that its flavour has."""
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return event['echo']\n")
    settings = load(tmp_path, f'type = "{PLACE}"\nport = 0\nfunction = "f"')

    async def serve() -> None:
        recorder = Recorder(tmp_path / "recordings")
        options = HostOptions(variables=os.environ, log=lambda _: None, in_process=True)
        app = Gateway(settings, options, ListenerOptions(recorder=recorder))
        await app.start()
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get(f"http://127.0.0.1:{app.servers[0].port}/ab")
        await app.stop(5)
        await recorder.aclose()

    asyncio.run(serve())
    (file,) = (tmp_path / "recordings").iterdir()
    assert json.loads(file.read_bytes())["flavour"] == "echo"


@pytest.mark.usefixtures("package")
def test_the_command_line_takes_its_place(tmp_path: Path) -> None:
    """For events, verdicts, and settings that say where their type is."""
    result = tmp_path / "result.json"
    result.write_text('"hi"')
    event = CliRunner().invoke(gateway, ["event", "GET", "/a", "--as", PLACE])
    verdict = CliRunner().invoke(gateway, ["verdict", str(result), "--as", PLACE])
    settings = settings_of(dataclasses.replace(OPTIONS, flavour=PLACE, port=5), tmp_path)

    assert json.loads(event.stdout) == {"echo": "/a"}
    assert verdict.stdout.endswith("\nhi\n")
    (listener,) = map(dataclasses.asdict, settings.listeners)
    assert (listener["port"], listener["function"], listener["times"]) == (5, "app", 2)
    assert (listener["host"], listener["type"]) == ("127.0.0.1", PLACE)


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("acme_listeners.echo:WITHOUT_FLAVOURS", "has no flavours"),
        ("acme_listeners.echo:Echo", "is no gateway.listener_types.ListenerType"),
        ("acme_nowhere:ECHO", "install its package"),
        ("acme_listeners.broken:ECHO", "raises ZeroDivisionError"),
    ],
)
def test_a_place_that_is_of_no_use_is_refused(place: str, why: str) -> None:
    """By the command line and by tests of handlers."""
    told = CliRunner().invoke(gateway, ["event", "GET", "/a", "--as", place])

    assert isinstance(told.exception, UsageError)
    assert why in str(told.exception)
    with pytest.raises(UsageError, match=why):
        make_event(place)


@pytest.mark.usefixtures("package")
def test_a_recording_names_no_place() -> None:
    """It may come from anywhere, and nothing is imported for it."""
    with pytest.raises(UsageError, match="is no front door"):
        make_flavour(PLACE, {})
    assert "acme_listeners" not in sys.modules
