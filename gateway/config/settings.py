"""What a configuration file says, as frozen values.

The names are AWS's own in snake_case.  Everything here has been validated and resolved: names refer to things that
exist, paths are absolute, defaults are filled in.  Nothing here imports a third party, so that every part may read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from gateway.config.rules import ActionSettings, RuleSettings
from gateway.configuration import (
    DEFAULT_ACCOUNT,
    DEFAULT_REGION,
    AccountRegion,
    FunctionConfiguration,
    default_capacity,
)
from gateway.executors import runs_functions

if TYPE_CHECKING:  # most gateways have none of these listeners
    from gateway.config.doors import DoorSettings

Attributes: TypeAlias = Mapping[str, bool | int | str]
"""Attribute key as in the ELBv2 API to its value; every known key is present."""

_RUNTIMES: Final = ("python", "nodejs", "provided")


@dataclass(frozen=True, slots=True)
class FunctionSettings:
    """One function; the keys are those of Lambda's ``CreateFunction``.

    Attributes:
        runtime: ``python``, ``nodejs`` or ``provided``, with AWS's version suffix allowed; "" when not given.
        executor: A name of `gateway.executors.LOCAL` or ``package.module:Name``; "" when not given.
        timeout: Seconds that one invocation may run.
        memory_size: MB.
        cpu_share: Limit the CPU to what ``memory_size`` has on Lambda.
        environment: The user's variables, those of ``env_file`` included.
        environments: Execution environments at once on this machine; requests beyond wait.
        code: The folder or zip file of the code.
    """

    name: str
    handler: str
    code: Path
    runtime: str = ""
    executor: str = ""
    command: tuple[str, ...] = ()
    timeout: int = 3
    memory_size: int = 128
    cpu_share: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    env_file: Path | None = None
    reserved_concurrent_executions: int | None = None
    environments: int = field(default_factory=default_capacity)
    layers: tuple[Path, ...] = ()
    description: str = ""

    def configuration(self, region: str = DEFAULT_REGION, account: str = DEFAULT_ACCOUNT) -> FunctionConfiguration:
        """The same as the value that runs a function; without a runtime ``python`` is assumed."""
        runtime = next((name for name in _RUNTIMES if self.runtime.startswith(name)), "python")
        return FunctionConfiguration(
            name=self.name,
            handler=self.handler,
            task_root=self.code,
            runtime="provided" if self.command and not self.runtime else runtime,
            executor=self.executor,
            command=self.command,
            timeout_ms=self.timeout * 1000,
            memory_mb=self.memory_size,
            cpu_share=self.cpu_share,
            environment=self.environment,
            layers=self.layers,
            reserved_concurrency=self.reserved_concurrent_executions,
            capacity=self.environments,
            region=region,
            account=account,
        )


class HealthCheckSettings(NamedTuple):
    """Health checks of a target group; ``interval`` and ``timeout`` in seconds, ``matcher`` like ``200,300-399``."""

    enabled: bool
    path: str
    interval: int
    timeout: int
    healthy_threshold: int
    unhealthy_threshold: int
    matcher: str


class TargetGroupSettings(NamedTuple):
    """One target group: either one function of this file or a list of targets.

    Attributes:
        function: The name of a function of this file, "" when there are ``targets``.
        targets: ``http://host:port``, ``rie:http://host:port``, ``aws:name[:qualifier]`` or a function's ARN.
        shadow: The name of a target group that gets a copy of every request, "" for none.
        arn: What events name; "" for one made from the name.
        endpoint_url: Another service than AWS that runs ``aws:`` targets; "" for AWS.
    """

    name: str
    function: str
    targets: tuple[str, ...]
    attributes: Attributes
    health_check: HealthCheckSettings
    shadow: str = ""
    arn: str = ""
    endpoint_url: str = ""

    @property
    def is_lambda(self) -> bool:
        """The targets are functions, wherever they run."""
        return all(runs_functions(target) for target in self.targets)


class Certificate(NamedTuple):
    """A server certificate and its key, as PEM files."""

    certificate: Path
    private_key: Path


class MutualAuthentication(NamedTuple):
    """Mutual TLS; ``trust_store`` is a PEM bundle, needed in mode ``verify``."""

    mode: str = "off"
    trust_store: Path | None = None


_NOT_MUTUAL: Final = MutualAuthentication()


@dataclass(frozen=True, slots=True)
class AlbSettings:
    """A listener of an Application Load Balancer.

    Attributes:
        protocol: ``HTTP`` or ``HTTPS``.
        attributes: The load balancer's and the listener's attributes together.
        trusted_proxies: CIDR blocks of development proxies whose ``X-Forwarded-For`` decides ``source-ip`` conditions.
    """

    port: int
    default_actions: tuple[ActionSettings, ...]
    attributes: Attributes
    host: str = "127.0.0.1"
    protocol: str = "HTTP"
    rules: tuple[RuleSettings, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    mutual_authentication: MutualAuthentication = _NOT_MUTUAL
    trusted_proxies: tuple[str, ...] = ()
    type: Literal["alb"] = "alb"


ListenerSettings: TypeAlias = "AlbSettings | DoorSettings"


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole configuration file.

    Attributes:
        source: The file, for messages and for reloading.
        concurrent_executions: The account's concurrency; None for no limit.
        region: Of everything here; "" when nobody gave one.
        account: Of everything here, twelve digits.
        variables: The variables of the environment that the file names; messages must not tell their values.
    """

    source: Path
    functions: Mapping[str, FunctionSettings] = field(default_factory=dict)
    target_groups: Mapping[str, TargetGroupSettings] = field(default_factory=dict)
    listeners: tuple[ListenerSettings, ...] = ()
    concurrent_executions: int | None = None
    region: str = ""
    account: str = DEFAULT_ACCOUNT
    variables: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def account_region(self) -> AccountRegion:
        """What ARNs, variables and events name."""
        return AccountRegion(self.region or DEFAULT_REGION, self.account)
