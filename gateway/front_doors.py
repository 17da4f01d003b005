"""From a listener's settings to a front door on a port, with what observes it."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gateway.config.settings import AlbSettings, ListenerSettings
from gateway.listeners.alb.listener import AlbListener
from gateway.listeners.context import ListenerContext
from gateway.listeners.listener import OnWritten
from gateway.listeners.server import ListenerServer
from gateway.listeners.wire import Wire
from gateway.load_balancer import LOAD_BALANCER, LoadBalancer
from gateway.surroundings import FrontDoorOptions
from gateway.translation.flavours.alb import Alb
from gateway.translation.messages import Request, Response

if TYPE_CHECKING:
    from gateway.listeners.door import DoorListener


_NONE = FrontDoorOptions()


class AlbFrontDoor:
    """A load balancer's listener and its port.

    Attributes:
        behind: What stands behind the rules; replaced as a whole by `install`.
    """

    def __init__(self, settings: AlbSettings, context: ListenerContext, options: FrontDoorOptions) -> None:
        from gateway.listeners.local_authority import tls_files_of  # noqa: PLC0415 - reads certificates

        self.behind = LoadBalancer(settings, context)
        self._listener = AlbListener(self.behind.routing)
        observers: list[OnWritten] = []
        if options.access_log:
            from gateway.listeners.alb.access_log import AccessLog  # noqa: PLC0415 - only for --access-log

            observers.append(AccessLog(options.access_log, LOAD_BALANCER))
        if options.recorder:
            observers.append(options.recorder.observer("alb", Alb(attributes=self.behind.routing.attributes)))
        self._listener.on_written = together(observers)
        tls = tls_files_of(settings, context.cache)
        self.server = ListenerServer(self._listener, settings.host, settings.port, tls, _idle_timeout_s(settings))

    async def start(self) -> None:
        """Start what is behind the rules."""
        await self.behind.start()

    async def prepare(self, settings: AlbSettings, context: ListenerContext) -> "Rerouting":
        """Make and start what is behind other rules; nothing changes before its `commit`.

        Raises:
            UsageError: The new settings cannot work.
        """
        behind = LoadBalancer(settings, context)
        await behind.start()
        return Rerouting(self, settings, behind)

    def install(self, settings: AlbSettings, behind: LoadBalancer) -> LoadBalancer:
        """Go over to other rules; gives what was behind the old ones."""
        self._listener.routing = behind.routing
        self.server.set_idle_timeout(_idle_timeout_s(settings))
        old, self.behind = self.behind, behind
        return old

    async def aclose(self) -> None:
        """Stop what is behind the rules."""
        await self.behind.aclose()


class Rerouting(NamedTuple):
    """Other rules for a load balancer, ready to be installed."""

    door: AlbFrontDoor
    settings: AlbSettings
    behind: LoadBalancer

    async def discard(self) -> None:
        """The old rules stay."""
        await self.behind.aclose()

    def commit(self) -> Coroutine[None, None, None]:
        """Go over to them; what is given closes what was behind the old ones."""
        return self.door.install(self.settings, self.behind).aclose()


def _idle_timeout_s(settings: AlbSettings) -> float:
    """One attribute is for clients' connections and for targets' (ELB user guide, "Connection idle timeout")."""
    return float(settings.attributes["idle_timeout.timeout_seconds"])


class ApiFrontDoor:
    """An API of API Gateway or a function URL, and its port."""

    def __init__(self, settings: ListenerSettings, context: ListenerContext, options: FrontDoorOptions) -> None:
        self.listener = _door(settings, context)
        if options.recorder:
            flavour = getattr(self.listener.door, "flavour", None)
            if flavour is not None:
                self.listener.on_written = options.recorder.observer(_flavour_name(settings), flavour)
        self.server = ListenerServer(self.listener, settings.host, settings.port)

    async def start(self) -> None:
        """Open what the door needs."""
        await self.listener.door.start()

    async def aclose(self) -> None:
        """Close it."""
        await self.listener.door.aclose()


FrontDoor: TypeAlias = AlbFrontDoor | ApiFrontDoor


def front_door(settings: ListenerSettings, context: ListenerContext, options: FrontDoorOptions = _NONE) -> FrontDoor:
    """The front door that a listener's settings describe.

    Raises:
        UsageError: Something that they name is not there, or an extra is missing.
    """
    if isinstance(settings, AlbSettings):
        return AlbFrontDoor(settings, context, options)
    return ApiFrontDoor(settings, context, options)


def _door(settings: ListenerSettings, context: ListenerContext) -> "DoorListener":
    match settings.type:
        case "rest_api":
            from gateway.listeners.rest_api import rest_api  # noqa: PLC0415 - only the front doors that are used

            return rest_api(settings, context)
        case "http_api":
            from gateway.listeners.http_api import http_api  # noqa: PLC0415 - as above

            return http_api(settings, context)
        case "function_url":
            from gateway.listeners.function_url import function_url  # noqa: PLC0415 - as above

            return function_url(settings, context)
        case "websocket_api":
            from gateway.listeners.websocket_api import websocket_api  # noqa: PLC0415 - as above

            return websocket_api(settings, context)
        case _:
            raise TypeError(f"{settings.type} is not a door")


def _flavour_name(settings: ListenerSettings) -> str:
    match settings.type:
        case "rest_api":
            return "rest"
        case "http_api":
            return "http-v1" if settings.payload_format_version == "1.0" else "http"
        case "function_url":
            return "url-stream" if settings.invoke_mode == "RESPONSE_STREAM" else "url"
        case _:
            return "websocket"


def together(observers: list[OnWritten]) -> OnWritten | None:
    """All observers as one, None for none."""
    if len(observers) < 2:
        return observers[0] if observers else None

    def tell(request: Request | None, response: Response, wire: Wire) -> None:
        for observer in observers:
            observer(request, response, wire)

    return tell
