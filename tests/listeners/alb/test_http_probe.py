"""Health checks of a plain HTTP server."""

import pytest

from gateway.listeners.alb.health import Answered, Broken
from gateway.listeners.alb.http_probe import http_probe
from gateway.listeners.arrivals import arrive
from gateway.observe.record import Exchange
from gateway.targets.http_transport import parse_origin
from tests.targets.http_server import answering, ok

pytestmark = pytest.mark.anyio


async def test_servers_are_asked() -> None:
    """Each check has a connection of its own and the lines of real ones."""
    async with answering(ok(b"fine", status=b"202 Soon")) as server:
        probe = http_probe(parse_origin(server.url), "/up?x=1", 5)
        assert [await probe(None), await probe(None)] == [Answered(202)] * 2

    assert server.connections == 2
    assert server.heads[0].decode().split("\r\n") == [
        "GET /up?x=1 HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Connection: close",
        "User-Agent: ELB-HealthChecker/2.0",
        "Accept-Encoding: gzip, compressed",
        "",
        "",
    ]


async def test_a_server_that_is_down_is_broken() -> None:
    """Nobody answers there."""
    async with answering(ok()) as server:
        pass
    assert await http_probe(parse_origin(server.url), "/", 5)(None) == Broken()


async def test_instants_for_observers() -> None:
    """When the server was asked, and when it answered; one that is down never does."""
    answered, broken = (Exchange(arrive(), kind="health check") for _ in range(2))
    async with answering(ok()) as server:
        assert await http_probe(parse_origin(server.url), "/", 5)(answered) == Answered(200)
    assert await http_probe(parse_origin(server.url), "/", 5)(broken) == Broken()

    assert answered.answered_at >= answered.invoked_at > 0
    assert (broken.invoked_at > 0, broken.answered_at) == (True, 0.0)
