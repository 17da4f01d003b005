"""``AWS_LAMBDA_EXEC_WRAPPER``: a program that runs instead of the runtime, with the runtime's command as arguments.

Facts, from the AWS guide "Modifying the runtime environment" and recordings of 2026: a script that is not there gives
the exit status 127.  Web adapters, OpenTelemetry and Datadog attach in this way, from a layer.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from gateway.configuration import EXEC_WRAPPER, FunctionConfiguration

_SHELL: Final = ("/bin/sh", "-c", 'exec "$0" "$@"')
"""Gives 127 and a line in the log for a program that is not there, and runs scripts without an interpreter's line."""


def has_wrapper(configuration: FunctionConfiguration) -> bool:
    """Whether the user has set the variable."""
    return bool(configuration.environment.get(EXEC_WRAPPER))


def wrapped(command: Sequence[str], configuration: FunctionConfiguration) -> tuple[str, ...]:
    """The command that runs a function, behind its wrapper where it has one."""
    if not has_wrapper(configuration):
        return tuple(command)
    return (*_SHELL, _found(configuration.environment[EXEC_WRAPPER], configuration), *command)


def _found(name: str, configuration: FunctionConfiguration) -> str:
    """The place of a wrapper, which is named as on Lambda, below ``/opt`` or ``/var/task``."""
    path = PurePosixPath(name)
    for root, folder in (("/opt", configuration.opt), ("/var/task", configuration.task_root)):
        if folder is not None and path.is_relative_to(root):
            place = Path(folder, path.relative_to(root))
            if place.exists():
                return str(place)
    return name
