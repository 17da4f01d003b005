"""The composition root: reading it from top to bottom explains the system.

A `Deployment` brings functions, which run on a `Host`, into the Lambda service; a `FrontDoor` for each listener makes
requests into invocations; the control port gives the service to boto3 and the AWS CLI.
"""

import asyncio
import logging
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias

from gateway.config.forwarding import groups_behind
from gateway.config.settings import AlbSettings, ListenerSettings, Settings
from gateway.deployment import Deployment
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.hosting import Host, HostOptions
from gateway.lambda_api.server import ControlServer
from gateway.surroundings import FrontDoorOptions
from gateway.tasks import Tasks

if TYPE_CHECKING:
    from starlette.routing import Route
    from starlette.types import ASGIApp

    from gateway.front_doors import FrontDoor
    from gateway.lambda_api.signature import SignatureCheck
    from gateway.limits.means import Limits
    from gateway.listeners.context import ListenerContext

log = logging.getLogger("gateway")

_Place: TypeAlias = tuple[object, ...]
"""What of a listener cannot change while it runs."""


class Server(Protocol):
    """Something that listens on a port."""

    port: int

    async def start(self) -> None:
        """Listen; raises `UsageError` when the port cannot be opened."""
        ...

    async def stop(self, grace_s: float) -> None:
        """Accept nothing new and let what runs finish in that many seconds."""
        ...

    def force(self) -> None:
        """Drop everything now."""
        ...


class Gateway:
    """Everything that a configuration describes, started and stopped together.

    Args:
        settings: Functions, target groups and listeners.
        host_options: What all functions share.
        door_options: What all front doors share.

    Attributes:
        service: Runs the functions.
        servers: After `start` one for each listener, in the order of the settings; then the control port's, if there
            is one.

    Raises:
        UsageError: A function's configuration is not one that Lambda takes, or something that it names is not there.
    """

    def __init__(
        self, settings: Settings, host_options: HostOptions, door_options: FrontDoorOptions | None = None
    ) -> None:
        self.settings = settings
        self._host = Host(host_options)
        self._door_options = door_options or FrontDoorOptions()
        self._sticky_key = os.urandom(32)
        self._closing = Tasks("the end of what the configuration no longer has")
        self.service = LambdaService(account_region=settings.account_region)
        try:
            self._deployment = Deployment(settings, self._host, self.service)
        except UsageError:
            self._host.remove()
            raise
        self.doors: list[FrontDoor] = []
        self.servers: list[Server] = []

    def add_control_port(self, host: str, port: int, signature: "SignatureCheck | None" = None) -> Server:
        """The Invoke API, health, reset and what front doors publish, on a port of their own.

        Calls that are not signed with the keys of ``signature`` are refused; without it all are taken.  Requests that
        name another host and those of web pages are refused, but for what `HostOptions` allows.
        """

        def build() -> "ASGIApp":
            from gateway.lambda_api.app import build_control_app  # noqa: PLC0415 - only when somebody connects
            from gateway.same_origin import THIS_MACHINE  # noqa: PLC0415 - as above

            allowed = self._host.options.allowed_callers or THIS_MACHINE
            return build_control_app(self.service, self.reset, signature, self._published(signature), allowed)

        server = ControlServer(build, host, port)
        self.servers.append(server)
        return server

    async def start(self, *, tolerant: bool = False) -> None:
        """Load the handlers and open the ports.

        Args:
            tolerant: A handler that cannot be loaded is only logged: the code may change.

        Raises:
            UsageError: A handler cannot be loaded, a front door cannot be built or a port cannot be opened; everything
                is stopped again.
        """
        loading = self._deployment.start()
        failures = _failures(await asyncio.gather(self._build_doors(), return_exceptions=True))
        if not failures:
            doors = asyncio.gather(*(door.start() for door in self.doors), return_exceptions=True)
            ports = asyncio.gather(*(server.start() for server in self.servers), return_exceptions=True)
            failures = [*_failures(await doors), *_failures(await ports)]
        loaded = _failures(await loading)
        if tolerant:
            for failure in loaded:
                log.warning("%s", failure)
        else:
            failures += loaded
        if failures:
            self.force()
            await self.stop(0)
            unexpected = [failure for failure in failures if not isinstance(failure, UsageError)]
            raise (unexpected or failures)[0]

    async def _build_doors(self) -> None:
        """Build the front doors; they are imported while the first workers start, which takes as long."""
        await asyncio.sleep(0)  # the functions' turn: it ends with the launch of their processes
        from gateway.front_doors import front_door  # noqa: PLC0415 - see above

        context = self._context(self.settings)
        self.doors = [front_door(listener, context, self._door_options) for listener in self.settings.listeners]
        self.servers = [*(door.server for door in self.doors), *self.servers]

    async def reconfigure(self, settings: Settings) -> None:
        """Go over to other settings; requests in flight end as they began.

        What has not changed stays as it is: functions keep their environments, connections go on.  Ports cannot change,
        and neither can listeners that are no load balancers.

        Raises:
            UsageError: The new settings cannot work; the old ones stay.
        """
        if settings.account_region != self.settings.account_region:
            raise UsageError("region and account cannot change while the gateway runs; start it again")
        if [_place(it) for it in settings.listeners] != [_place(it) for it in self.settings.listeners]:
            raise UsageError(
                "only the rules of load balancers can change: listeners, other front doors, certificates, hosts and "
                "ports cannot change while the gateway runs; start it again"
            )
        from gateway.front_doors import AlbFrontDoor, Rerouting  # noqa: PLC0415 - they are here, after `start`

        change = await self._deployment.prepare(settings)
        reroutings: list[Rerouting] = []
        try:
            for door, old, new in zip(self.doors, self.settings.listeners, settings.listeners, strict=True):
                if (
                    isinstance(door, AlbFrontDoor)
                    and isinstance(new, AlbSettings)
                    and _behind(old, self.settings) != _behind(new, settings)
                ):
                    reroutings.append(await door.prepare(new, self._context(settings)))
        except UsageError:
            await asyncio.gather(self._deployment.discard(change), *(it.discard() for it in reroutings))
            raise
        # All at once: no request meets new rules and old functions.
        self._deployment.commit(change)
        for rerouting in reroutings:
            self._closing.start(rerouting.commit())
        self.settings = settings

    @property
    def functions(self) -> "Mapping[str, Function]":
        """The functions of this account and region, by name."""
        return {function.configuration.name: function for function in self.service.functions}

    @property
    def limits(self) -> "Limits | None":
        """By which means functions are held to their limits; None when none runs in a process of its own."""
        return self._host.limits

    async def reset(self) -> None:
        """Load every function's code anew; invocations in flight end in the old environments."""
        await self._host.refresh(function.configuration for function in self.functions.values())
        for function in self.functions.values():
            function.renew()

    async def stop(self, grace_s: float) -> None:
        """Close the ports, let requests finish for ``grace_s`` seconds, stop the functions."""
        await asyncio.gather(*(server.stop(grace_s) for server in self.servers))
        await asyncio.gather(*(door.aclose() for door in self.doors))
        await self._closing.wait()
        await self.service.aclose()
        await self._host.aclose()

    def force(self) -> None:
        """Drop every request now; `stop` then ends at once."""
        for server in self.servers:
            server.force()
        self.service.abandon()

    def _context(self, settings: Settings) -> "ListenerContext":
        from gateway.listeners.context import ListenerContext  # noqa: PLC0415 - it comes with the front doors
        from gateway.listeners.local_authority import cache_folder  # noqa: PLC0415 - as above

        cache, options = cache_folder(self._host.options.variables), self._door_options
        return ListenerContext(
            self.service, settings.target_groups, self._sticky_key, cache, options.dev_headers, options.verify
        )

    def _published(self, signature: "SignatureCheck | None") -> "list[Route]":
        """What front doors have to say on the control port: health of targets, public keys, connections."""
        from gateway.control_routes import door_routes  # noqa: PLC0415 - only when somebody connects

        verify = None if signature is None else self._door_options.verify or (lambda _: signature.check)
        return [route for door in self.doors for route in door_routes(door, verify)]


def _place(listener: ListenerSettings) -> _Place:
    if isinstance(listener, AlbSettings):
        return listener.host, listener.port, listener.protocol, listener.certificates, listener.mutual_authentication
    return (listener,)


def _behind(listener: ListenerSettings, settings: Settings) -> tuple[object, ...]:
    """What a load balancer is built from."""
    return (listener, *(groups_behind(listener, settings) if isinstance(listener, AlbSettings) else ()))


def _failures(results: Iterable[BaseException | None]) -> list[BaseException]:
    return [result for result in results if isinstance(result, BaseException)]
