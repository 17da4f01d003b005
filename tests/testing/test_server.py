"""A gateway for the length of a test."""

import ssl
import threading
from pathlib import Path

import httpx
import pytest

from gateway.errors import UsageError
from gateway.testing import GatewayServer, each_flavour
from tests.testing.handlers import echo, fail, talk

TLS = Path(__file__).parents[1] / "data" / "tls"


@each_flavour()
def test_every_listener_type_listens(as_: str) -> None:
    """The same names as the clients, over a real connection."""
    with GatewayServer(echo, as_) as server:
        response = httpx.post(server.url, content="body", headers={"Content-Type": "text/plain"})

    assert response.status_code == 200
    assert "body" in response.text


def test_the_log_is_kept() -> None:
    """What a function writes can be looked at."""
    with GatewayServer(fail) as server:
        assert httpx.get(server.url).status_code == 502
    assert "[ERROR] LookupError: no such pet" in server.log


def test_bytes_that_are_no_request() -> None:
    """The port answers as its listener does."""
    with GatewayServer(talk, "rest") as server, httpx.Client() as client:
        response = client.get(server.url, headers={"X-Long": "x" * 70_000})

    assert response.status_code in {400, 431}
    assert "x-amzn-requestid" in response.headers


def test_closing_twice_does_nothing() -> None:
    """A fixture may close what a test has closed."""
    server = GatewayServer(talk)
    server.close()
    server.close()

    assert "gateway" not in {thread.name for thread in threading.enumerate()}


def test_the_address_of_a_listener_over_tls(tmp_path: Path) -> None:
    """It says https, and answers there."""
    (tmp_path / "gateway.toml").write_text(
        f"""
        [[listeners]]
        type = "alb"
        port = 0
        protocol = "HTTPS"
        certificates = [{{ certificate = "{TLS}/certificate.pem", private_key = "{TLS}/key.pem" }}]
        default_actions = [{{ type = "fixed-response", status_code = 204 }}]
        """
    )
    trust = ssl.create_default_context(cafile=TLS / "certificate.pem")
    with GatewayServer("gateway.toml", folder=tmp_path) as server:
        assert server.url == f"https://127.0.0.1:{server.ports[0]}"
        assert httpx.get(f"https://localhost:{server.ports[0]}", verify=trust).status_code == 204


def test_faults_of_a_configuration(tmp_path: Path) -> None:
    """They are raised where the server is asked for."""
    (tmp_path / "gateway.toml").write_text("[[listeners]]\ntype = 'nlb'\n")

    with pytest.raises(UsageError, match="nlb"):
        GatewayServer("gateway.toml", folder=tmp_path)
    with pytest.raises(UsageError, match="no configuration file"):
        GatewayServer(tmp_path / "gateway.ini")


def test_what_nobody_catches(caplog: pytest.LogCaptureFixture) -> None:
    """A defect of the server is reported as one, not as the event loop would."""

    def fail() -> None:
        raise LookupError

    with GatewayServer(echo) as server:
        server._loop.call_soon_threadsafe(fail)
        httpx.post(server.url)

    assert [record.name for record in caplog.records] == ["gateway"]
