"""The composition root: reading it from top to bottom explains the system.

Functions run on a `Host`; a `FrontDoor` for each listener makes requests into invocations of them; the control port
gives them to boto3 and the AWS CLI.
"""

import asyncio
import logging
import os
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from gateway.config.settings import AlbSettings, FunctionSettings, ListenerSettings, Settings
from gateway.configuration import FunctionConfiguration
from gateway.defects import reported
from gateway.errors import UsageError
from gateway.functions.concurrency import ConcurrencyPool, unreserved_pool
from gateway.functions.function import Function
from gateway.functions.registry import Registry
from gateway.hosting import Host, HostOptions, runtime_of_handler
from gateway.lambda_api.server import ControlServer
from gateway.surroundings import FrontDoorOptions, Surroundings

if TYPE_CHECKING:
    from starlette.routing import Route
    from starlette.types import ASGIApp

    from gateway.front_doors import FrontDoor
    from gateway.lambda_api.signature import SignatureCheck
    from gateway.limits.means import Limits

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
        functions: By name.
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
        self._draining: set[asyncio.Task[None]] = set()
        self._unreserved = _unreserved(settings)
        try:
            self.functions = {name: self._function(function) for name, function in settings.functions.items()}
        except UsageError:
            self._host.remove()
            raise
        self._registry = Registry(self.functions.values(), settings.account_region)
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
            return build_control_app(self._registry, self.reset, signature, self._published(signature), allowed)

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
        loading = asyncio.gather(*(function.start() for function in self.functions.values()), return_exceptions=True)
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

        surroundings = self._surroundings(self.settings, self.functions)
        self.doors = [front_door(listener, surroundings, self._door_options) for listener in self.settings.listeners]
        self.servers = [*(door.server for door in self.doors), *self.servers]

    async def reconfigure(self, settings: Settings) -> None:
        """Go over to other settings; requests in flight end as they began.

        What has not changed stays as it is: functions keep their environments.  Ports cannot change, and neither can
        listeners that are no load balancers.

        Raises:
            UsageError: The new settings cannot work; the old ones stay.
        """
        if settings.account_region != self.settings.account_region:
            raise UsageError("region and account cannot change while the gateway runs; start it again")
        changed = settings.functions != self.settings.functions
        if changed and any(listener.type == "websocket_api" for listener in settings.listeners):
            raise UsageError("functions cannot change while a websocket_api has connections to them; start it again")
        if [_place(it) for it in settings.listeners] != [_place(it) for it in self.settings.listeners]:
            raise UsageError(
                "only the rules of load balancers can change: listeners, other front doors, certificates, hosts and "
                "ports cannot change while the gateway runs; start it again"
            )
        old = self.functions
        same = {name for name, it in settings.functions.items() if self.settings.functions.get(name) == it}
        functions = {
            name: old[name] if name in same else await self._function_later(it)
            for name, it in settings.functions.items()
        }
        new = [function for name, function in functions.items() if name not in same]
        failures = _failures(await asyncio.gather(*(it.start() for it in new), return_exceptions=True))
        if failures:
            await asyncio.gather(*(function.aclose() for function in new))
            raise failures[0]
        await self._reroute(settings, functions)
        self.settings, self.functions = settings, functions
        self._registry.replace(functions.values())
        self._unreserved.limit = _unreserved(settings).limit
        for name, function in old.items():
            if functions.get(name) is not function:
                self._drain(function.drain())

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
        await asyncio.gather(*(function.aclose() for function in self.functions.values()), *self._draining)
        await self._host.aclose()

    def force(self) -> None:
        """Drop every request now; `stop` then ends at once."""
        for server in self.servers:
            server.force()

    def _function(self, settings: FunctionSettings) -> Function:
        configuration = self._configuration(settings)
        return Function(configuration, self._host.target(configuration), self._unreserved)

    async def _function_later(self, settings: FunctionSettings) -> Function:
        """The same while requests flow, which do not wait until code and layers are unpacked."""
        configuration = self._configuration(settings)
        unpacked = await asyncio.to_thread(self._host.unpack, configuration)
        return Function(configuration, self._host.target(configuration, unpacked), self._unreserved)

    def _configuration(self, settings: FunctionSettings) -> FunctionConfiguration:
        configuration = settings.configuration(*self.settings.account_region)
        if settings.runtime or settings.command:
            return configuration
        return replace(configuration, runtime=runtime_of_handler(settings.handler, settings.code))

    def _surroundings(self, settings: Settings, functions: Mapping[str, Function]) -> Surroundings:
        from gateway.listeners.local_authority import cache_folder  # noqa: PLC0415 - it comes with the front doors

        return Surroundings(settings, functions, self._sticky_key, cache_folder(self._host.options.variables))

    async def _reroute(self, settings: Settings, functions: Mapping[str, Function]) -> None:
        surroundings = self._surroundings(settings, functions)
        for door, listener in zip(self.doors, settings.listeners, strict=True):
            if isinstance(listener, AlbSettings) or functions != self.functions:
                self._drain((await door.reconfigure(listener, surroundings)).aclose())

    def _drain(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)
        task.add_done_callback(reported("the end of what the configuration no longer has"))

    def _published(self, signature: "SignatureCheck | None") -> "list[Route]":
        """What front doors have to say on the control port: health of targets, public keys, connections."""
        from gateway.control_routes import door_routes  # noqa: PLC0415 - only when somebody connects

        verify = None if signature is None else self._door_options.verify or (lambda _: signature.check)
        return [route for door in self.doors for route in door_routes(door, verify)]


def _unreserved(settings: Settings) -> ConcurrencyPool:
    reserved = [function.reserved_concurrent_executions or 0 for function in settings.functions.values()]
    return unreserved_pool(settings.concurrent_executions, reserved)


def _place(listener: ListenerSettings) -> _Place:
    if isinstance(listener, AlbSettings):
        return listener.host, listener.port, listener.protocol, listener.certificates, listener.mutual_authentication
    return (listener,)


def _failures(results: Iterable[BaseException | None]) -> list[BaseException]:
    return [result for result in results if isinstance(result, BaseException)]
