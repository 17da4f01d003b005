"""Which client sends to an origin."""

from functools import cache
from typing import TYPE_CHECKING, Final

from gateway.targets.http_transport import Origin, Timeouts, Transport

if TYPE_CHECKING:
    import ssl

_PATIENCE: Final = Timeouts()


def open_transport(origin: Origin, timeouts: Timeouts = _PATIENCE, *, verify: bool = False) -> Transport:
    """The client for an origin; it must be used on the event loop that runs now.

    Args:
        origin: Where to connect, directly.
        timeouts: How long to wait.
        verify: Check the server's certificate; otherwise any is taken, as a load balancer does with its targets (AWS
            ELB user guide, target groups).
    """
    from gateway.targets.http_pool import PooledTransport  # noqa: PLC0415 - only who calls out needs httptools here

    tls = _context(verify=verify) if origin.scheme == "https" else None
    return PooledTransport(origin, timeouts, tls=tls)


def open_public_transport(origin: Origin, timeouts: Timeouts = _PATIENCE) -> Transport:
    """The client for a service on the internet: certificates are checked, the variables of proxies are heeded."""
    if origin.scheme != "https":
        return open_transport(origin, timeouts)
    from gateway.targets.http_httpx import HttpxTransport  # noqa: PLC0415 - 70 ms that others do not pay

    return HttpxTransport(origin, timeouts)


@cache
def _context(*, verify: bool) -> "ssl.SSLContext":
    import ssl  # noqa: PLC0415 - plain HTTP does without

    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
