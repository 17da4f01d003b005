"""What an executor is given to make a target from a function's configuration.

An executor is ``make(configuration, resources)``, a function or a class with the members of
`gateway.targets.target.Target`; `gateway.executors` has the table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import gateway.bootstraps
from gateway.configuration import FunctionConfiguration
from gateway.targets.environment import Environment, EnvironmentFactory
from gateway.targets.logs import FunctionLog, LogSink
from gateway.targets.reaper import Reaper
from gateway.targets.runtime_version import runtime_version
from gateway.targets.variables import function_variables, new_log_stream

if TYPE_CHECKING:
    from gateway.limits.means import Means, ResourceLimits
    from gateway.same_origin import AllowedCallers

_BOOTSTRAPS = Path(gateway.bootstraps.__file__).parent


@dataclass(frozen=True, slots=True)
class HostOptions:
    """What all functions of a gateway share.

    Attributes:
        variables: The gateway's own environment variables.
        log: Where the functions' logs go.
        platform_lines: Whether INIT_START, START, END and REPORT are logged: ``none``, ``text`` or ``json``.
        in_process: Run Python handlers in this process, for debuggers.
        python: The interpreter of Python handlers; None finds the project's own.
        runtime_client: Of Python handlers: ``worker``, or ``ric`` for AWS's own client over the Runtime API.
        freeze: Stop an environment's processes between invocations.
        debug_port: Where a debugger can attach to Python handlers; they then have one environment and a day's time.
        cpu_share: Limit the CPU of all functions, not only of those that ask for it.
        sandbox: Mount ``/tmp``, ``/opt`` and ``/var/task`` for the processes of functions: True at any price, False
            never, None where the system lets it be done without side effects.
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
    sandbox: bool | None = None
    allowed_callers: "AllowedCallers | None" = None


@dataclass(frozen=True, slots=True)
class Resources:
    """What the execution host shares with the executor of one function.

    Attributes:
        options: The options of the host.
        workspace: A folder of the gateway, removed when it ends: for what stands for ``/tmp``, and the like.  Where all
            functions run in this process, the system's for temporary files.
        reaper: Ends processes when the gateway dies.
        limits: How processes are held to their limits; None in this process, where nothing is.
        code: The function's configuration, with its code and layers as they are now: what `Target.renew` goes over to.
    """

    options: HostOptions
    workspace: Path
    reaper: Reaper
    limits: "ResourceLimits | None"
    code: Callable[[], FunctionConfiguration]

    def log(self, configuration: FunctionConfiguration, version: str) -> FunctionLog:
        """The log of one environment; ``version`` is that of the program that runs it."""
        platform = self.options.platform_lines
        runtime = None if platform == "none" else runtime_version(configuration, version)
        return FunctionLog(self.options.log, platform, configuration.version, now, runtime)

    def variables(self, configuration: FunctionConfiguration, scratch: Path) -> dict[str, str]:
        """The variables of one environment with a log stream of its own; ``scratch`` stands for its ``/tmp``."""
        return function_variables(configuration, self.options.variables, scratch, new_log_stream(configuration.version))

    def means(self, configuration: FunctionConfiguration, command: Sequence[str]) -> "Means":
        """How the environments of a function are held to their limits, whose processes run ``command``."""
        from gateway.limits.sandbox import PLACES, Seen, what_is_below  # noqa: PLC0415 - a POSIX system's

        assert self.limits  # noqa: S101 - only functions in processes of their own come here
        variables = function_variables(configuration, self.options.variables, Path(), "")
        bootstraps = [] if configuration.runtime == "provided" else [_BOOTSTRAPS]
        folders = [configuration.task_root, *bootstraps, *([configuration.opt] if configuration.opt else [])]
        share = configuration.cpu_share or self.options.cpu_share
        task_root = configuration.task_root
        seen = Seen(configuration.tmp_mb, configuration.opt, None if task_root == PLACES["task"] else task_root)

        def below(place: Path) -> str:
            """What of these a mount would hide; in ``/opt`` the machine's own stays visible."""
            return "" if place == PLACES["opt"] else what_is_below(place, command, variables, folders)

        return self.limits.means(configuration.name, cpu_share=share, seen=seen, below=below)


class LatestEnvironments:
    """Makes environments with the code that the function has by then; implements `EnvironmentFactory`.

    Args:
        code: The function's configuration, with its code as it is now.
        prepare: Finds once for each configuration what its environments share.

    Raises:
        UsageError: What ``prepare`` raises.
    """

    def __init__(
        self, code: Callable[[], FunctionConfiguration], prepare: Callable[[FunctionConfiguration], EnvironmentFactory]
    ) -> None:
        self._code = code
        self._prepare = prepare
        self._configuration = code()
        self._make = prepare(self._configuration)

    def __call__(self, scratch: Path) -> Environment:
        """A new environment."""
        latest = self._code()
        if latest is not self._configuration:
            self._make = self._prepare(latest)
            self._configuration = latest
        return self._make(scratch)


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)
