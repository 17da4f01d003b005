"""A configuration file from the first byte to the answer."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.serving import Served, serving

FILE = Path(__file__).parent / "data" / "gateway.toml"
HANDLER = """
def handler(event, context):
    lines = event["multiValueHeaders"]["x-env"]
    return {"statusCode": 200, "multiValueHeaders": {"X-Env": lines}, "body": context.function_name + event["path"]}
"""
HOST = "Host: a.example.com"
ENV = "X-Env: developer"


class Legacy(BaseHTTPRequestHandler):
    """Answers with its name and the path."""

    def do_GET(self) -> None:
        """Also the load balancer's health checks."""
        body = f"legacy{self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def legacy_port() -> Iterator[int]:
    """The server that is no function, on a free port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Legacy) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The file as it stands, but for the two ports."""
    folder = tmp_path_factory.mktemp("file")
    (folder / "app.py").write_text(HANDLER)
    with legacy_port() as legacy:
        text = FILE.read_text().replace("port = 8000", "port = 0").replace(":9001", f":{legacy}")
        (folder / "gateway.toml").write_text(text)
        with serving(folder, "gateway.toml") as gateway:
            assert gateway.ready.endswith("-> gateway.toml (alb)\n")
            yield gateway


@pytest.mark.parametrize("path", ["/one/x?v=2", "/one/x?anything=twofold"])
def test_weights(served: Served, path: str) -> None:
    """Both targets get their share: of 300 requests about 30, and in a billion runs never under 4 or over 80."""
    answers = Counter(served.get(path, HOST, ENV) for _ in range(300))

    one, legacy = (200, "one/one/x"), (200, f"legacy{path}")
    assert set(answers) == {one, legacy}
    assert 4 <= answers[legacy] <= 80


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("/two/x?v=2", (HOST, ENV)),
        ("/one/x?v=3", (HOST, ENV)),
        ("/one/x", (HOST, ENV)),
        ("/one/x?v=2", (HOST, "X-Env: production")),
        ("/one/x?v=2", (HOST,)),
        ("/one/x?v=2", ("Host: example.org", ENV)),
    ],
)
def test_every_condition_must_hold(served: Served, path: str, lines: tuple[str, ...]) -> None:
    """What no rule takes gets the default answer."""
    assert served.get(path, *lines) == (404, "no such place")


def test_redirect(served: Served) -> None:
    """It has its port."""
    status, head = served.head("/old/page?a=1", HOST)

    assert status == 301
    assert f"Location: http://new.example.com:{served.port}/old/page?a=1\r\n" in head
