"""An Express application behind every front door, through the adapter that its users have.

The packages are not this project's: ``scripts/test-node`` fetches them and runs this file.
"""

import base64
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from gateway.app import Gateway
from gateway.config.doors import FunctionUrlSettings, HttpApiSettings, RestApiSettings
from gateway.config.settings import FunctionSettings, ListenerSettings, Settings
from gateway.hosting import HostOptions
from tests.gateways import Front, gateway_of

NODE_MODULES = Path(os.environ.get("GATEWAY_TEST_NODE_MODULES", "/nowhere"))
APP = Path(__file__).parent / "data" / "functions" / "express" / "app.js"
FRONTS: dict[str, ListenerSettings] = {
    # As deployed with the adapter: without binary types a REST API damages bytes.
    "rest": RestApiSettings(0, "express", binary_media_types=("*/*",)),
    "http": HttpApiSettings(0, function="express"),
    "http-v1": HttpApiSettings(0, function="express", payload_format_version="1.0"),
    "url": FunctionUrlSettings(0, "express"),
}

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(shutil.which("node") is None, reason="the program node is not on PATH"),
    pytest.mark.skipif(
        not (NODE_MODULES / "@codegenie" / "serverless-express").is_dir(),
        reason="Express and @codegenie/serverless-express are not there; scripts/test-node fetches them",
    ),
]


def ignore(line: bytes) -> None:
    """The log of the function."""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A function's code as it would be deployed: the application beside its packages."""
    shutil.copy(APP, tmp_path)
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    return tmp_path


@asynccontextmanager
async def served(front: str, code: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The application behind a front door, and a client of it."""
    function = FunctionSettings("express", "app.handler", code=code, runtime="nodejs", timeout=20)
    if front == "alb":
        gateway = gateway_of([function], [Front("express", multi_value_headers=True)], ignore)
    else:
        settings = Settings(code, {"express": function}, listeners=(FRONTS[front],))
        gateway = Gateway(settings, HostOptions(variables=os.environ, log=ignore))
    await gateway.start()
    try:
        async with client_of(gateway.servers[0].port) as client:
            yield client
    finally:
        await gateway.stop(0)


def client_of(port: int) -> httpx.AsyncClient:
    """A client of a port of this machine."""
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20)


@pytest.mark.parametrize("front", ["alb", *FRONTS])
async def test_express(front: str, code: Path) -> None:
    """The application sees the request that was sent, and the client the answer that it gave."""
    body = bytes(range(256))
    headers = {"X-There": "back", "Cookie": "a=1; b=2", "Content-Type": "application/octet-stream"}
    async with served(front, code) as client:
        answer = await client.post("/echo/path", params={"q": "a b", "r": "ü"}, headers=headers, content=body)
        empty = await client.get("/echo/x")
        picture = await client.get("/bytes", headers={"Accept": "image/png"})

    assert answer.status_code == 201
    assert answer.headers["x-back"] == "back"
    assert sorted(answer.headers.get_list("set-cookie")) == ["one=1; Path=/", "two=2; Path=/"]
    seen = answer.json()
    assert (seen["method"], seen["path"], seen["cookie"]) == ("POST", "/echo/path", "a=1; b=2")
    assert seen["query"] == {"q": "a b", "r": "ü"}
    assert base64.b64decode(seen["body"]) == body
    assert (empty.json()["method"], empty.json()["query"], empty.json()["body"]) == ("GET", {}, "")
    assert picture.content == bytes([0, 255, 128])
