"""Choosing a client of outgoing HTTP."""

import pytest

from gateway.targets.http_httpx import HttpxTransport
from gateway.targets.http_pool import PooledTransport
from gateway.targets.http_transport import Transport, parse_origin
from gateway.targets.transports import open_public_transport, open_transport

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("url", ["http://a", "https://a"])
@pytest.mark.parametrize("verify", [True, False])
async def test_servers_get_the_client_that_trusts_none(url: str, verify: bool) -> None:
    """With TLS or without, and whether certificates are checked or not."""
    transport = open_transport(parse_origin(url), verify=verify)
    assert isinstance(transport, PooledTransport)
    assert bool(transport._secure) == url.startswith("https")
    if transport._secure:
        assert transport._secure["ssl"].check_hostname == verify
    await transport.aclose()


@pytest.mark.parametrize(("url", "kind"), [("http://a", PooledTransport), ("https://a", HttpxTransport)])
async def test_services_on_the_internet(url: str, kind: type[Transport]) -> None:
    """Over https through httpx, which knows proxies."""
    transport = open_public_transport(parse_origin(url))
    assert isinstance(transport, kind)
    await transport.aclose()
