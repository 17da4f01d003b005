"""The Telemetry API of one execution environment.

Facts, from the AWS guide "Accessing real-time telemetry data for extensions using the Telemetry API":

- ``PUT /2022-07-01/telemetry`` subscribes an extension to ``platform``, ``function`` and ``extension`` events; they
  arrive as a JSON array of ``{time, type, record}``, over HTTP, or over TCP as one JSON object a line.
- Buffering: 1000-10000 items, 262144-1048576 bytes, 25-30000 ms; the defaults are 10000, 262144 and 1000.
- The destination's host is ``sandbox.localdomain``, which is this machine's loopback here.
- What happened before the subscription is delivered too, as far as it is from the init phase.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import orjson

from gateway.defects import reported
from gateway.targets.runtime_api.connection import RuntimeApiCall
from gateway.targets.runtime_api.extensions import Extension, Extensions, refuse
from gateway.targets.runtime_api.server import CallHandler
from gateway.types import Json

PATH: Final = b"/2022-07-01/telemetry"
_HOSTS: Final = ("sandbox.localdomain", "sandbox")
_SCHEMAS: Final = ("2022-07-01", "2022-12-13", "2025-01-29")
_TYPES: Final = ("platform", "function", "extension")
_LIMITS: Final = {"maxItems": (1000, 10_000, 10_000), "maxBytes": (262_144, 1_048_576, 262_144)}
_TIMEOUT_MS: Final = (25, 30_000, 1000)
_SEND_LIMIT_S: Final = 1.0
_KEPT: Final = 1000
"""Events of the init phase that are kept for later subscribers."""
_LINE_LIMIT: Final = 262_144
"""Bytes of a line that has no end yet; a longer one goes out in pieces, as in CloudWatch Logs."""


class _Invalid(ValueError):
    """A subscription that cannot be accepted; the message says why."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What an extension asked for.

    Attributes:
        types: ``platform``, ``function``, ``extension``.
        port: On loopback.
        path: Of the HTTP destination; None for TCP.
    """

    types: tuple[str, ...]
    port: int
    path: str | None
    max_items: int
    max_bytes: int
    timeout_ms: int


def parse(body: bytes) -> Subscription:
    """Read a subscription; raises `ValueError` with a message for the extension's author."""
    request = orjson.loads(body)
    if not isinstance(request, dict):
        raise _Invalid("expected an object")
    if request.get("schemaVersion") not in _SCHEMAS:
        raise _Invalid(f"schemaVersion: expected one of {', '.join(_SCHEMAS)}")
    types = request.get("types")
    if not isinstance(types, list) or not types or not all(kind in _TYPES for kind in types):
        raise _Invalid(f"types: expected some of {', '.join(_TYPES)}")
    buffering = request.get("buffering") or {}
    port, path = _destination(request.get("destination"))
    return Subscription(
        tuple(types),
        port,
        path,
        _number(buffering, "maxItems", _LIMITS["maxItems"]),
        _number(buffering, "maxBytes", _LIMITS["maxBytes"]),
        _number(buffering, "timeoutMs", _TIMEOUT_MS),
    )


def _number(buffering: Json, name: str, limits: tuple[int, int, int]) -> int:
    least, most, default = limits
    value = buffering.get(name, default) if isinstance(buffering, dict) else None
    if not isinstance(value, int) or not least <= value <= most:
        raise _Invalid(f"buffering.{name}: expected {least} to {most}")
    return value


def _destination(destination: Json) -> tuple[int, str | None]:
    if not isinstance(destination, dict):
        raise _Invalid("destination: expected an object")
    protocol, port, uri = (destination.get(name) for name in ("protocol", "port", "URI"))
    if protocol == "TCP" and isinstance(port, int):
        return port, None
    parts = urlsplit(uri) if protocol == "HTTP" and isinstance(uri, str) else None
    if parts is None or parts.hostname not in _HOSTS:
        raise _Invalid("destination: expected protocol HTTP with a URI at sandbox.localdomain, or TCP with a port")
    return parts.port or 80, parts.path or "/"


class _Buffer:
    """Gathers events for one subscriber and sends them together."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self._items: list[bytes] = []
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None

    def add(self, item: bytes) -> None:
        """Keep an event until there are enough, or for as long as was asked for."""
        self._items.append(item)
        self._bytes += len(item)
        if len(self._items) >= self.subscription.max_items or self._bytes >= self.subscription.max_bytes:
            self.flush()
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self.subscription.timeout_ms / 1000, self.flush)

    def flush(self) -> None:
        """Send what there is, behind what is being sent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._items:
            items, self._items, self._bytes = self._items, [], 0
            self._sending = asyncio.get_running_loop().create_task(self._send(items, self._sending))
            self._sending.add_done_callback(reported("the telemetry of an extension"))

    async def aclose(self) -> None:
        """Send the rest."""
        self.flush()
        if self._sending is not None:
            await asyncio.wait([self._sending])

    async def _send(self, items: list[bytes], before: asyncio.Task[None] | None) -> None:
        """Deliver one batch; a destination that does not answer loses it, as on Lambda."""
        if before is not None:
            await asyncio.wait([before])
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_SEND_LIMIT_S):
                await self._deliver(items)

    async def _deliver(self, items: list[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.subscription.port)
        try:
            if self.subscription.path is None:
                writer.write(b"".join(item + b"\n" for item in items))
                await writer.drain()
                return
            body = b"[" + b",".join(items) + b"]"
            head = (
                f"POST {self.subscription.path} HTTP/1.1\r\nHost: sandbox.localdomain:{self.subscription.port}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await reader.readuntil(b"\r\n")
        finally:
            writer.close()


class Telemetry:
    """Who wants to know what happens in an environment, and what has happened.

    Args:
        extensions: Who may subscribe.
        now: The clock of the events.
    """

    def __init__(self, extensions: Extensions, now: Callable[[], datetime]) -> None:
        self._extensions = extensions
        self._now = now
        self._buffers: dict[Extension, _Buffer] = {}
        self._early: list[tuple[str, bytes]] = []
        self._partial: dict[str, bytes] = {}

    @property
    def routes(self) -> dict[tuple[bytes, bytes], CallHandler]:
        """What answers the subscriptions."""
        return {(b"PUT", PATH): self._subscribe}

    @property
    def wanted(self) -> bool:
        """Whether an event can have a reader: a subscriber now, or one still to come."""
        return bool(self._buffers) or not self._extensions.closed

    def emit(self, kind: str, record: object) -> None:
        """Something happened; ``kind`` is such as ``platform.start`` or ``function``."""
        if not self.wanted:
            return
        time = self._now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        item = orjson.dumps({"time": time, "type": kind, "record": record})
        group = kind.partition(".")[0]
        if not self._extensions.closed and len(self._early) < _KEPT:
            self._early.append((group, item))
        for buffer in self._buffers.values():
            if group in buffer.subscription.types:
                buffer.add(item)

    def output(self, kind: str, chunk: bytes) -> None:
        """What a process wrote: one event a line; an unfinished line waits for its end."""
        if not self.wanted:
            return
        *lines, rest = (self._partial.pop(kind, b"") + chunk).split(b"\n")
        for line in lines:
            self.emit(kind, line.decode(errors="replace"))
        if len(rest) > _LINE_LIMIT:
            self.emit(kind, rest.decode(errors="replace"))
        elif rest:
            self._partial[kind] = rest

    async def aclose(self) -> None:
        """Send everything that is left."""
        for kind, rest in self._partial.items():
            self.emit(kind, rest.decode(errors="replace"))
        self._partial.clear()
        await asyncio.gather(*(buffer.aclose() for buffer in self._buffers.values()))

    def _subscribe(self, call: RuntimeApiCall) -> None:
        extension = self._extensions.identified(call)
        if extension is None:
            return
        try:
            subscription = parse(call.body)
        except ValueError as error:
            refuse(call, "ValidationError", str(error), 400)
            return
        buffer = self._buffers[extension] = _Buffer(subscription)
        call.answer(200, b'"OK"')
        for group, item in self._early:
            if group in subscription.types:
                buffer.add(item)
        record: Json = {"name": extension.name, "state": "Subscribed", "types": list(subscription.types)}
        self.emit("platform.telemetrySubscription", record)
