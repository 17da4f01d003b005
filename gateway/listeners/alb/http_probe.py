"""The health check of a plain HTTP server."""

from time import perf_counter

from gateway.listeners.alb.health import Answered, Broken, CheckResult
from gateway.listeners.alb.health_checker import Probe
from gateway.observe.record import Exchange
from gateway.targets.http_transport import Origin, Timeouts, TransportError
from gateway.targets.transports import open_transport


def http_probe(origin: Origin, path: str, timeout_s: float) -> Probe:
    """Checks of an HTTP server: ``GET`` on a connection of its own, with the lines that real checks have."""
    headers = [
        (b"Host", f"{origin.host}:{origin.port}".encode()),
        (b"Connection", b"close"),
        (b"User-Agent", b"ELB-HealthChecker/2.0"),
        (b"Accept-Encoding", b"gzip, compressed"),
    ]

    async def check(exchange: Exchange | None) -> CheckResult:
        if exchange is not None:
            exchange.invoked_at = perf_counter()
        transport = open_transport(origin, Timeouts(timeout_s, timeout_s))
        try:
            answer = await transport.send("GET", path.encode(), headers, stream=True)
            if exchange is not None:
                exchange.answered_at = perf_counter()
            return Answered(answer.status)
        except TransportError:
            return Broken()
        finally:
            await transport.aclose()

    return check
