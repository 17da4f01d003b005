"""The dev stack of ``examples/stack``, started by its one command and asked as a user would ask."""

import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.targets.runtime_api.opening import needs_node

pytestmark = needs_node

START = Path(__file__).parents[1] / "examples" / "stack" / "start"
NAMES = ("HTTP", "HTTPS", "CONTROL", "LEGACY", "LOGIN", "AWS")


class Stack(NamedTuple):
    """A stack that is ready: its process, its ports by name, and whom to trust."""

    process: subprocess.Popen[str]
    ports: dict[str, int]
    authority: Path

    def url(self, name: str = "HTTP") -> str:
        """Where a part of it is."""
        return f"{'https' if name == 'HTTPS' else 'http'}://localhost:{self.ports[name]}"


def free_ports() -> dict[str, int]:
    """A free port for each part."""
    with ExitStack() as probes:
        sockets = {name: probes.enter_context(socket.socket()) for name in NAMES}
        for probe in sockets.values():
            probe.bind(("127.0.0.1", 0))
        return {name: probe.getsockname()[1] for name, probe in sockets.items()}


def start(cache: Path, ports: dict[str, int]) -> subprocess.Popen[str]:
    """The command of the README."""
    variables = {f"STACK_{name}_PORT": str(port) for name, port in ports.items()}
    return subprocess.Popen(
        [sys.executable, str(START)],
        env={**os.environ, **variables, "XDG_CACHE_HOME": str(cache), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack on free ports, ended as Ctrl-C ends it."""
    cache, ports = tmp_path_factory.mktemp("cache"), free_ports()
    with start(cache, ports) as process:
        assert process.stdout
        ready = [process.stdout.readline().split()[:2] for _ in range(2)]
        assert ready == [
            ["Ready:", f"http://127.0.0.1:{ports['HTTP']}"],
            ["Ready:", f"https://127.0.0.1:{ports['HTTPS']}"],
        ]
        yield Stack(process, ports, cache / "lambda-http-gateway" / "local-ca.pem")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    for port in ports.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)), f"port {port} is still open"


def test_the_default_is_a_python_function(stack: Stack) -> None:
    """Whatever no rule takes."""
    assert httpx.get(stack.url() + "/a").text == "Hello stranger, this is /a\n"


def test_the_api_is_a_node_function(stack: Stack) -> None:
    """Its target group has multi-value headers."""
    answer = httpx.get(stack.url() + "/api/x?a=1&a=2")

    assert answer.json() == {"path": "/api/x", "query": {"a": ["1", "2"]}}


def test_an_old_path_is_redirected(stack: Stack) -> None:
    """The port is in Location, as on AWS."""
    answer = httpx.get(stack.url() + "/old/page?a=1")

    assert (answer.status_code, answer.headers["location"]) == (301, stack.url() + "/moved/old/page?a=1")


def test_robots_are_answered_by_the_load_balancer(stack: Stack) -> None:
    """Nothing behind it is asked."""
    answer = httpx.get(stack.url() + "/robots.txt")

    assert (answer.text, answer.headers["content-type"]) == (
        "User-agent: *\nDisallow: /\n",
        "text/plain; charset=utf-8",
    )


def test_the_remote_function_answers(stack: Stack) -> None:
    """It runs in the second gateway and is invoked over the Invoke API."""
    assert httpx.get(stack.url() + "/aws/7").json() == {"place": "aws", "path": "/aws/7"}


def test_orders_come_from_both_places(stack: Stack) -> None:
    """Nine of ten are local; of 200 no fewer than 2 and no more than 60 are not, but once in 10 million runs."""
    with httpx.Client() as client:
        places = []
        for _ in range(200):
            client.cookies.clear()
            places.append(client.get(stack.url() + "/orders/7").json()["place"])

    assert 2 <= places.count("aws") <= 60
    assert places.count("aws") + places.count("local") == 200


def test_a_client_stays_where_it_is(stack: Stack) -> None:
    """With the cookie of the first answer every further one comes from the same place."""
    with httpx.Client() as client:
        places = {client.get(stack.url() + "/orders/7").json()["place"] for _ in range(30)}

    assert len(places) == 1


def test_the_http_server_sees_its_own_paths(stack: Stack) -> None:
    """The prefix is cut off, the client's address is told, and the client is to stay."""
    answer = httpx.get(stack.url() + "/legacy/page?x=1")

    assert answer.text == "legacy /page?x=1 for 127.0.0.1\n"
    assert "AWSALB" in answer.cookies


def test_the_health_of_the_http_server_is_told(stack: Stack) -> None:
    """On the control port, under the listener's port."""
    answer = httpx.get(f"{stack.url('CONTROL')}/_gateway/target-health/{stack.ports['HTTP']}").json()

    (described,) = answer["legacy"]["TargetHealthDescriptions"]
    assert described["Target"] == {"Id": f"http://127.0.0.1:{stack.ports['LEGACY']}"}
    assert described["TargetHealth"]["State"] in ("initial", "healthy")


def test_a_user_logs_in(stack: Stack) -> None:
    """From plain HTTP to HTTPS, to the provider's form, back with a session: the page knows the user's name."""
    with httpx.Client(verify=ssl.create_default_context(cafile=stack.authority), follow_redirects=True) as browser:
        form = browser.get(stack.url() + "/account")
        assert (form.url.port, "<form" in form.text) == (stack.ports["LOGIN"], True)
        page = browser.post(form.url, data={"name": "Ada"})
        again = browser.get(stack.url("HTTPS") + "/account/orders")

    assert (str(page.url), page.text) == (stack.url("HTTPS") + "/account", "Hello Ada, this is /account\n")
    assert again.text == "Hello Ada, this is /account/orders\n"


def test_the_provider_refuses_strangers(stack: Stack) -> None:
    """The example's provider is small, but codes and secrets count: no code, no token."""
    login = httpx.get(stack.url("HTTPS") + "/account", verify=ssl.create_default_context(cafile=stack.authority))
    asked = parse_qs(urlsplit(login.headers["location"]).query)
    token = httpx.post(stack.url("LOGIN") + "/token", data={"grant_type": "authorization_code", "code": "made up"})

    assert (asked["client_id"], asked["redirect_uri"]) == (["stack"], [stack.url("HTTPS") + "/oauth2/idpresponse"])
    assert (token.status_code, token.json()) == (401, {"error": "invalid_client"})
    assert httpx.get(stack.url("LOGIN") + "/userinfo").status_code == 401


def test_a_port_in_use_ends_everything(tmp_path: Path) -> None:
    """The rest is stopped too, and the exit code is not 0."""
    ports = free_ports()
    with socket.create_server(("127.0.0.1", ports["HTTP"])), start(tmp_path, ports) as process:
        assert process.wait(60) == 1
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", ports["LEGACY"]))
