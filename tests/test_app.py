"""The whole gateway in this process."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC

import pytest

from gateway.app import Gateway, HostOptions, log_stream, now
from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.listeners.server import ListenerServer
from gateway.translation.flavours.alb import Alb
from tests.listeners.alb.doubles import ARN
from tests.listeners.doubles import Client, Echo
from tests.targets.hosting import Log, children, configuration, eventually

pytestmark = pytest.mark.anyio

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"


def options(log: Log | None = None, **given: bool | str) -> HostOptions:
    """Options with this process's variables."""
    sink = Log() if log is None else log
    return replace(HostOptions(variables=os.environ, log=sink.append), **given)  # type: ignore[arg-type]


@asynccontextmanager
async def running(function: FunctionConfiguration, host: HostOptions) -> AsyncIterator[ListenerServer]:
    """A gateway with a load balancer in front of a function."""
    gateway = Gateway(host)
    server = gateway.add_alb(Alb(ARN), gateway.add_function(function), "127.0.0.1", 0)
    await gateway.start()
    try:
        yield server
    finally:
        await gateway.stop(5)


async def ask(port: int, request: bytes = GET) -> Echo:
    """One answer."""
    client = await Client.connect(port)
    answer = await client.ask(request)
    await client.close()
    return answer


@pytest.mark.parametrize("in_process", [True, False])
async def test_serves(in_process: bool) -> None:
    """A request goes through a front door to a handler and back."""
    async with running(configuration("alb"), options(in_process=in_process)) as server:
        answer = await ask(server.port)

    assert (answer.status, answer.body) == (200, b"/a")
    assert answer.headers["Server"] == "awselb/2.0"


async def test_stop_leaves_nothing() -> None:
    """After `stop` there is no process and no open port."""
    before = children()
    async with running(configuration("alb"), options()) as server:
        await ask(server.port)
        assert len(children() - before) == 2  # the worker and the reaper's shell

    assert children() == before
    with pytest.raises(ConnectionRefusedError):
        await ask(server.port)


async def test_failed_start_stops_everything() -> None:
    """When one function cannot be loaded the others and the ports are stopped again."""
    before = children()
    gateway = Gateway(options())
    good = gateway.add_function(configuration("alb"))
    gateway.add_function(replace(configuration("host.missing"), name="bad"))
    server = gateway.add_alb(Alb(ARN), good, "127.0.0.1", 0)

    with pytest.raises(UsageError, match="Handler 'missing' missing on module 'host'"):
        await gateway.start()
    assert children() == before
    with pytest.raises(ConnectionRefusedError):
        await ask(server.port)


async def test_reserved_variable() -> None:
    """What Lambda refuses is refused before anything starts."""
    function = replace(configuration("alb"), environment={"AWS_REGION": "x"})
    with pytest.raises(UsageError, match="AWS_REGION"):
        Gateway(options()).add_function(function)


async def test_stop_lets_requests_finish() -> None:
    """A request that runs when `stop` is called is answered."""
    gateway = Gateway(options())
    server = gateway.add_alb(Alb(ARN), gateway.add_function(configuration("alb_slow")), "127.0.0.1", 0)
    await gateway.start()
    client = await Client.connect(server.port)
    await client.send(b"GET /slow?seconds=0.3 HTTP/1.1\r\nHost: h\r\n\r\n")
    function = gateway.functions["app"]
    await eventually(lambda: function.in_flight == 1)
    stopping = asyncio.ensure_future(gateway.stop(10))

    assert (await client.answer()).body == b"/slow"
    await client.close()
    await stopping


async def test_force_drops_requests() -> None:
    """`force` makes a running `stop` end at once."""
    gateway = Gateway(options())
    function = gateway.add_function(configuration("alb_slow", timeout_ms=60_000))
    server = gateway.add_alb(Alb(ARN), function, "127.0.0.1", 0)
    await gateway.start()
    client = await Client.connect(server.port)
    await client.send(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: h\r\n\r\n")
    await eventually(lambda: function.in_flight == 1)
    stopping = asyncio.ensure_future(gateway.stop(60))
    await asyncio.sleep(0)
    gateway.force()

    await asyncio.wait_for(stopping, 10)
    assert function.in_flight == 0
    await client.close()


async def test_platform_lines() -> None:
    """START, END and REPORT are written when they are asked for."""
    log = Log()
    async with running(configuration("alb"), options(log, platform_lines="text")) as server:
        await ask(server.port)

    assert [line.split(" ")[0] for line in log.text.splitlines()] == ["START", "END", "REPORT"]


async def test_log_stream() -> None:
    """A log stream is named by the day, the version and an id of its own."""
    function = replace(configuration("alb"), version="7")

    assert now().tzinfo is UTC
    assert log_stream(function).startswith(f"{now():%Y/%m/%d}/[7]")
    assert log_stream(function) != log_stream(function)
