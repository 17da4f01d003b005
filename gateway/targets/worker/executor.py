"""The executor of Python handlers: a pool of worker processes."""

from functools import partial
from typing import Final

from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.targets.environment import EnvironmentFactory
from gateway.targets.executor import LatestEnvironments, Resources
from gateway.targets.interpreter import debugger_arguments, find_interpreter
from gateway.targets.pool import EnvironmentPool
from gateway.targets.runtime_version import tell_of_another_version
from gateway.targets.worker.environment import WorkerEnvironment
from gateway.targets.worker.process import INIT_LIMIT_S, WorkerOptions

_DAY_S: Final = 24 * 3600.0
"""What an init phase may take while a debugger may hold the handler."""


def make(configuration: FunctionConfiguration, resources: Resources) -> EnvironmentPool:
    """What runs a Python handler in processes of its own.

    Raises:
        UsageError: The function has another runtime, or its interpreter or debugger cannot be run.
    """
    if configuration.runtime != "python":
        raise UsageError(
            f"the executor worker runs Python handlers; {configuration.name} is {configuration.runtime}: take "
            "runtime-api, or leave executor out"
        )
    environments = LatestEnvironments(resources.code, partial(_environments, resources))
    return EnvironmentPool(environments, configuration.capacity, folder=resources.workspace)


def _environments(resources: Resources, configuration: FunctionConfiguration) -> EnvironmentFactory:
    given = resources.options
    python = find_interpreter(given.python, given.variables, configuration.task_root)
    tell_of_another_version(configuration, python.version)
    options = WorkerOptions(
        reaper=resources.reaper,
        log=lambda: resources.log(configuration, python.version),
        python=python,
        host=given.variables,
        freeze=given.freeze,
        debugger=debugger_arguments(python, given.debug_port),
        init_limit_s=INIT_LIMIT_S if given.debug_port is None else _DAY_S,
        means=resources.means(configuration, [python.program]),
    )
    return lambda scratch: WorkerEnvironment(configuration, options, scratch)
