"""Where functions run: from a function's configuration to the target that runs it."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.functions.layers import merge_layers, prepare_code, size_of
from gateway.targets.environment import EnvironmentFactory
from gateway.targets.logs import FunctionLog, LogSink
from gateway.targets.pool import EnvironmentPool
from gateway.targets.reaper import Reaper
from gateway.targets.target import Target
from gateway.targets.variables import check_user_variables, function_variables

_DAY_MS = 24 * 3600 * 1000
"""The timeout while a debugger may hold the handler."""


@dataclass(frozen=True, slots=True)
class HostOptions:
    """What all functions of a gateway share.

    Attributes:
        variables: The gateway's own environment variables.
        log: Where the functions' logs go.
        platform_lines: Which of START, END and REPORT are logged: ``none``, ``text`` or ``json``.
        in_process: Run Python handlers in this process, for debuggers.
        python: The interpreter of Python handlers; None finds the project's own.
        runtime_client: Of Python handlers: ``worker``, or ``ric`` for AWS's own client over the Runtime API.
        freeze: Stop an environment's processes between invocations.
        debug_port: Where a debugger can attach to Python handlers; they then have one environment and a day's time.
    """

    variables: Mapping[str, str]
    log: LogSink
    platform_lines: str = "none"
    in_process: bool = False
    python: str | None = None
    runtime_client: str = "worker"
    freeze: bool = False
    debug_port: int | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """Makes targets; owns what they share."""

    options: HostOptions
    reaper: Reaper = field(default_factory=Reaper)
    workspace: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="gateway-")))

    def target(self, configuration: FunctionConfiguration) -> Target:
        """What runs a function.

        Raises:
            UsageError: Its configuration is not one that Lambda takes, or its code, layers or runtime are not there.
        """
        check_user_variables(configuration.environment)
        folder = self.workspace / configuration.name
        configuration = replace(configuration, task_root=prepare_code(configuration.task_root, folder / "task"))
        opt = None
        if configuration.layers:
            opt = merge_layers(configuration.layers, size_of(configuration.task_root), folder / "opt")
        if self.options.debug_port is not None:
            configuration = replace(configuration, capacity=1, timeout_ms=_DAY_MS)
        if self.options.in_process:
            return self._in_process(configuration)
        worker = configuration.runtime == "python" and self.options.runtime_client == "worker" and not _extensions(opt)
        make = self._workers(configuration, opt) if worker else self._runtime_api(configuration, opt)
        return EnvironmentPool(make, configuration.capacity)

    async def aclose(self) -> None:
        """End what is left and remove the workspace."""
        await self.reaper.aclose()
        await asyncio.to_thread(shutil.rmtree, self.workspace, ignore_errors=True)

    def _in_process(self, configuration: FunctionConfiguration) -> Target:
        from gateway.targets.inprocess import InProcess  # noqa: PLC0415 - imports what only it needs

        if configuration.runtime != "python":
            raise UsageError(f"--in-process runs Python handlers; {configuration.name} is {configuration.runtime}")
        scratch = Path(tempfile.gettempdir())
        variables = function_variables(configuration, self.options.variables, scratch, log_stream(configuration))
        return InProcess(configuration, variables)

    def _workers(self, configuration: FunctionConfiguration, opt: Path | None) -> EnvironmentFactory:
        from gateway.targets.worker.environment import (  # noqa: PLC0415 - as above
            INIT_LIMIT_S,
            WorkerEnvironment,
            WorkerOptions,
        )
        from gateway.targets.worker.interpreter import debugger_arguments, find_interpreter  # noqa: PLC0415 - as above

        python = find_interpreter(self.options.python, self.options.variables, configuration.task_root)
        options = WorkerOptions(
            reaper=self.reaper,
            log=self._log(configuration),
            python=python,
            host=self.options.variables,
            freeze=self.options.freeze,
            opt=opt,
            debugger=debugger_arguments(python, self.options.debug_port),
            init_limit_s=INIT_LIMIT_S if self.options.debug_port is None else _DAY_MS / 1000,
        )
        return lambda scratch: WorkerEnvironment(configuration, options, scratch)

    def _runtime_api(self, configuration: FunctionConfiguration, opt: Path | None) -> EnvironmentFactory:
        from gateway.targets.runtime_api.environment import (  # noqa: PLC0415 - as above
            RuntimeApiEnvironment,
            RuntimeApiOptions,
        )
        from gateway.targets.runtime_api.runtimes import command_for, runtime_variables  # noqa: PLC0415 - as above
        from gateway.targets.worker.interpreter import find_interpreter  # noqa: PLC0415 - as above

        def variables(scratch: Path) -> Mapping[str, str]:
            base = function_variables(configuration, self.options.variables, scratch, log_stream(configuration))
            return runtime_variables(configuration, base, opt)

        command = command_for(configuration, opt)
        if configuration.runtime == "python":
            python = find_interpreter(self.options.python, self.options.variables, configuration.task_root)
            command = (python.program, *command[1:])
        options = RuntimeApiOptions(
            command=command,
            variables=variables,
            reaper=self.reaper,
            log=self._log(configuration),
            opt=opt,
            freeze=self.options.freeze,
        )
        return lambda scratch: RuntimeApiEnvironment(configuration, options, scratch)

    def _log(self, configuration: FunctionConfiguration) -> Callable[[], FunctionLog]:
        options = self.options
        return lambda: FunctionLog(options.log, options.platform_lines, configuration.version, now)


def runtime_of_handler(handler: str, folder: Path) -> str:
    """The runtime that the handler's file asks for; a module that only Python can find is Python's.

    Raises:
        UsageError: Files of more than one runtime fit, or ``bootstrap`` is not executable.
    """
    from gateway.targets.runtime_api.runtimes import runtime_of  # noqa: PLC0415 - not when the runtime is given

    try:
        return runtime_of(handler, folder)[0]
    except UsageError as error:
        if "could be" in str(error) or "chmod" in str(error):
            raise
        return "python"


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def log_stream(configuration: FunctionConfiguration) -> str:
    """A new log stream's name."""
    return f"{now():%Y/%m/%d}/[{configuration.version}]{uuid4().hex}"


def _extensions(opt: Path | None) -> bool:
    return opt is not None and (opt / "extensions").is_dir()
