"""What a configuration file says, as frozen values; each of their fields is the one definition of its key.

The names are AWS's own in snake_case.  What comes from a file has been validated and resolved: names refer to things
that exist, paths are absolute.  Nothing here imports a third party, so that every part may read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, NamedTuple, TypeAlias

from gateway.config.attributes import LISTENER, TARGET_GROUP, defaults
from gateway.config.listener import ListenerKeys
from gateway.config.not_allowed import NotAllowed
from gateway.configuration import (
    DEFAULT_ACCOUNT,
    DEFAULT_REGION,
    AccountRegion,
    FunctionConfiguration,
    default_capacity,
)
from gateway.executors import LOCAL, runs_functions

if TYPE_CHECKING:  # read from the annotations when there is a file; and most gateways have none of the other listeners
    from gateway.config.doors import DoorSettings
    from gateway.config.keys import AbsolutePath, Cidr, Known, Length, Mark, Name, Range, TextOrNumber
    from gateway.config.rules import Actions, RuleSettings
    from gateway.config.values import (
        Account,
        EndpointUrl,
        ExecutorName,
        Matcher,
        Region,
        Runtime,
        TargetGroupArn,
        Targets,
        Variable,
    )

Attributes: TypeAlias = Mapping[str, bool | int | str]
"""Attribute key as in the ELBv2 API to its value; every known key is present."""

_RUNTIMES: Final = ("python", "nodejs", "provided")
_KEY_EXCHANGE: Final = "routing.http.x_amzn_tls_kx.enabled"


class EphemeralStorageSettings(NamedTuple):
    """What a function's /tmp holds; beyond it there is no space left."""

    size: Annotated[int, Range(512, 10240)] = 512
    """In MB."""


_EPHEMERAL_STORAGE: Final = EphemeralStorageSettings()


@dataclass(frozen=True, slots=True)
class FunctionSettings:
    """A function.

    The keys and ranges are those of Lambda's ``CreateFunction``.  ``environment`` has the variables of ``env_file``
    too; without a runtime ``runtime`` is "", and ``executor`` is without one.
    """

    name: Annotated[str, Mark.NO_KEY] = ""
    """The key of its table."""
    handler: str = ""
    """What to call: module.function in the words of the runtime; may be left out with a command."""
    _: KW_ONLY
    runtime: Annotated[Runtime, Mark.OR_NULL] = ""
    """python, nodejs or provided, or AWS's identifiers such as python3.12; left out, the handler's file tells."""
    executor: Annotated[ExecutorName, Mark.OR_NULL] = ""
    """What runs it: worker, runtime-api, in-process, or package.module:Name; left out, what the runtime needs."""
    command: tuple[str, ...] = ()
    """What the runtime provided runs; left out, the executable bootstrap in the code."""
    timeout: Annotated[int, Range(1, 900)] = 3
    """How long one invocation may run, in seconds."""
    memory_size: Annotated[int, Range(128, 10240)] = 128
    """Memory in MB."""
    ephemeral_storage: EphemeralStorageSettings = _EPHEMERAL_STORAGE
    """What /tmp holds."""
    cpu_share: bool = False
    """Limit the CPU to what this memory has on Lambda, 1769 MB being one vCPU; needs control groups."""
    environment: Mapping[Variable, TextOrNumber] = field(default_factory=dict)
    """Variables of the function."""
    env_file: Path | None = None
    """A file with NAME=value lines; environment wins over it."""
    reserved_concurrent_executions: Annotated[int, Range(0)] | None = None
    """Invocations at once before further ones are throttled; left out, they wait instead."""
    environments: Annotated[int, Range(1, 1000), Mark.OR_NULL] = field(default_factory=default_capacity)
    """Execution environments at once on this machine; left out, 8 for each core."""
    layers: Annotated[tuple[Path, ...], Length(high=5)] = ()
    """Folders or zip files, merged into /opt in this order."""
    code: Path = Path()
    """Folder or zip file of the code; left out, the folder of this file."""
    description: Annotated[str, Length(high=256)] = ""
    """What the function is for."""

    def check_keys(self) -> None:
        """Raise `NotAllowed` when there is nothing to run."""
        if not self.handler and not self.command and self.executor in ("", *LOCAL):
            raise NotAllowed("give handler, or command for a runtime of your own")

    def configuration(self, region: str = DEFAULT_REGION, account: str = DEFAULT_ACCOUNT) -> FunctionConfiguration:
        """The same as the value that runs a function; without a runtime ``python`` is assumed."""
        runtime = next((name for name in _RUNTIMES if self.runtime.startswith(name)), "python")
        return FunctionConfiguration(
            name=self.name,
            handler=self.handler,
            task_root=self.code,
            runtime="provided" if self.command and not self.runtime else runtime,
            runtime_name="" if self.runtime in _RUNTIMES else self.runtime,
            executor=self.executor,
            command=self.command,
            timeout_ms=self.timeout * 1000,
            memory_mb=self.memory_size,
            tmp_mb=self.ephemeral_storage.size,
            cpu_share=self.cpu_share,
            environment=self.environment,
            layers=self.layers,
            reserved_concurrency=self.reserved_concurrent_executions,
            capacity=self.environments,
            region=region,
            account=account,
        )


class HealthCheckSettings(NamedTuple):
    """Health checks; what is left out depends on whether the targets are functions or HTTP servers.

    The defaults here are those of functions.
    """

    enabled: Annotated[bool, Mark.OR_NULL] = False
    """Default: false for functions, true for HTTP servers."""
    path: Annotated[AbsolutePath, Length(high=1024)] = "/"
    """What is asked for."""
    interval: Annotated[int, Range(5, 300), Mark.OR_NULL] = 35
    """Seconds between checks; default 35 for functions, 30 for HTTP servers."""
    timeout: Annotated[int, Range(2, 120), Mark.OR_NULL] = 30
    """Seconds to wait for an answer; default 30 for functions, 5 for HTTP servers."""
    healthy_threshold: Annotated[int, Range(2, 10)] = 5
    """Good answers in a row that make an unhealthy target healthy."""
    unhealthy_threshold: Annotated[int, Range(2, 10), Mark.OR_NULL] = 5
    """Bad answers in a row that make a target unhealthy; default 5 for functions, 2 for HTTP servers."""
    matcher: Matcher = "200"
    """Codes of a good answer, such as 200,202 or 200-299."""


_CHECKS_OF_SERVERS: Final = {"enabled": True, "interval": 30, "timeout": 5, "unhealthy_threshold": 2}
"""Other defaults of `HealthCheckSettings`: ELBv2 API model, ``CreateTargetGroup``, and the ELB user guide."""


def _is_server(target: object) -> bool:
    return isinstance(target, str) and not runs_functions(target)


class TargetGroupSettings(NamedTuple):
    """A target group.

    It has either one function of this file or targets; "" stands for no function, shadow, ARN or endpoint.
    """

    name: Annotated[str, Mark.NO_KEY] = ""
    """The key of its table."""
    function: Annotated[str, Mark.OR_NULL] = ""
    """The name of a function of this file."""
    targets: Targets = ()
    """Instead of a function: http://host:port, rie:http://host:port, aws:name[:qualifier] or a function's ARN."""
    attributes: Annotated[Attributes, Known(TARGET_GROUP, "TargetGroupAttributes")] = defaults(TARGET_GROUP)
    """Attributes of the target group, under AWS's keys."""
    health_check: HealthCheckSettings = HealthCheckSettings()
    """Health checks."""
    arn: TargetGroupArn = ""
    """What events name; left out, one is made from the name."""
    endpoint_url: EndpointUrl = ""
    """For aws:… targets: another service with the Invoke API, such as LocalStack or a second gateway."""
    shadow: Annotated[str, Mark.OR_NULL] = ""
    """The name of a target group that gets a copy of every request; its answers are compared and dropped."""

    @staticmethod
    def with_defaults(table: Mapping[str, object]) -> Mapping[str, object]:
        """The table of a file with the health checks that servers have where it does not say."""
        targets, given = table.get("targets"), table.get("health_check", {})
        if not isinstance(targets, list) or not isinstance(given, dict) or not any(map(_is_server, targets)):
            return table
        missing = {key: value for key, value in _CHECKS_OF_SERVERS.items() if given.get(key) is None}
        return {**table, "health_check": {**given, **missing}}

    def check_keys(self) -> None:
        """Raise `NotAllowed` unless it has one of the two."""
        if bool(self.function) == bool(self.targets):
            raise NotAllowed("give either function or targets")

    @property
    def is_lambda(self) -> bool:
        """The targets are functions, wherever they run."""
        return not any(map(_is_server, self.targets))


class MutualAuthentication(NamedTuple):
    """Whether clients show certificates."""

    mode: Literal["off", "passthrough", "verify"] = "off"
    """off, passthrough or verify."""
    trust_store: Path | None = None
    """PEM file of the authorities to trust; needed to verify."""

    def check_keys(self) -> None:
        """Raise `NotAllowed` when nobody is to be trusted."""
        if self.mode == "verify" and self.trust_store is None:
            raise NotAllowed("mode 'verify' needs a trust_store")


_NOT_MUTUAL: Final = MutualAuthentication()


@dataclass(frozen=True, slots=True)
class AlbSettings(ListenerKeys):
    """An Application Load Balancer's listener."""

    type: ClassVar[Literal["alb"]] = "alb"
    default_actions: Actions
    """What to do when no rule matches."""
    rules: tuple[RuleSettings, ...] = field(default=(), kw_only=True)
    """The rules."""
    attributes: Annotated[Attributes, Known(LISTENER, "ListenerAttributes")] = field(
        default_factory=partial(defaults, LISTENER)
    )
    """Attributes of the load balancer and of the listener, under AWS's keys."""
    mutual_authentication: MutualAuthentication = _NOT_MUTUAL
    """Mutual TLS of an HTTPS listener."""
    trusted_proxies: tuple[Cidr, ...] = ()
    """Blocks of development proxies whose X-Forwarded-For decides source-ip conditions."""

    def check_keys(self) -> None:
        """Raise `NotAllowed` when a header is wanted that nobody can fill."""
        import ssl  # noqa: PLC0415 - only a file can ask for the header

        if self.attributes[_KEY_EXCHANGE] and not hasattr(ssl.SSLObject, "group"):
            raise NotAllowed(
                f"attribute {_KEY_EXCHANGE}: found true, and this Python's ssl module does not tell the group "
                "of a key exchange (SSLObject.group); allowed here: false"
            )


ListenerSettings: TypeAlias = "AlbSettings | DoorSettings"


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration file of the gateway.

    Messages must not tell the values of ``variables``.
    """

    source: Annotated[Path, Mark.NO_KEY]
    """The file, for messages and for reloading."""
    region: Region = field(default="", kw_only=True)
    """The region that ARNs, variables and events name; left out, AWS_REGION, AWS_DEFAULT_REGION or us-east-1."""
    account: Account = field(default=DEFAULT_ACCOUNT, kw_only=True)
    """The account that they name."""
    concurrent_executions: Annotated[int, Range(1)] | None = field(default=None, kw_only=True)
    """The account's concurrency, shared by all functions; left out, there is no limit."""
    functions: Mapping[Name, FunctionSettings] = field(default_factory=dict)
    """Functions by their names."""
    target_groups: Mapping[Name, TargetGroupSettings] = field(default_factory=dict)
    """Target groups by their names."""
    listeners: tuple[ListenerSettings, ...] = ()
    """What listens."""
    variables: Annotated[Mapping[str, str], Mark.NO_KEY] = field(
        default_factory=dict, repr=False, compare=False, kw_only=True
    )
    """The variables of the environment that the file names."""

    @property
    def account_region(self) -> AccountRegion:
        """What ARNs, variables and events name."""
        return AccountRegion(self.region or DEFAULT_REGION, self.account)
