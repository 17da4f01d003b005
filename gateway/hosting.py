"""Where functions run: from a function's configuration to the target that runs it."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
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

if TYPE_CHECKING:
    from gateway.limits.means import Limits, Means
    from gateway.same_origin import AllowedCallers

_BOOTSTRAPS = Path(__file__).parent / "bootstraps"
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
        cpu_share: Limit the CPU of all functions, not only of those that ask for it.
        private_tmp: Mount an environment's folder at ``/tmp``: True at any price, False never, None where the system
            lets it be done without side effects.
        allowed_callers: Who may call the Runtime API and the control port beside programs on this machine; None for
            nobody.
    """

    variables: Mapping[str, str]
    log: LogSink
    platform_lines: str = "none"
    in_process: bool = False
    python: str | None = None
    runtime_client: str = "worker"
    freeze: bool = False
    debug_port: int | None = None
    cpu_share: bool = False
    private_tmp: bool | None = None
    allowed_callers: "AllowedCallers | None" = None


class Host:
    """Makes targets; owns what they share.

    Attributes:
        limits: How environments are held to their limits; None before there are any.
    """

    def __init__(self, options: HostOptions) -> None:
        self.options = options
        self.reaper = Reaper()
        self.limits: Limits | None = None
        self._workspace: Path | None = None

    @property
    def workspace(self) -> Path:
        """The folder of unpacked code and of what stands for ``/tmp``, made when it is first asked for."""
        if self._workspace is None:
            self._workspace = Path(tempfile.mkdtemp(prefix="gateway-", dir=self.limits.folder if self.limits else None))
            if self.limits:
                self.reaper.remove_workspace(self._workspace)
        return self._workspace

    def target(self, configuration: FunctionConfiguration) -> Target:
        """What runs a function.

        Raises:
            UsageError: Its configuration is not one that Lambda takes, its code, layers or runtime are not there, or a
                private ``/tmp`` is asked for that the system does not allow.
        """
        check_user_variables(configuration.environment)
        if self.limits is None and not self.options.in_process:
            from gateway.limits.means import Limits  # noqa: PLC0415 - a POSIX system's, and nothing in this process

            self.limits = Limits(private_tmp=self.options.private_tmp, opened=self.reaper.remove_groups)
        configuration = replace(configuration, task_root=prepare_code(configuration.task_root, self.workspace))
        opt = None
        if configuration.layers:
            opt = merge_layers(configuration.layers, size_of(configuration.task_root), self.workspace)
        if self.options.debug_port is not None:
            configuration = replace(configuration, capacity=1, timeout_ms=_DAY_MS)
        if self.limits is None:
            return self._in_process(configuration)
        worker = configuration.runtime == "python" and self.options.runtime_client == "worker" and not _extensions(opt)
        make = self._workers(configuration, opt) if worker else self._runtime_api(configuration, opt)
        return EnvironmentPool(make, configuration.capacity, folder=self.workspace)

    async def aclose(self) -> None:
        """End what is left and remove what was made for it."""
        await self.reaper.aclose()
        await asyncio.to_thread(self.remove)

    def remove(self) -> None:
        """Remove the workspace and the control groups, which nothing uses any more."""
        if self.limits is not None:
            self.limits.close()
        if self._workspace is not None:
            shutil.rmtree(self._workspace, ignore_errors=True)

    def _in_process(self, configuration: FunctionConfiguration) -> Target:
        from gateway.targets.inprocess import InProcess  # noqa: PLC0415 - imports what only it needs

        if configuration.runtime != "python":
            raise UsageError(f"--in-process runs Python handlers; {configuration.name} is {configuration.runtime}")
        scratch = Path(tempfile.gettempdir())
        variables = function_variables(configuration, self.options.variables, scratch, log_stream(configuration))
        return InProcess(configuration, variables)

    def _workers(self, configuration: FunctionConfiguration, opt: Path | None) -> EnvironmentFactory:
        from gateway.targets.worker.environment import WorkerEnvironment  # noqa: PLC0415 - as above
        from gateway.targets.interpreter import debugger_arguments, find_interpreter  # noqa: PLC0415 - as above
        from gateway.targets.worker.process import INIT_LIMIT_S, WorkerOptions  # noqa: PLC0415 - as above

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
            means=self._means(configuration, [python.program], opt),
        )
        return lambda scratch: WorkerEnvironment(configuration, options, scratch)

    def _runtime_api(self, configuration: FunctionConfiguration, opt: Path | None) -> EnvironmentFactory:
        from gateway.same_origin import THIS_MACHINE  # noqa: PLC0415 - as above
        from gateway.targets.runtime_api.environment import RuntimeApiEnvironment  # noqa: PLC0415 - as above
        from gateway.targets.runtime_api.process import RuntimeApiOptions  # noqa: PLC0415 - as above
        from gateway.targets.runtime_api.runtimes import command_for, runtime_variables  # noqa: PLC0415 - as above
        from gateway.targets.interpreter import find_interpreter  # noqa: PLC0415 - as above

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
            means=self._means(configuration, command, opt),
            allowed_callers=self.options.allowed_callers or THIS_MACHINE,
        )
        return lambda scratch: RuntimeApiEnvironment(configuration, options, scratch)

    def _means(self, configuration: FunctionConfiguration, command: Sequence[str], opt: Path | None) -> "Means":
        from gateway.limits.private_tmp import what_is_below  # noqa: PLC0415 - as above

        assert self.limits  # noqa: S101 - only functions in processes of their own come here
        variables = function_variables(configuration, self.options.variables, Path(), "")
        bootstraps = [] if configuration.runtime == "provided" else [_BOOTSTRAPS]
        folders = [configuration.task_root, *bootstraps, *([opt] if opt else [])]
        hidden = what_is_below(command, variables, folders)
        share = configuration.cpu_share or self.options.cpu_share
        return self.limits.means(configuration.name, cpu_share=share, hidden=hidden)

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
