"""The whole gateway in this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.app import Server
from gateway.config.settings import FunctionSettings
from gateway.errors import UsageError
from tests.gateways import Front, function, gateway_of
from tests.listeners.doubles import Client, Echo
from tests.targets.hosting import Log, children, eventually

pytestmark = pytest.mark.anyio

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"


@asynccontextmanager
async def running(settings: FunctionSettings, *, in_process: bool = False) -> AsyncIterator[Server]:
    """A gateway with a load balancer in front of a function."""
    gateway = gateway_of([settings], [Front("app")], Log().append, in_process=in_process)
    await gateway.start()
    try:
        yield gateway.servers[0]
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
    async with running(function("app", "host.alb"), in_process=in_process) as server:
        answer = await ask(server.port)

    assert (answer.status, answer.body) == (200, b"/a")
    assert answer.headers["Server"] == "awselb/2.0"


async def test_stop_leaves_nothing() -> None:
    """After `stop` there is no process and no open port."""
    before = children()
    async with running(function("app", "host.alb")) as server:
        await ask(server.port)
        assert len(children() - before) == 2  # the worker and the reaper's shell

    assert children() == before
    with pytest.raises(ConnectionRefusedError):
        await ask(server.port)


async def test_failed_start_stops_everything() -> None:
    """When one function cannot be loaded the others and the ports are stopped again."""
    before = children()
    functions = [function("app", "host.alb"), function("bad", "host.missing")]
    gateway = gateway_of(functions, [Front("app")], Log().append)

    with pytest.raises(UsageError, match="Handler 'missing' missing on module 'host'"):
        await gateway.start()
    assert children() == before
    with pytest.raises(ConnectionRefusedError):
        await ask(gateway.servers[0].port)


async def test_stop_lets_requests_finish() -> None:
    """A request that runs when `stop` is called is answered."""
    gateway = gateway_of([function("app", "host.alb_slow")], [Front("app")], Log().append)
    await gateway.start()
    client = await Client.connect(gateway.servers[0].port)
    await client.send(b"GET /slow?seconds=0.3 HTTP/1.1\r\nHost: h\r\n\r\n")
    await eventually(lambda: gateway.functions["app"].in_flight == 1)
    stopping = asyncio.ensure_future(gateway.stop(10))

    assert (await client.answer()).body == b"/slow"
    await client.close()
    await stopping


async def test_force_drops_requests() -> None:
    """`force` makes a running `stop` end at once."""
    gateway = gateway_of([function("app", "host.alb_slow", timeout=60)], [Front("app")], Log().append)
    await gateway.start()
    client = await Client.connect(gateway.servers[0].port)
    await client.send(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: h\r\n\r\n")
    await eventually(lambda: gateway.functions["app"].in_flight == 1)
    stopping = asyncio.ensure_future(gateway.stop(60))
    await asyncio.sleep(0)
    gateway.force()

    await asyncio.wait_for(stopping, 10)
    assert gateway.functions["app"].in_flight == 0
    await client.close()
