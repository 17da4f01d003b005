"""The composition root: reading it from top to bottom explains the system.  Nothing else constructs parts."""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

from gateway.config.rules import ActionSettings, AuthenticationSettings, Forward
from gateway.config.settings import AlbSettings, FunctionSettings, ListenerSettings, Settings, TargetGroupSettings
from gateway.errors import UsageError
from gateway.functions.concurrency import ConcurrencyPool, unreserved_pool
from gateway.functions.function import Function
from gateway.functions.registry import Registry
from gateway.hosting import Host, HostOptions
from gateway.lambda_api.server import ControlServer
from gateway.listeners.alb.access_log import AccessLog
from gateway.listeners.alb.attributes import alb_attributes
from gateway.listeners.alb.listener import AlbListener, Routing
from gateway.listeners.alb.rules import compile_rules
from gateway.listeners.alb.target_groups import LambdaTargetGroup, TargetGroup, target_group_arn
from gateway.listeners.local_authority import cache_folder, tls_files_of
from gateway.listeners.server import ListenerServer
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.desync import Mode
from gateway.translation.flavours.alb import Alb

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.routing import Route

    from gateway.listeners.alb.authenticate import Authentication

log = logging.getLogger("gateway")

_MULTI_VALUE_HEADERS = "lambda.multi_value_headers.enabled"
_LOAD_BALANCER = "app/gateway/50dc6c495c0c9188"
_LOAD_BALANCER_ARN = f"arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/{_LOAD_BALANCER}"


_Place: TypeAlias = tuple[object, ...]
"""A listener's type, host, port and TLS files."""


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
        options: What all functions share.
        access_log: Takes the lines of the access log; None writes none.

    Attributes:
        functions: By name.
        servers: One for each listener, in the order of the settings; then the control port's, if there is one.

    Raises:
        UsageError: A function's configuration is not one that Lambda takes, or something that it names is not there.
    """

    def __init__(
        self, settings: Settings, options: HostOptions, access_log: Callable[[bytes], None] | None = None
    ) -> None:
        self.settings = settings
        self._host = Host(options)
        self._access_log = access_log
        self._sticky_key = os.urandom(32)
        self._cache = cache_folder(options.variables)
        self._authentications: list[Authentication] = []
        self._groups: list[TargetGroup] = []
        self._fronts: dict[int, AlbListener] = {}
        self._draining: set[asyncio.Task[None]] = set()
        self._unreserved = _unreserved(settings)
        self.functions = {name: self._function(function) for name, function in settings.functions.items()}
        self._registry = Registry(self.functions.values())
        self.servers: list[Server] = [
            self._server(listener, number) for number, listener in enumerate(settings.listeners)
        ]

    def add_control_port(self, host: str, port: int) -> Server:
        """The Invoke API, health and reset on a port of their own."""

        def build() -> "Starlette":
            from gateway.lambda_api.app import build_control_app  # noqa: PLC0415 - only when somebody connects

            return build_control_app(self._registry, self.reset, routes=self._public_keys())

        server = ControlServer(build, host, port)
        self.servers.append(server)
        return server

    def _public_keys(self) -> "list[Route]":
        """Where the public key of the load balancer is; all listeners have the same."""
        from gateway.listeners.alb.authentication_keys import public_keys  # noqa: PLC0415 - as above

        return [public_keys(authentication.keys) for authentication in self._authentications[:1]]

    async def start(self, *, tolerant: bool = False) -> None:
        """Load the handlers and open the ports.

        Args:
            tolerant: A handler that cannot be loaded is only logged: the code may change.

        Raises:
            UsageError: A handler cannot be loaded or a port cannot be opened; everything is stopped again.
        """
        loading = asyncio.gather(*(function.start() for function in self.functions.values()), return_exceptions=True)
        groups = asyncio.gather(*(group.start() for group in self._groups), return_exceptions=True)
        ports = asyncio.gather(*(server.start() for server in self.servers), return_exceptions=True)
        failures = [*_failures(await groups), *_failures(await ports)]
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

    async def reconfigure(self, settings: Settings) -> None:
        """Go over to other settings; requests in flight end as they began.

        What has not changed stays as it is: functions keep their environments.  Ports cannot change.

        Raises:
            UsageError: The new settings cannot work; the old ones stay.
        """
        if [_place(it) for it in settings.listeners] != [_place(it) for it in self.settings.listeners]:
            raise UsageError(
                "listeners, their hosts, ports and certificates cannot change while the gateway runs; start it again"
            )
        old = self.functions
        same = {name for name, it in settings.functions.items() if self.settings.functions.get(name) == it}
        functions = {name: old[name] if name in same else self._function(it) for name, it in settings.functions.items()}
        new = [function for name, function in functions.items() if name not in same]
        failures = _failures(await asyncio.gather(*(it.start() for it in new), return_exceptions=True))
        if failures:
            await asyncio.gather(*(function.aclose() for function in new))
            raise failures[0]
        self.settings, self.functions = settings, functions
        self._registry.replace(functions.values())
        self._unreserved.limit = _unreserved(settings).limit
        groups, self._groups = self._groups, []
        authentications, self._authentications = self._authentications, []
        for number, listener in enumerate(settings.listeners):
            if isinstance(listener, AlbSettings):
                self._fronts[number].routing = self._routing(listener)
        await asyncio.gather(*(group.start() for group in self._groups))
        gone = [function for name, function in old.items() if functions.get(name) is not function]
        closing = *(group.aclose() for group in groups), *(it.aclose() for it in authentications)
        for work in (*closing, *(function.drain() for function in gone)):
            task = asyncio.create_task(work)
            self._draining.add(task)
            task.add_done_callback(self._draining.discard)

    async def reset(self) -> None:
        """Load every function's code anew; invocations in flight end in the old environments."""
        for function in self.functions.values():
            function.renew()

    async def stop(self, grace_s: float) -> None:
        """Close the ports, let requests finish for ``grace_s`` seconds, stop the functions."""
        await asyncio.gather(*(server.stop(grace_s) for server in self.servers))
        await asyncio.gather(
            *(group.aclose() for group in self._groups), *(it.aclose() for it in self._authentications)
        )
        await asyncio.gather(*(function.aclose() for function in self.functions.values()), *self._draining)
        await self._host.aclose()

    def force(self) -> None:
        """Drop every request now; `stop` then ends at once."""
        for server in self.servers:
            server.force()

    def _function(self, settings: FunctionSettings) -> Function:
        configuration = settings.configuration()
        return Function(configuration, self._host.target(configuration), self._unreserved)

    def _server(self, listener: ListenerSettings, number: int) -> Server:
        match listener:
            case AlbSettings():
                front = self._fronts[number] = AlbListener(self._routing(listener))
                if self._access_log:
                    front.on_written = AccessLog(self._access_log, _LOAD_BALANCER)
                tls = tls_files_of(listener, self._cache)
                return ListenerServer(front, listener.host, listener.port, tls)
            case _:
                raise UsageError(f"type = {listener.type!r}: this front door is not there yet")

    def _routing(self, listener: AlbSettings) -> Routing:
        attributes = alb_attributes(listener)
        groups = {name: self._group(self.settings.target_groups[name], attributes) for name in group_names(listener)}
        self._groups.extend(groups.values())
        rules = compile_rules(listener)
        authentication = self._authentication(listener, attributes)
        return Routing(
            rules=rules,
            groups=groups,
            attributes=attributes,
            desync=Mode(listener.attributes["routing.http.desync_mitigation_mode"]),
            sticky_key=self._sticky_key,
            authentication=authentication,
            authenticators={
                id(rule.authentication): authentication.authenticator(rule.authentication)
                for rule in (*rules.rules, rules.default)
                if authentication and rule.authentication
            },
        )

    def _authentication(self, listener: AlbSettings, attributes: AlbAttributes) -> "Authentication | None":
        if not any(isinstance(action, AuthenticationSettings) for action in actions_of(listener)):
            return None
        from gateway.listeners.alb.authenticate import Authentication  # noqa: PLC0415 - needs an extra

        authentication = Authentication.of(listener, attributes, _LOAD_BALANCER_ARN, self._cache)
        if authentication:
            self._authentications.append(authentication)
        return authentication

    def _group(self, group: TargetGroupSettings, attributes: AlbAttributes) -> TargetGroup:
        function = self.functions[group.function]
        configuration = function.configuration
        arn = group.arn or target_group_arn(group.name, configuration.region, configuration.account)
        multi_value_headers = bool(group.attributes[_MULTI_VALUE_HEADERS])
        return LambdaTargetGroup(group.name, Alb(arn, multi_value_headers, attributes), function)


def _unreserved(settings: Settings) -> ConcurrencyPool:
    reserved = [function.reserved_concurrent_executions or 0 for function in settings.functions.values()]
    return unreserved_pool(settings.concurrent_executions, reserved)


def _place(listener: ListenerSettings) -> _Place:
    place = listener.type, listener.host, listener.port
    if isinstance(listener, AlbSettings):
        return *place, listener.protocol, listener.certificates, listener.mutual_authentication
    return place


def _failures(results: list[BaseException | None]) -> list[BaseException]:
    return [result for result in results if isinstance(result, BaseException)]


def actions_of(listener: AlbSettings) -> list[ActionSettings]:
    """All actions of a listener."""
    return [*listener.default_actions, *(action for rule in listener.rules for action in rule.actions)]


def group_names(listener: AlbSettings) -> set[str]:
    """The target groups that a listener's actions name."""
    forwards = [action for action in actions_of(listener) if isinstance(action, Forward)]
    return {it.target_group for action in forwards for it in action.target_groups}
