"""The composition root: reading it from top to bottom explains the system.

A `Deployment` brings functions, which run on a `Host`, into the Lambda service; a `ListenerPort` for each listener
makes requests into invocations; the control port gives the service to boto3 and the AWS CLI.
"""

import asyncio
import logging
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from gateway.config.forwarding import groups_behind
from gateway.config.settings import ListenerSettings, Settings
from gateway.deployment import Deployment
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.hosting import Host, HostOptions
from gateway.lambda_api.server import ControlServer
from gateway.listener_options import ListenerOptions
from gateway.listener_types import listener_type
from gateway.tasks import Tasks

if TYPE_CHECKING:
    from starlette.routing import Route
    from starlette.types import ASGIApp

    from gateway.lambda_api.signature import SignatureCheck
    from gateway.limits.means import ResourceLimits
    from gateway.listener_ports import ListenerChange, ListenerPort
    from gateway.listeners.call_backs import CallBacks
    from gateway.listeners.context import ListenerContext

log = logging.getLogger("gateway")


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
        listener_options: What all listeners do beside their own work.

    Attributes:
        service: Runs the functions.
        servers: After `start` one for each listener, in the order of the settings; then the control port's, if there
            is one.

    Raises:
        UsageError: A function's configuration is not one that Lambda takes, or something that it names is not there.
    """

    def __init__(
        self, settings: Settings, host_options: HostOptions, listener_options: ListenerOptions | None = None
    ) -> None:
        self.settings = settings
        self._host = Host(host_options)
        self._call_backs: CallBacks | None = None
        self._listener_options = listener_options or ListenerOptions()
        self._sticky_key = os.urandom(32)
        self._closing = Tasks("the end of what the configuration no longer has")
        self.service = LambdaService(account_region=settings.account_region)
        try:
            self._call_backs = self._lead_functions_back(settings)
            self._deployment = Deployment(settings, self._host, self.service)
        except UsageError:
            if self._call_backs is not None:
                self._call_backs.close()
            self._host.remove()
            raise
        self.ports: list[ListenerPort] = []
        self.servers: list[Server] = []

    def _lead_functions_back(self, settings: Settings) -> "CallBacks | None":
        """What leads functions to APIs of this gateway by their public names; None where no listener has one."""
        host = self._host.options
        if not any(listener_type(it.type).call_back_names for it in settings.listeners):
            return None
        if host.in_process:  # the gateway's own connections would be led too
            log.info("functions in this process do not reach their APIs under https://DOMAIN")
            return None
        from gateway.listeners.call_backs import call_backs_of  # noqa: PLC0415 - most gateways have none

        made = call_backs_of(settings.listeners, settings.account_region, self._host.workspace, host.variables)
        if made is not None:
            self._host.share(made.variables)
        return made

    def add_control_port(self, host: str, port: int, signature: "SignatureCheck | None" = None) -> Server:
        """The Invoke API, health, reset and what listeners publish, on a port of their own.

        Calls that are not signed with the keys of ``signature`` are refused; without it all are taken.  Requests that
        name another host and those of web pages are refused, but for what `HostOptions` allows.
        """

        def build() -> "ASGIApp":
            from gateway.lambda_api.app import build_control_app  # noqa: PLC0415 - only when somebody connects
            from gateway.same_origin import THIS_MACHINE  # noqa: PLC0415 - as above

            allowed = self._host.options.allowed_callers or THIS_MACHINE
            published, observer = self._published(signature), self._listener_options.observer
            return build_control_app(self.service, self.reset, signature, published, allowed, observer)

        server = ControlServer(build, host, port)
        self.servers.append(server)
        return server

    async def start(self, *, tolerant: bool = False) -> None:
        """Load the handlers and open the ports.

        Args:
            tolerant: A handler that cannot be loaded is only logged: the code may change.

        Raises:
            UsageError: A handler cannot be loaded, a listener cannot be built or a port cannot be opened; everything
                is stopped again.
        """
        loading = self._deployment.start()
        failures = _failures(await asyncio.gather(self._build_listeners(), return_exceptions=True))
        if not failures:
            listeners = asyncio.gather(*(port.start() for port in self.ports), return_exceptions=True)
            servers = asyncio.gather(*(server.start() for server in self.servers), return_exceptions=True)
            failures = [*_failures(await listeners), *_failures(await servers)]
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

    async def _build_listeners(self) -> None:
        """Build the listeners; they are imported while the first workers start, which takes as long."""
        await asyncio.sleep(0)  # the functions' turn: it ends with the launch of their processes
        from gateway.listener_ports import ListenerPort  # noqa: PLC0415 - see above

        context, listeners, call_backs = self._context(self.settings), self.settings.listeners, self._call_backs
        if call_backs is not None:
            listeners = tuple(call_backs.named(place, listener) for place, listener in enumerate(listeners))
        self.ports = [ListenerPort(listener, context, self._listener_options) for listener in listeners]
        if call_backs is not None:
            await call_backs.start([port.listener for port in self.ports])
        self.servers = [*(port.server for port in self.ports), *self.servers]

    async def reconfigure(self, settings: Settings) -> None:
        """Go over to other settings; requests in flight end as they began.

        What has not changed stays as it is: functions keep their environments, connections go on.  Ports cannot change,
        and neither can listeners that are no load balancers.

        Raises:
            UsageError: The new settings cannot work; the old ones stay.
        """
        if settings.account_region != self.settings.account_region:
            raise UsageError("region and account cannot change while the gateway runs; start it again")
        from gateway.listener_ports import fixed  # noqa: PLC0415 - it is here, after `start`

        if [fixed(it) for it in settings.listeners] != [fixed(it) for it in self.settings.listeners]:
            raise UsageError(
                "only the rules of load balancers can change: listeners, other front doors, certificates, hosts and "
                "ports cannot change while the gateway runs; start it again"
            )
        change = await self._deployment.prepare(settings)
        changes: list[ListenerChange] = []
        try:
            for port, old, new in zip(self.ports, self.settings.listeners, settings.listeners, strict=True):
                if _built_from(old, self.settings) != _built_from(new, settings):
                    changes.append(await port.prepare(new, self._context(settings)))
        except UsageError:
            await asyncio.gather(self._deployment.discard(change), *(it.discard() for it in changes))
            raise
        # All at once: no request meets new rules and old functions.
        self._deployment.commit(change)
        for it in changes:
            self._closing.start(it.commit())
        self.settings = settings

    @property
    def functions(self) -> "Mapping[str, Function]":
        """The functions of this account and region, by name."""
        return {function.configuration.name: function for function in self.service.functions}

    @property
    def limits(self) -> "ResourceLimits | None":
        """By which means functions are held to their limits; None when none runs in a process of its own."""
        return self._host.limits

    async def reset(self) -> None:
        """Load every function's code anew; invocations in flight end in the old environments."""
        await self._host.refresh(function.configuration for function in self.functions.values())
        for function in self.functions.values():
            function.renew()

    async def stop(self, grace_s: float) -> None:
        """Close the ports, let requests finish for ``grace_s`` seconds, stop the functions."""
        stops = [server.stop(grace_s) for server in self.servers]
        if self._call_backs is not None:
            stops.append(self._call_backs.stop(grace_s))
        await asyncio.gather(*stops)
        await asyncio.gather(*(port.aclose() for port in self.ports))
        await self._closing.wait()
        await self.service.aclose()
        await self._host.aclose()

    def force(self) -> None:
        """Drop every request now; `stop` then ends at once."""
        for server in self.servers:
            server.force()
        if self._call_backs is not None:
            self._call_backs.force()
        self.service.abandon()

    def _context(self, settings: Settings) -> "ListenerContext":
        from gateway.listeners.context import ListenerContext  # noqa: PLC0415 - it comes with the listeners
        from gateway.listeners.local_authority import cache_folder  # noqa: PLC0415 - as above

        cache, options = cache_folder(self._host.options.variables), self._listener_options
        return ListenerContext(
            self.service,
            settings.target_groups,
            self._sticky_key,
            cache,
            options.dev_headers,
            options.verify,
            options.observer,
        )

    def _published(self, signature: "SignatureCheck | None") -> "list[Route]":
        """What listeners have to say on the control port: health of targets, public keys, connections."""
        verify = None if signature is None else self._listener_options.verify or (lambda _: signature.check)
        return [route for port in self.ports for route in port.control_routes(verify)]


def _built_from(listener: ListenerSettings, settings: Settings) -> tuple[object, ...]:
    """What a listener is built from."""
    return (listener, *groups_behind(listener, settings))


def _failures(results: Iterable[BaseException | None]) -> list[BaseException]:
    return [result for result in results if isinstance(result, BaseException)]
