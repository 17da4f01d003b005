"""Streamed responses from a real Node.js handler to a real client, through a Function URL and a REST API."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from gateway.app import Gateway
from gateway.config.doors import FunctionUrlSettings, RestApiSettings
from gateway.config.settings import FunctionSettings, ListenerSettings, Settings
from gateway.hosting import HostOptions
from tests.targets.runtime_api.opening import needs_node

CODE = Path(__file__).parent / "data" / "functions" / "streams"
URL = FunctionUrlSettings(0, "f", invoke_mode="RESPONSE_STREAM")
REST = RestApiSettings(0, "f", response_transfer_mode="STREAM")

pytestmark = [pytest.mark.anyio, needs_node]


@asynccontextmanager
async def served(settings: ListenerSettings, handler: str) -> AsyncIterator[httpx.AsyncClient]:
    """A handler behind a front door, and a client of it."""
    function = FunctionSettings("f", handler, code=CODE, runtime="nodejs", timeout=20)
    # The pipe that handlers open is below /tmp.
    host = HostOptions(variables=os.environ, log=lambda _: None, sandbox=False)
    gateway = Gateway(Settings(CODE, {"f": function}, listeners=(settings,)), host)
    await gateway.start()
    try:
        address = f"http://127.0.0.1:{gateway.servers[0].port}"
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=20) as client:
            yield client
    finally:
        await gateway.stop(0)


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """What the handler waits for."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("settings", [URL, REST], ids=["url-stream", "rest"])
async def test_the_first_byte_comes_while_the_handler_waits(settings: ListenerSettings, pipe: Path) -> None:
    """Status, headers and the first piece are there before the handler knows what comes next."""
    async with served(settings, "app.waits") as client:
        request = client.stream("GET", "/", params={"pipe": str(pipe)}, headers={"x-there": "back"})
        async with request as answer:
            pieces = answer.aiter_raw()
            first = await anext(pieces)
            await asyncio.to_thread(pipe.write_text, "two")
            rest = b"".join([piece async for piece in pieces])

    assert (answer.status_code, answer.headers["x-back"]) == (201, "back")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert (first, rest) == (b"one", b"two")


async def read(client: httpx.AsyncClient, pipe: Path, rest: str) -> bytes:
    """The whole body, when the handler goes on with ``rest`` after its first piece."""
    async with client.stream("GET", "/", params={"pipe": str(pipe)}, headers={"x-there": "back"}) as answer:
        await asyncio.to_thread(pipe.write_text, rest)
        return await answer.aread()


async def test_a_handler_that_fails_half_way(pipe: Path) -> None:
    """The client sees a truncated response, and the next request is served."""
    async with served(URL, "app.waits") as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await read(client, pipe, "break")
        assert await read(client, pipe, "two") == b"onetwo"


async def test_a_handler_that_does_not_stream() -> None:
    """A Function URL sends its JSON as it is; to a REST API it is a configuration error."""
    async with served(URL, "app.plain") as client:
        url = await client.get("/")
    async with served(REST, "app.plain") as client:
        rest = await client.get("/")

    assert url.content == b'{"statusCode":200,"body":"whole"}'
    assert (rest.status_code, rest.content) == (500, b'{"message": "Internal server error"}')
