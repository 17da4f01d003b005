"""The whole file: functions, target groups and listeners, as it writes them.

Names and ranges are those of Lambda's ``CreateFunction`` and of the ELBv2 API's ``CreateTargetGroup``.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self, TypeAlias

from pydantic import AfterValidator, Field, create_model, model_validator

from gateway.config.attributes import TARGET_GROUP
from gateway.config.listeners import ListenerModel
from gateway.config.strict import AbsolutePath, Name, Strict, TextOrNumber, attribute_fields, fault, matching
from gateway.configuration import ACCOUNT, ACCOUNT_TEXT, DEFAULT_ACCOUNT, REGION, REGION_TEXT
from gateway.executors import EXECUTORS, LOCAL, executor_of
from gateway.loading import is_place

if TYPE_CHECKING:
    TargetGroupAttributes: TypeAlias = Strict
else:
    TargetGroupAttributes = create_model("TargetGroupAttributes", __base__=Strict, **attribute_fields(TARGET_GROUP))

_RESERVED_VARIABLES = frozenset({
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
})  # fmt: skip


def _not_reserved(name: str) -> str:
    if name in _RESERVED_VARIABLES:
        raise fault("found {found}; Lambda reserves this variable, choose another name")
    return name


_Variable: TypeAlias = Annotated[
    str, matching("[A-Za-z_][A-Za-z0-9_]*", "letters, digits and _, no digit first"), AfterValidator(_not_reserved)
]
_Runtime: TypeAlias = Annotated[
    str,
    matching(
        r"(python|nodejs|provided)([0-9.x]*|\.al2|\.al2023)",
        "python, nodejs, provided, or AWS's identifiers of these such as python3.12, nodejs22.x and provided.al2023",
    ),
]


def _executor(name: str) -> str:
    if name not in LOCAL and not is_place(name):
        raise fault(f"found {{found}}; allowed: {', '.join(LOCAL)}, or package.module:Name for one of your own")
    return name


class FunctionModel(Strict):
    """A function."""

    handler: str = ""
    """What to call: module.function in the words of the runtime; may be left out with a command."""
    runtime: _Runtime | None = None
    """python, nodejs or provided, or AWS's identifiers such as python3.12; left out, the handler's file tells."""
    executor: Annotated[str, AfterValidator(_executor)] | None = None
    """What runs it: worker, runtime-api, in-process, or package.module:Name; left out, what the runtime needs."""
    command: tuple[str, ...] = ()
    """What the runtime provided runs; left out, the executable bootstrap in the code."""
    timeout: Annotated[int, Field(ge=1, le=900)] = 3
    """How long one invocation may run, in seconds."""
    memory_size: Annotated[int, Field(ge=128, le=10240)] = 128
    """Memory in MB."""
    cpu_share: bool = False
    """Limit the CPU to what this memory has on Lambda, 1769 MB being one vCPU; needs control groups."""
    environment: dict[_Variable, TextOrNumber] = Field(default_factory=dict)
    """Variables of the function."""
    env_file: Path | None = None
    """A file with NAME=value lines; environment wins over it."""
    reserved_concurrent_executions: Annotated[int, Field(ge=0)] | None = None
    """Invocations at once before further ones are throttled; left out, they wait instead."""
    environments: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Execution environments at once on this machine; left out, 8 for each core."""
    layers: Annotated[tuple[Path, ...], Field(max_length=5)] = ()
    """Folders or zip files, merged into /opt in this order."""
    code: Path = Path()
    """Folder or zip file of the code; left out, the folder of this file."""
    description: Annotated[str, Field(max_length=256)] = ""
    """What the function is for."""

    @model_validator(mode="after")
    def _can_run(self) -> Self:
        if not self.handler and not self.command and self.executor in (None, *LOCAL):
            raise fault("give handler, or command for a runtime of your own")
        return self


def _matcher(text: str) -> str:
    """Codes and ranges such as ``200,202`` or ``200-299``."""
    for part in text.split(","):
        low, _, high = part.partition("-")
        codes = [code for code in (low, high or low) if code.isascii() and code.isdigit() and 200 <= int(code) <= 499]
        if len(codes) < 2 or int(codes[0]) > int(codes[1]):
            raise fault("found {found}; allowed: codes from 200 to 499 such as '200,202' or '200-299'")
    return text


class HealthCheckModel(Strict):
    """Health checks; what is left out depends on whether the targets are functions or HTTP servers."""

    enabled: bool | None = None
    """Default: false for functions, true for HTTP servers."""
    path: Annotated[AbsolutePath, Field(max_length=1024)] = "/"
    """What is asked for."""
    interval: Annotated[int, Field(ge=5, le=300)] | None = None
    """Seconds between checks; default 35 for functions, 30 for HTTP servers."""
    timeout: Annotated[int, Field(ge=2, le=120)] | None = None
    """Seconds to wait for an answer; default 30 for functions, 5 for HTTP servers."""
    healthy_threshold: Annotated[int, Field(ge=2, le=10)] = 5
    """Good answers in a row that make an unhealthy target healthy."""
    unhealthy_threshold: Annotated[int, Field(ge=2, le=10)] | None = None
    """Bad answers in a row that make a target unhealthy; default 5 for functions, 2 for HTTP servers."""
    matcher: Annotated[TextOrNumber, AfterValidator(_matcher)] = "200"
    """Codes of a good answer, such as 200,202 or 200-299."""


def _target(text: str) -> str:
    executor = executor_of(text)
    if executor is None or not re.fullmatch(executor.pattern, text):
        allowed = ", ".join(row.written for row in EXECUTORS if row.schemes)
        raise fault(f"found {{found}}; allowed: {allowed}")
    return text


Target: TypeAlias = Annotated[str, AfterValidator(_target)]


def _one_kind(targets: tuple[str, ...]) -> tuple[str, ...]:
    kinds = {row for target in targets if (row := executor_of(target))}
    if len(kinds) > 1:
        raise fault("found different kinds; allowed: only http://…, only rie:… or only one aws:… target in a group")
    if len(targets) > 1 and not all(row.several for row in kinds):
        raise fault(f"found {len(targets)} functions; allowed: one, as AWS registers one function in a target group")
    return targets


class TargetGroupModel(Strict):
    """A target group."""

    function: str | None = None
    """The name of a function of this file."""
    targets: Annotated[tuple[Target, ...], AfterValidator(_one_kind)] = ()
    """Instead of a function: http://host:port, rie:http://host:port, aws:name[:qualifier] or a function's ARN."""
    attributes: TargetGroupAttributes = Field(default_factory=TargetGroupAttributes)
    """Attributes of the target group, under AWS's keys."""
    health_check: HealthCheckModel = HealthCheckModel()
    """Health checks."""
    arn: Annotated[str, matching(r"(arn:[a-z-]+:elasticloadbalancing:\S+)?", "an ARN of elasticloadbalancing")] = ""
    """What events name; left out, one is made from the name."""
    endpoint_url: Annotated[str, matching(r"(https?://\S+)?", "a URL such as http://127.0.0.1:4566")] = ""
    """For aws:… targets: another service with the Invoke API, such as LocalStack or a second gateway."""
    shadow: str | None = None
    """The name of a target group that gets a copy of every request; its answers are compared and dropped."""

    @model_validator(mode="after")
    def _has_targets(self) -> Self:
        if bool(self.function) == bool(self.targets):
            raise fault("give either function or targets")
        return self


_Region: TypeAlias = Annotated[str, matching(f"({REGION})?", REGION_TEXT)]
_Account: TypeAlias = Annotated[TextOrNumber, matching(ACCOUNT, ACCOUNT_TEXT)]


class FileModel(Strict):
    """A configuration file of the gateway."""

    schema_: Annotated[str | None, Field(alias="$schema")] = None
    """Where the JSON Schema is, for editors."""
    region: _Region = ""
    """The region that ARNs, variables and events name; left out, AWS_REGION, AWS_DEFAULT_REGION or us-east-1."""
    account: _Account = DEFAULT_ACCOUNT
    """The account that they name."""
    concurrent_executions: Annotated[int, Field(ge=1)] | None = None
    """The account's concurrency, shared by all functions; left out, there is no limit."""
    functions: dict[Name, FunctionModel] = Field(default_factory=dict)
    """Functions by their names."""
    target_groups: dict[Name, TargetGroupModel] = Field(default_factory=dict)
    """Target groups by their names."""
    listeners: tuple[ListenerModel, ...] = ()
    """What listens."""
