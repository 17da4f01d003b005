"""The environment variables of a function.

Names and values as AWS's Lambda developer guide lists them and as they were seen inside real functions in 2026.
User variables may not begin with ``_`` nor take a reserved name; the guide names the few that may be overridden.
"""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

import gateway.bootstraps
from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError

RESERVED = frozenset(
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
RUNTIME_API: Final = "127.0.0.1:9001"
"""Where functions found the Runtime API before 2025; nothing listens there for a worker, whose protocol is another."""

_BOOTSTRAPS: Final = Path(gateway.bootstraps.__file__).parent
_FOLDERS: Final = {"python": "python", "nodejs": "node"}
_VAR_RUNTIME: Final = Path("/var/runtime")
_SIZE_LIMIT = 4096
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")

_FROM_HOST = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CA_BUNDLE",
    "AWS_ENDPOINT_URL",
    "HOME",
    "PATH",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)


def new_log_stream(version: str) -> str:
    """The name of another environment's log stream, which is the environment's name as well."""
    return f"{datetime.now(UTC):%Y/%m/%d}/[{version}]{uuid4().hex}"


def check_user_variables(variables: Mapping[str, str]) -> None:
    """Refuse what Lambda refuses.

    Raises:
        UsageError: A name is reserved or malformed, or all of them together are over 4 KB.
    """
    for name in variables:
        if name in RESERVED:
            raise UsageError(f"environment variable {name}: Lambda reserves this name; choose another one")
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"environment variable {name!r}: a name begins with a letter, has at least two characters and holds "
                "only letters, digits and _"
            )
    size = sum(len(name.encode()) + len(value.encode()) + 6 for name, value in variables.items()) + 2
    if size > _SIZE_LIMIT:
        raise UsageError(f"the environment variables take {size} bytes as JSON; Lambda allows {_SIZE_LIMIT}")


def function_variables(
    configuration: FunctionConfiguration, host: Mapping[str, str], scratch: Path, log_stream: str
) -> dict[str, str]:
    """Everything a function sees, apart from what one runtime adds.

    ``host`` is the gateway's own environment: credentials, certificates, proxies, ``HOME`` and ``PATH`` are taken from
    it, nothing else.  ``scratch`` stands for ``/tmp``.
    """
    variables = {name: host[name] for name in _FROM_HOST if name in host}
    variables |= {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
    }
    variables |= configuration.environment
    return variables | {
        "_HANDLER": configuration.handler,
        "AWS_DEFAULT_REGION": configuration.region,
        "AWS_REGION": configuration.region,
        "AWS_LAMBDA_FUNCTION_NAME": configuration.name,
        "AWS_LAMBDA_FUNCTION_VERSION": configuration.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{configuration.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "LAMBDA_TASK_ROOT": str(configuration.task_root),
        "PWD": str(configuration.task_root),
        "TMPDIR": str(scratch),
    }


def runtime_variables(configuration: FunctionConfiguration, base: Mapping[str, str], version: str) -> dict[str, str]:
    """`function_variables` and what the runtime of a process adds, with the folders that stand for ``/opt``.

    Named as in real functions (recorded in January and February 2026): ``AWS_EXECUTION_ENV``, ``LAMBDA_RUNTIME_DIR``,
    ``PWD`` and ``SHLVL`` are absent for ``provided``.  A managed runtime finds a layer's files through its own search
    path (AWS guide, "Packaging your layer content").  What the user set wins: these search paths may be overridden.

    Args:
        configuration: The function, its layers merged.
        base: What `function_variables` gives.
        version: Of the program that runs the handler, such as ``3.12`` for Python; "" for ``provided``.
    """
    root, opt = configuration.task_root, configuration.opt
    variables = {**base, "AWS_LAMBDA_RUNTIME_API": RUNTIME_API}
    if opt is not None:
        variables["PATH"] = f"{base.get('PATH', os.defpath)}{os.pathsep}{opt / 'bin'}"
    variables["LD_LIBRARY_PATH"] = _joined(root, root / "lib", opt and opt / "lib")
    if configuration.runtime == "provided":
        variables.pop("PWD", None)
    else:
        variables["SHLVL"] = "0"
        variables["LAMBDA_RUNTIME_DIR"] = str(_BOOTSTRAPS / _FOLDERS[configuration.runtime])
    if configuration.runtime == "nodejs":
        variables["NODE_PATH"] = _joined(opt and opt / "nodejs" / "node_modules", root)
    elif configuration.runtime == "python":
        packages = opt and opt / "python"
        versioned = packages and packages / "lib" / f"python{version}" / "site-packages"
        variables["PYTHONPATH"] = _joined(packages, versioned, _VAR_RUNTIME)
        variables["AWS_EXECUTION_ENV"] = f"AWS_Lambda_python{version}"
    return variables | dict(configuration.environment)


def _joined(*folders: Path | None) -> str:
    return os.pathsep.join(str(folder) for folder in folders if folder is not None)
