"""The executor of runtimes that speak the Lambda Runtime API: a pool of their processes."""

from functools import partial
from typing import Final

from gateway.configuration import FunctionConfiguration
from gateway.same_origin import THIS_MACHINE
from gateway.targets.environment import EnvironmentFactory
from gateway.targets.exec_wrapper import wrapped
from gateway.targets.executor import HostOptions, LatestEnvironments, Resources
from gateway.targets.interpreter import Interpreter, debugger_arguments, find_interpreter
from gateway.targets.pool import EnvironmentPool
from gateway.targets.runtime_api.environment import RuntimeApiEnvironment
from gateway.targets.runtime_api.process import INIT_LIMIT_S, RuntimeApiOptions
from gateway.targets.runtime_api.runtimes import awslambdaric_command, command_for, python_command
from gateway.targets.runtime_version import node_version, tell_of_another_version
from gateway.targets.variables import runtime_variables

_DAY_S: Final = 24 * 3600.0
"""What an init phase may take while a debugger may hold the handler."""


def make(configuration: FunctionConfiguration, resources: Resources) -> EnvironmentPool:
    """What runs a function in processes that fetch their invocations.

    Raises:
        UsageError: There is no such runtime, or its program is not there.
    """
    environments = LatestEnvironments(resources.code, partial(_environments, resources))
    return EnvironmentPool(environments, configuration.capacity, folder=resources.workspace)


def _environments(resources: Resources, configuration: FunctionConfiguration) -> EnvironmentFactory:
    given, opt = resources.options, configuration.opt
    version = ""
    if configuration.runtime == "python":
        python = find_interpreter(given.python, given.variables, configuration.task_root)
        command, version = _python_command(python, configuration, given), python.version
    else:
        command = command_for(configuration, opt)
        if configuration.runtime == "nodejs":
            version = node_version(command[0])
    tell_of_another_version(configuration, version)
    command = wrapped(command, configuration)
    options = RuntimeApiOptions(
        command=command,
        variables=lambda scratch: runtime_variables(
            configuration, resources.variables(configuration, scratch), version
        ),
        reaper=resources.reaper,
        log=lambda: resources.log(configuration, version),
        opt=opt,
        freeze=given.freeze,
        init_limit_s=INIT_LIMIT_S if given.debug_port is None else _DAY_S,
        means=resources.means(configuration, command),
        allowed_callers=given.allowed_callers or THIS_MACHINE,
    )
    return lambda scratch: RuntimeApiEnvironment(configuration, options, scratch)


def _python_command(python: Interpreter, configuration: FunctionConfiguration, given: HostOptions) -> tuple[str, ...]:
    """With AWS's own client where it is asked for."""
    if given.runtime_client == "ric" or configuration.executor == "runtime-api":
        return awslambdaric_command(python, configuration.handler)
    return python_command(python, debugger_arguments(python, given.debug_port))
