"""The functions of a configuration, in the Lambda service."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from gateway.config.forwarding import groups_in_use
from gateway.config.settings import FunctionSettings, Settings, TargetGroupSettings
from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.functions.concurrency import ConcurrencyPool, unreserved_pool
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.hosting import Host, runtime_of_handler
from gateway.invocation import FunctionReference


class Elsewhere(NamedTuple):
    """A function that runs elsewhere: the arguments of `gateway.functions.remote.remote_function`."""

    targets: tuple[str, ...]
    endpoint_url: str
    region: str
    account: str


Description: TypeAlias = FunctionSettings | Elsewhere


class ConfigurationChange(NamedTuple):
    """What a new configuration changes: the functions that come, not yet to be invoked, and the references that go."""

    settings: Settings
    coming: Mapping[FunctionReference, Function]
    going: frozenset[FunctionReference]


class Deployment:
    """Brings the functions of a configuration, and then of another one, into a Lambda service.

    Args:
        settings: The first configuration.
        host: Runs the functions of this machine.
        service: Gets them; it starts with none.

    Raises:
        UsageError: A function's configuration is not one that Lambda takes, or something that it names is not there.
    """

    def __init__(self, settings: Settings, host: Host, service: LambdaService) -> None:
        self._host = host
        self._service = service
        self._unreserved = _unreserved(settings)
        self._described = _descriptions(settings)
        for reference, description in self._described.items():
            _put(service, reference, self._function(description, settings))

    def start(self) -> "asyncio.Future[list[BaseException | None]]":
        """Load every function; gives what went wrong with each.  All begin with the loop's next turn."""
        return _started(self._service.functions.everything())

    async def prepare(self, settings: Settings) -> ConfigurationChange:
        """Make and load what another configuration changes; what has not changed keeps its environments.

        Raises:
            UsageError: A function cannot be loaded; nothing has changed then.
        """
        wanted = _descriptions(settings)
        new = {reference: it for reference, it in wanted.items() if self._described.get(reference) != it}
        coming = {reference: await self._function_later(it, settings) for reference, it in new.items()}
        change = ConfigurationChange(settings, coming, frozenset(self._described.keys() - wanted.keys()))
        if failures := [it for it in await _started(coming.values()) if it is not None]:
            await self.discard(change)
            raise failures[0]
        return change

    def commit(self, change: ConfigurationChange) -> None:
        """Invoke what a change brings from now on; what it takes away ends with its invocations."""
        for reference, function in change.coming.items():
            _put(self._service, reference, function)
        for reference in change.going:
            self._service.remove(reference)
        self._described = _descriptions(change.settings)
        self._unreserved.limit = _unreserved(change.settings).limit

    async def discard(self, change: ConfigurationChange) -> None:
        """Stop what a change would have brought."""
        await asyncio.gather(*(function.aclose() for function in change.coming.values()))

    def _function(self, description: Description, settings: Settings) -> Function:
        if isinstance(description, Elsewhere):
            from gateway.functions.remote import remote_function  # noqa: PLC0415 - only for what runs elsewhere

            return remote_function(*description)
        configuration = _configuration(description, settings)
        return Function(configuration, self._host.target(configuration), self._unreserved)

    async def _function_later(self, description: Description, settings: Settings) -> Function:
        """The same while requests flow, which do not wait until code and layers are unpacked."""
        if isinstance(description, Elsewhere):
            return self._function(description, settings)
        configuration = _configuration(description, settings)
        unpacked = await asyncio.to_thread(self._host.unpack, configuration)
        return Function(configuration, self._host.target(configuration, unpacked), self._unreserved)


def _configuration(function: FunctionSettings, settings: Settings) -> FunctionConfiguration:
    configuration = function.configuration(*settings.account_region)
    if function.runtime or function.command:
        return configuration
    return replace(configuration, runtime=runtime_of_handler(function.handler, function.code))


def _descriptions(settings: Settings) -> dict[FunctionReference, Description]:
    described: dict[FunctionReference, Description] = {
        FunctionReference(name): function for name, function in settings.functions.items()
    }
    for group in groups_in_use(settings):
        if group.is_lambda and not group.function:
            described |= _elsewhere(group, settings)
    return described


def _elsewhere(group: TargetGroupSettings, settings: Settings) -> dict[FunctionReference, Description]:
    from gateway.functions.remote import remote_reference  # noqa: PLC0415 - as above

    reference = remote_reference(group.targets, group.endpoint_url)
    return {reference: Elsewhere(group.targets, group.endpoint_url, settings.region, settings.account)}


def _put(service: LambdaService, reference: FunctionReference, function: Function) -> None:
    service.put(function, None if reference.name == function.configuration.name else reference)


def _started(functions: Iterable[Function]) -> "asyncio.Future[list[BaseException | None]]":
    every = list(functions)
    starts = [function.start() if len(every) == 1 else _start_named(function) for function in every]
    return asyncio.gather(*starts, return_exceptions=True)


async def _start_named(function: Function) -> None:
    """Start one of several functions; what keeps it from that says which."""
    try:
        await function.start()
    except UsageError as error:
        raise UsageError(f"function {function.configuration.name}: {error}") from error


def _unreserved(settings: Settings) -> ConcurrencyPool:
    reserved = [function.reserved_concurrent_executions or 0 for function in settings.functions.values()]
    return unreserved_pool(settings.concurrent_executions, reserved)
