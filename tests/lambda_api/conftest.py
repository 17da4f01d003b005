"""A real control port with a target that answers what a test tells it to."""

import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.invocation import Invocation, Outcome, Returned
from gateway.lambda_api.app import build_control_app

INVOKE = "/2015-03-31/functions/demo-lambda/invocations"
STREAM = "/2021-11-15/functions/demo-lambda/response-streaming-invocations"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:demo-lambda"


@dataclass
class ScriptedTarget:
    """A target that gives one prepared outcome and remembers what it was asked."""

    outcome: Outcome = field(default_factory=lambda: Returned(b"null"))
    seen: list[Invocation] = field(default_factory=list)
    environments: int = 0

    async def start(self) -> None:
        """Nothing to make ready."""

    async def invoke(self, invocation: Invocation) -> Outcome:
        """The prepared outcome."""
        self.seen.append(invocation)
        return self.outcome

    def renew(self) -> None:
        """Nothing to load anew."""

    async def aclose(self) -> None:
        """Nothing to stop."""


class Server:
    """An ASGI application behind a real socket, in a thread of its own since boto3 blocks."""

    def __init__(self, app: ASGIApp) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(app, ws="none", log_level="critical", server_header=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]})
        self._thread.start()

    def stop(self) -> None:
        """End the lifespan and wait for it."""
        self._server.should_exit = True
        self._thread.join(timeout=30)
        assert not self._thread.is_alive()


@dataclass
class ControlPort:
    """The control port under test."""

    target: ScriptedTarget
    function: Function
    server: Server
    client: httpx.Client
    resets: list[str]

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.server.url


async def chunks_of(*pieces: bytes) -> AsyncIterator[bytes]:
    """A stream that ends well."""
    for piece in pieces:
        yield piece


@pytest.fixture
def target() -> ScriptedTarget:
    """The target of ``demo-lambda``."""
    return ScriptedTarget()


@pytest.fixture
def serve() -> Iterator[Callable[[ASGIApp], Server]]:
    """Start servers that end with the test."""
    servers: list[Server] = []

    def start(app: ASGIApp) -> Server:
        servers.append(Server(app))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def control(target: ScriptedTarget, serve: Callable[[ASGIApp], Server]) -> Iterator[ControlPort]:
    """A control port with the one function ``demo-lambda``."""
    resets: list[str] = []

    async def reset() -> None:
        resets.append("reset")

    function = Function(FunctionConfiguration("demo-lambda", "app.handler"), target)
    server = serve(build_control_app(LambdaService([function]), reset))
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
        yield ControlPort(target, function, server, client, resets)
