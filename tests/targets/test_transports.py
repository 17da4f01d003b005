"""Choosing a client of outgoing HTTP."""

import pytest

from gateway.targets.http_httpx import HttpxTransport
from gateway.targets.http_pool import PooledTransport
from gateway.targets.http_transport import Transport, parse_origin
from gateway.targets.transports import open_transport


@pytest.mark.anyio
@pytest.mark.parametrize(("url", "kind"), [("http://a", PooledTransport), ("https://a", HttpxTransport)])
async def test_the_scheme_chooses_the_client(url: str, kind: type[Transport]) -> None:
    """Plain HTTP goes the fast way, https through httpx."""
    transport = open_transport(parse_origin(url))
    assert isinstance(transport, kind)
    await transport.aclose()
