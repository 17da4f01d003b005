"""The ports where functions reach the gateway's own APIs, and what they are told of them."""

import asyncio
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import certifi
import pytest
from websockets.asyncio.client import connect

from gateway.config.doors import FunctionUrlSettings, WebSocketApiSettings
from gateway.config.settings import ListenerSettings
from gateway.configuration import AccountRegion
from gateway.listeners.call_backs import CallBacks, call_backs_of
from gateway.listeners.websocket_api import websocket_api
from gateway.listeners.websocket_domain import call_back_names
from tests.listeners.recorded import Recorded
from tests.listeners.scripted import context_of
from tests.services import listener_context

HERE = AccountRegion("us-east-1", "123456789012")
FIRST = WebSocketApiSettings(1, "f", domain_name="first.example.com")
(OWN,) = call_back_names(WebSocketApiSettings(0, "f"), HERE)


@contextmanager
def made(
    folder: Path, *listeners: ListenerSettings, host: Mapping[str, str] | None = None
) -> Iterator[CallBacks | None]:
    """What leads functions back, closed in the end."""
    call_backs = call_backs_of(listeners, HERE, folder, host or {})
    try:
        yield call_backs
    finally:
        if call_backs is not None:
            call_backs.close()


def ports_of(call_backs: CallBacks) -> dict[str, int]:
    """The table that functions are told."""
    items = (item.split("=") for item in call_backs.variables["_GATEWAY_CALL_BACKS"].split())
    return {name: int(port) for name, port in items}


def trust_of(call_backs: CallBacks) -> ssl.SSLContext:
    """What a function in Python trusts."""
    return ssl.create_default_context(cafile=call_backs.variables["AWS_CA_BUNDLE"])


@pytest.mark.anyio
async def test_a_connection_by_name(tmp_path: Path) -> None:
    """Who is led there meets the listener itself, over TLS for the name, and its events say that name."""
    recorded = Recorded()
    with made(tmp_path, WebSocketApiSettings(0, "f")) as call_backs:
        assert call_backs
        settings = call_backs.named(0, WebSocketApiSettings(0, "f"))
        assert isinstance(settings, WebSocketApiSettings)
        listener = websocket_api(settings, listener_context({"f": recorded.function}))
        await call_backs.start([listener])
        port, trust = ports_of(call_backs)[OWN], trust_of(call_backs)
        async with connect(f"wss://{OWN}/prod", proxy=None, host="127.0.0.1", port=port, ssl=trust) as client:
            await client.send("hello")
            await asyncio.wait_for(await client.ping(), 5)
        await call_backs.stop(5)
        await listener.aclose()

    assert {context_of(event)["domainName"] for event in recorded.target.events} == {OWN}


def test_every_name_has_one_port(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Two listeners with one name: the first has it, and the log says what to do; other types have none."""
    again = WebSocketApiSettings(3, "f", domain_name="First.example.com")
    other = WebSocketApiSettings(4, "f", domain_name="other.example.com")
    listeners: list[ListenerSettings] = [FunctionUrlSettings(2, "f"), FIRST, again, other]
    with made(tmp_path, *listeners) as call_backs:
        assert call_backs
        ports = ports_of(call_backs)
        named = [call_backs.named(place, it) for place, it in enumerate(listeners)]

    assert list(ports) == ["first.example.com", OWN, "other.example.com"]
    assert ports["first.example.com"] == ports[OWN] != ports["other.example.com"]
    assert named == listeners
    (line,) = [record.getMessage() for record in caplog.records]
    assert "the listener on port 3 under https://first.example.com" in line
    assert "give it a domain_name of its own" in line


@pytest.mark.parametrize(
    ("given", "named"), [("", OWN), ("WS.example.com", "WS.example.com"), ("localhost:1", "localhost:1")]
)
def test_the_name_in_events(given: str, named: str, tmp_path: Path) -> None:
    """A domain_name stays as it was given, also one that leads nowhere; without one it is the API's own."""
    settings = WebSocketApiSettings(1, "f", domain_name=given)
    with made(tmp_path, settings) as call_backs:
        assert call_backs
        assert call_backs.named(0, settings) == replace(settings, domain_name=named)
        assert OWN in ports_of(call_backs)


def test_nothing_is_made_without_a_name(tmp_path: Path) -> None:
    """Listeners that nobody calls back cost nothing."""
    with made(tmp_path, FunctionUrlSettings(2, "f")) as call_backs:
        assert call_backs is None
    assert list(tmp_path.iterdir()) == []


def test_the_authority_is_good_for_these_names_only(tmp_path: Path) -> None:
    """Its key is written nowhere; what is written only this user can read."""
    with made(tmp_path, FIRST) as call_backs:
        assert call_backs
        shown = subprocess.run(
            ["openssl", "x509", "-in", call_backs.variables["NODE_EXTRA_CA_CERTS"], "-noout", "-text"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    permitted = [line.strip() for line in shown.splitlines() if "DNS:" in line]
    assert permitted == ["DNS:first.example.com", f"DNS:{OWN}"]
    assert "X509v3 Name Constraints: critical" in shown
    keys = [file.name for file in tmp_path.iterdir() if b"PRIVATE KEY" in file.read_bytes()]
    assert keys == ["call-backs-key.pem"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_what_functions_trust_already(tmp_path: Path) -> None:
    """The public authorities, or those that the gateway's own environment names, stand beside the new one."""
    bundle, extra = tmp_path / "company.pem", tmp_path / "node.pem"
    bundle.write_text("COMPANY")
    extra.write_text("EXTRA")
    read: list[str] = []
    for host in ({}, {"AWS_CA_BUNDLE": str(bundle), "NODE_EXTRA_CA_CERTS": str(extra)}):
        with made(tmp_path, FIRST, host=host) as call_backs:
            assert call_backs
            variables = call_backs.variables
            read += [Path(variables[name]).read_text() for name in ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")]

    public = Path(certifi.where()).read_text()
    assert read[0].startswith(public)
    assert read[1].startswith("-----BEGIN CERTIFICATE-----")
    assert [text.partition("\n")[0] for text in read[2:]] == ["COMPANY", "EXTRA"]
    assert all(text.rstrip().endswith("-----END CERTIFICATE-----") for text in read)


@pytest.mark.parametrize(
    ("config", "first"),
    [
        ("[default]\nca_bundle = {folder}/company.pem\n", "COMPANY"),
        ("[profile other]\nca_bundle = {folder}/company.pem\n", ""),
        ("no configuration", ""),
    ],
)
def test_what_a_profile_trusts(tmp_path: Path, config: str, first: str) -> None:
    """A variable wins over the bundle of AWS's configuration file, so that is in the variable's too."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(config.format(folder=tmp_path))
    (tmp_path / "company.pem").write_text("COMPANY")
    with made(tmp_path, FIRST, host={"HOME": str(tmp_path)}) as call_backs:
        assert call_backs
        bundle = Path(call_backs.variables["AWS_CA_BUNDLE"]).read_text()

    assert bundle.startswith(first or Path(certifi.where()).read_text())


@pytest.mark.parametrize(
    ("host", "past"),
    [
        ({"https_proxy": "http://p:1"}, f"first.example.com,{OWN}"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a"}, f"a,first.example.com,{OWN}"),
        ({"NO_PROXY": "a"}, None),
    ],
)
def test_proxies_are_passed_by(tmp_path: Path, host: dict[str, str], past: str | None) -> None:
    """Clients that would ask a proxy for these names are told not to, in both spellings."""
    with made(tmp_path, FIRST, host=host) as call_backs:
        assert call_backs
        told = [call_backs.variables.get(name) for name in ("no_proxy", "NO_PROXY")]

    assert told == [past, past]


def test_a_bundle_that_cannot_be_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The gateway goes without, and says so."""
    with made(tmp_path, FIRST, host={"AWS_CA_BUNDLE": str(tmp_path / "gone.pem")}) as call_backs:
        assert call_backs is None

    assert "do not reach their APIs under https://DOMAIN: [Errno 2]" in caplog.text


def test_missing_extra(tmp_path: Path) -> None:
    """Without the extra it is said what to do."""
    script = (
        "import logging, sys\n"
        "from pathlib import Path\n"
        "sys.modules['cryptography'] = None\n"
        "logging.basicConfig(level=logging.INFO)\n"
        "from gateway.config.doors import WebSocketApiSettings\n"
        "from gateway.configuration import AccountRegion\n"
        "from gateway.listeners.call_backs import call_backs_of\n"
        "here = AccountRegion('us-east-1', '123456789012')\n"
        f"print(call_backs_of([WebSocketApiSettings(1, 'f')], here, Path({str(tmp_path)!r}), {{}}))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "None\n"
    assert "pip install 'lambda-http-gateway[tls]'" in done.stderr
