"""What a function is: AWS's FunctionConfiguration, as far as running it needs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"
ACCOUNT = "[0-9]{12}"
ACCOUNT_TEXT = "an account of twelve digits, such as '123456789012'"
REGION = r"(?!cn-|us-gov-|us-iso|eu-iso|eusc-)[a-z]{2}(-[a-z]+)+-[0-9]{1,2}"
"""A region of the partition ``aws``: ARNs and domains of the others are spelled differently."""
REGION_TEXT = (
    "a region such as 'eu-central-1'; those of China, GovCloud, ISO and the European Sovereign Cloud are not known here"
)

RUNTIME = r"(python|nodejs|provided)([0-9.x]*|\.al2|\.al2023)"
RUNTIME_TEXT = (
    "python, nodejs, provided, or AWS's identifiers of these such as python3.12, nodejs22.x and provided.al2023"
)

RESERVED_VARIABLES = frozenset(
    {
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "AWS_SECURITY_TOKEN",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""Names that only Lambda sets, beside all with ``_`` in front (AWS guide, "Defined runtime environment variables")."""

EXEC_WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"
"""The user's variable that names what runs in the runtime's place."""


class AccountRegion(NamedTuple):
    """An account in a region: what the ARNs of everything in a gateway have in common."""

    region: str = DEFAULT_REGION
    account: str = DEFAULT_ACCOUNT


def default_capacity() -> int:
    """Execution environments at once on this machine; they are only started when they are needed."""
    return 8 * (os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class FunctionConfiguration:
    """One version of one function.

    Attributes:
        name: The function's name, as in its ARN.
        handler: ``module.function`` in the words of the function's runtime.
        task_root: The folder of the code; working directory of the handler and first on its path.
        runtime: ``python``, ``nodejs`` or ``provided``.
        runtime_name: AWS's identifier where one was given, such as ``python3.12`` or ``nodejs24.x``; "" otherwise.
        executor: What runs it: a name of `gateway.executors.LOCAL` or ``package.module:Name``; "" for what its runtime
            needs.
        command: What ``provided`` runs; empty for the executable ``bootstrap`` in the task root.
        timeout_ms: How long one invocation may run; counted from the moment the handler gets it.
        memory_mb: Memory size, 128-10240 MB.
        tmp_mb: Size of ``/tmp``, 512-10240 MB.
        cpu_share: Limit the CPU to what this memory size has on Lambda.
        environment: The user's variables.
        log_format: ``Text`` or ``JSON``, as in AWS's LoggingConfig.
        layers: Folders or zip files, merged into ``/opt`` in this order.
        opt: The folder that stands for ``/opt``, once the layers are merged; None without any.
        version: ``$LATEST`` or a number.
        reserved_concurrency: Invocations at once before further ones are throttled; None for no reservation.
        capacity: Execution environments at once on this machine; requests beyond it wait.
    """

    name: str
    handler: str
    task_root: Path = field(default_factory=Path.cwd)
    runtime: str = "python"
    runtime_name: str = ""
    executor: str = ""
    command: tuple[str, ...] = ()
    timeout_ms: int = 3000
    memory_mb: int = 128
    tmp_mb: int = 512
    cpu_share: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    log_format: str = "Text"
    layers: tuple[Path, ...] = ()
    opt: Path | None = None
    version: str = "$LATEST"
    reserved_concurrency: int | None = None
    capacity: int = field(default_factory=default_capacity)
    region: str = DEFAULT_REGION
    account: str = DEFAULT_ACCOUNT

    @property
    def arn(self) -> str:
        """The function's ARN without a qualifier."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"
