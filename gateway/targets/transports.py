"""Which client sends to an origin."""

from typing import Final

from gateway.targets.http_transport import Origin, Timeouts, Transport

_PATIENCE: Final = Timeouts()


def open_transport(origin: Origin, timeouts: Timeouts = _PATIENCE, *, public: bool = False) -> Transport:
    """The client for an origin; it must be used on the event loop that runs now.

    Args:
        origin: Where to connect.
        timeouts: How long to wait.
        public: Check the server's certificate and heed the variables of proxies, as for a service on the internet;
            otherwise connect directly and take any certificate, as a load balancer does with its targets (AWS ELB user
            guide, target groups).
    """
    if origin.scheme == "https":
        from gateway.targets.http_httpx import HttpxTransport  # noqa: PLC0415 - 70 ms that plain HTTP does not pay

        return HttpxTransport(origin, timeouts, public=public)
    from gateway.targets.http_pool import PooledTransport  # noqa: PLC0415 - only who calls out needs httptools here

    return PooledTransport(origin, timeouts)
