"""A listener of a configuration on its port, with what observes it."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, NamedTuple

from gateway.config.settings import ListenerSettings
from gateway.listener_options import ListenerOptions
from gateway.listener_types import ListenerType, flavour_name, listener_type
from gateway.listeners.context import ListenerContext
from gateway.listeners.local_authority import tls_files_of
from gateway.listeners.pipeline import PipelineListener, Steps
from gateway.listeners.server import ListenerServer
from gateway.loading import load
from gateway.observe.record import Observer, together

if TYPE_CHECKING:
    from starlette.routing import Route

    from gateway.lambda_api.strict import Verify

_NONE = ListenerOptions()


class ListenerPort:
    """What one listener's settings describe.

    Args:
        settings: Of the listener.
        context: What it shares with others.
        options: What it does beside its own work.

    Raises:
        UsageError: Something that they name is not there, or an extra is missing.
    """

    def __init__(self, settings: ListenerSettings, context: ListenerContext, options: ListenerOptions = _NONE) -> None:
        self._row = listener_type(settings.type)
        self.listener = _built(self._row, settings, context)
        self.listener.observer = _observer(self._row, self.listener, options)
        needs = self.listener.steps.port
        tls = tls_files_of(settings, needs, context.cache)
        self.server = ListenerServer(self.listener, settings.host, settings.port, tls, needs.idle_timeout_s)

    async def start(self) -> None:
        """Open what the listener needs; the server is started by itself."""
        await self.listener.start()

    async def prepare(self, settings: ListenerSettings, context: ListenerContext) -> "ListenerChange":
        """Build and start what other settings describe; nothing changes before its `commit`.

        Raises:
            UsageError: The new settings cannot work.
        """
        listener = _built(self._row, settings, context)
        await listener.start()
        return ListenerChange(self, listener.steps)

    def replace(self, steps: Steps) -> Steps:
        """Go over to other steps; gives those before, to be closed."""
        self.server.set_idle_timeout(steps.port.idle_timeout_s)
        return self.listener.replace(steps)

    async def aclose(self) -> None:
        """Close it."""
        await self.listener.aclose()

    def control_routes(self, verify: "Callable[[str], Verify] | None") -> "list[Route]":
        """What the listener publishes on the control port.

        Args:
            verify: Strict mode: what checks signatures for a service; None takes requests without.
        """
        if not self._row.control_routes:
            return []
        from gateway.lambda_api.strict import signed_route  # noqa: PLC0415 - only when somebody connects

        published = load(self._row.control_routes)(self.listener, self.server.port)
        return [signed_route(it.route, verify(it.service) if verify and it.service else None) for it in published]


class ListenerChange(NamedTuple):
    """Other steps for a listener, ready to be gone over to."""

    port: ListenerPort
    steps: Steps

    async def discard(self) -> None:
        """The old ones stay."""
        await self.steps.aclose()

    def commit(self) -> Coroutine[None, None, None]:
        """Go over to them; what is given closes the old ones."""
        return self.port.replace(self.steps).aclose()


def fixed(settings: ListenerSettings) -> tuple[object, ...]:
    """What of a listener cannot change while it runs."""
    names = listener_type(settings.type).fixed
    return (settings.type, *(getattr(settings, name) for name in names)) if names else (settings,)


def _built(row: ListenerType, settings: ListenerSettings, context: ListenerContext) -> PipelineListener:
    listener: PipelineListener = load(row.listener)(settings, context)
    return listener


def _observer(row: ListenerType, listener: PipelineListener, options: ListenerOptions) -> Observer | None:
    observers = [options.observer]
    if options.access_log and row.access_log:
        observers.append(load(row.access_log)(options.access_log))
    if options.recorder:
        flavour = listener.steps.flavour
        observers.append(options.recorder.observer(flavour_name(flavour, row.flavours), flavour))
    return together(observers)
