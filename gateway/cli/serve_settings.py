"""From the options of ``gateway serve`` to the same settings that a configuration file gives."""

import os
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from gateway.cli.account_region import account_region
from gateway.cli.handler_setting import parse_target
from gateway.cli.variables import read_variables
from gateway.config.listener import Certificate
from gateway.config.rules import Forward, TargetGroupTuple
from gateway.config.settings import FunctionSettings, Settings, TargetGroupSettings
from gateway.configuration import EXEC_WRAPPER
from gateway.errors import UsageError
from gateway.executors import executor_of
from gateway.hosting import runtime_of_handler
from gateway.listener_types import FLAVOURS, listener_type_of, named_flavour
from gateway.loading import is_place, load
from gateway.translation.default_names import default_target_group_arn

_FILES: Final = (".toml", ".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class FunctionOptions:
    """The options that say what a function is, as click checked them; shared by all commands that run one."""

    target: str
    timeout: int
    memory: int
    env_files: tuple[Path, ...]
    env: tuple[str, ...]
    runtime: str | None
    program: str | None
    runtime_client: str
    layers: tuple[Path, ...]
    python: str | None
    region: str | None
    account: str | None
    verbose: bool


@dataclass(frozen=True, slots=True)
class ServeOptions(FunctionOptions):
    """The options of ``gateway serve``."""

    port: int
    host: str
    https: bool
    certificate: Path | None
    private_key: Path | None
    flavour: str
    environments: int | None
    concurrency: int | None
    functions: tuple[str, ...]
    control_port: int | None
    target_group_arn: str
    endpoint_url: str
    record: Path | None
    dev_headers: bool
    signing_keys: tuple[str, ...]
    allow_hosts: tuple[str, ...]
    allow_origins: tuple[str, ...]
    reload: bool
    freeze: bool
    cpu_share: bool
    sandbox: bool | None
    debug_port: int | None
    in_process: bool
    access_log: str
    log_format: str | None
    quiet: bool

    @property
    def is_file(self) -> bool:
        """The target is a configuration file."""
        return self.target.endswith(_FILES)


def settings_of(options: ServeOptions, folder: Path) -> Settings:
    """The settings of a command line.

    Raises:
        UsageError: The target or a function cannot be understood, or the configuration file has faults.
    """
    if options.is_file:
        if options.https or options.certificate or options.private_key:
            raise UsageError(f"{options.target} says itself which listeners speak TLS: write protocol = 'HTTPS' there")
        from gateway.config.load import load_settings  # noqa: PLC0415 - reading files needs pydantic

        settings = load_settings(folder / options.target, os.environ)
    else:
        settings = _settings(options, folder)
    region, account = account_region(options.region or settings.region, options.account, os.environ)
    settings = replace(settings, region=region, account=account or settings.account)
    return settings if options.is_file else _with_arn(settings, options.target_group_arn)


def _with_arn(settings: Settings, given: str) -> Settings:
    """The settings of a command line with the ARN of the target group that there may be."""
    arn = given or default_target_group_arn(*settings.account_region)
    groups = {name: group._replace(arn=arn) for name, group in settings.target_groups.items()}
    return replace(settings, target_groups=groups)


def _settings(options: ServeOptions, folder: Path) -> Settings:
    """The settings of handlers that the command line names."""
    if executor_of(options.target):
        return _elsewhere(options, folder)
    targets = dict(_named(item) for item in options.functions)
    if options.target:
        targets = {"": options.target, **targets}
    elif not targets:
        raise UsageError("name a handler such as app.handler, a configuration file, or --function NAME=TARGET")
    made = [_limited(function_settings(target, folder, options, name), options) for name, target in targets.items()]
    functions = {function.name: function for function in made}
    first = next(iter(functions))
    row = listener_type_of(options.flavour)
    if row.target_groups:
        return _behind_a_load_balancer(options, folder, functions, TargetGroupSettings(first, first))
    listener = load(row.settings)(function=first, **_listener_keys(options, folder))
    return Settings(folder, functions, {}, (listener,))


def _listener_keys(options: ServeOptions, folder: Path) -> dict[str, Any]:
    """What a listener has for the command line alone; ours know their type, others are told it as a file tells it."""
    type_ = {"type": options.flavour} if is_place(options.flavour) else {}
    where = {"port": options.port, "host": options.host, **_tls_keys(options, folder)}
    return {**where, **named_flavour(options.flavour).settings, **type_}


def _tls_keys(options: ServeOptions, folder: Path) -> dict[str, Any]:
    certificate, key = options.certificate, options.private_key
    if bool(certificate) != bool(key):
        raise UsageError("--certificate and --private-key go together: give the PEM files of both, or --https alone")
    if certificate and key:
        return {"protocol": "HTTPS", "certificates": (Certificate(folder / certificate, folder / key),)}
    return {"protocol": "HTTPS"} if options.https else {}


def _elsewhere(options: ServeOptions, folder: Path) -> Settings:
    """A load balancer in front of something that runs elsewhere."""
    if not listener_type_of(options.flavour).target_groups:
        able = " and ".join(name for name in FLAVOURS if listener_type_of(name).target_groups)
        raise UsageError(f"--as {options.flavour}: {options.target} can only be behind {able}")
    group = TargetGroupSettings("target", targets=(options.target,), endpoint_url=options.endpoint_url)
    named = dict(_named(item) for item in options.functions)
    made = [_limited(function_settings(target, folder, options, name), options) for name, target in named.items()]
    return _behind_a_load_balancer(options, folder, {function.name: function for function in made}, group)


def _behind_a_load_balancer(
    options: ServeOptions, folder: Path, functions: dict[str, FunctionSettings], group: TargetGroupSettings
) -> Settings:
    group = group._replace(attributes={**group.attributes, **named_flavour(options.flavour).target_group})
    forward = Forward((TargetGroupTuple(group.name),))
    kind = load(listener_type_of(options.flavour).settings)
    listener = kind(default_actions=(forward,), **_listener_keys(options, folder))
    return Settings(folder, functions, {group.name: group}, (listener,))


def _limited(function: FunctionSettings, options: ServeOptions) -> FunctionSettings:
    return replace(
        function,
        reserved_concurrent_executions=options.concurrency,
        environments=options.environments or function.environments,
    )


def _named(item: str) -> tuple[str, str]:
    name, equals, target = item.partition("=")
    if not name or not equals or not target:
        raise UsageError(f"--function {item}: write NAME=TARGET, such as orders=app.handler")
    return name, target


def function_settings(target: str, folder: Path, options: FunctionOptions, name: str = "") -> FunctionSettings:
    """The settings of one function; without a name it is called after its module.

    Raises:
        UsageError: The target cannot be understood, or variables cannot be read.
    """
    command = tuple(shlex.split(options.program)) if options.program else ()
    variables = read_variables(options.env_files, options.env)
    if command:
        handler, made_up = target, "function"
    else:
        handler, made_up = parse_target(target, folder, has_wrapper=bool(variables.get(EXEC_WRAPPER)))
    return FunctionSettings(
        name=name or made_up,
        handler=handler,
        code=folder,
        runtime=options.runtime or ("provided" if command else runtime_of_handler(handler, folder)),
        command=command,
        timeout=options.timeout,
        memory_size=options.memory,
        environment=variables,
        layers=tuple(folder / layer for layer in options.layers),
    )
