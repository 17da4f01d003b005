"""The composition root: reading it from top to bottom explains the system.  Nothing else constructs parts."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.listeners.alb.listener import AlbListener
from gateway.listeners.exchange import FunctionCall
from gateway.listeners.server import ListenerServer
from gateway.targets.inprocess import InProcess
from gateway.targets.logs import FunctionLog, LogSink
from gateway.targets.pool import EnvironmentPool
from gateway.targets.reaper import Reaper
from gateway.targets.target import Target
from gateway.targets.variables import check_user_variables, function_variables
from gateway.targets.worker.environment import WorkerEnvironment, WorkerOptions
from gateway.targets.worker.interpreter import find_interpreter
from gateway.translation.flavours.alb import Alb


@dataclass(frozen=True, slots=True)
class HostOptions:
    """What all functions of a gateway share.

    Attributes:
        variables: The gateway's own environment variables.
        log: Where the functions' logs go.
        platform_lines: Which of START, END and REPORT are logged: ``none``, ``text`` or ``json``.
        in_process: Run handlers in this process, for debuggers.
        python: The interpreter of Python handlers; None finds the project's own.
        freeze: Stop an environment's process between invocations.
    """

    variables: Mapping[str, str]
    log: LogSink
    platform_lines: str = "none"
    in_process: bool = False
    python: str | None = None
    freeze: bool = False


@dataclass(slots=True)
class Gateway:
    """Functions and the listeners in front of them, started and stopped together."""

    options: HostOptions
    functions: dict[str, Function] = field(default_factory=dict)
    servers: list[ListenerServer] = field(default_factory=list)
    reaper: Reaper = field(default_factory=Reaper)

    def add_function(self, configuration: FunctionConfiguration) -> Function:
        """A function of this host.

        Raises:
            UsageError: Its configuration is not one that Lambda takes.
        """
        check_user_variables(configuration.environment)
        function = Function(configuration, self._target(configuration))
        self.functions[configuration.name] = function
        return function

    def add_alb(self, alb: Alb, function: Function, host: str, port: int) -> ListenerServer:
        """A load balancer that forwards everything to one function."""
        server = ListenerServer(AlbListener(alb, FunctionCall(alb, function)), host, port)
        self.servers.append(server)
        return server

    async def start(self) -> None:
        """Load the handlers and open the ports.

        Raises:
            UsageError: A handler cannot be loaded or a port cannot be opened; everything is stopped again.
        """
        starts = [*(f.start() for f in self.functions.values()), *(s.start() for s in self.servers)]
        results = await asyncio.gather(*starts, return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            await self.stop(0)
            unexpected = [failure for failure in failures if not isinstance(failure, UsageError)]
            raise (unexpected or failures)[0]

    async def stop(self, grace_s: float) -> None:
        """Close the ports, let requests finish for ``grace_s`` seconds, stop the functions."""
        await asyncio.gather(*(server.stop(grace_s) for server in self.servers))
        await asyncio.gather(*(function.aclose() for function in self.functions.values()))
        await self.reaper.aclose()

    def force(self) -> None:
        """Drop every request now; `stop` then ends at once."""
        for server in self.servers:
            server.force()

    def _target(self, configuration: FunctionConfiguration) -> Target:
        options = self.options
        if options.in_process:
            scratch = Path(configuration.environment.get("TMPDIR", "/tmp"))  # noqa: S108 - Lambda's own
            variables = function_variables(configuration, options.variables, scratch, log_stream(configuration))
            return InProcess(configuration, variables)
        python = find_interpreter(options.python, options.variables, configuration.task_root)
        worker_options = WorkerOptions(
            reaper=self.reaper,
            log=lambda: FunctionLog(options.log, options.platform_lines, configuration.version, now),
            python=python,
            host=options.variables,
            freeze=options.freeze,
        )
        return EnvironmentPool(
            lambda scratch: WorkerEnvironment(configuration, worker_options, scratch), configuration.capacity
        )


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def log_stream(configuration: FunctionConfiguration) -> str:
    """A new log stream's name."""
    return f"{now():%Y/%m/%d}/[{configuration.version}]{uuid4().hex}"
