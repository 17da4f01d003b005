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
from gateway.configuration import RESERVED_VARIABLES, FunctionConfiguration
from gateway.errors import UsageError
from gateway.targets.runtime_version import THIS_VERSION, asked_version, execution_environment

RUNTIME_API: Final = "127.0.0.1:9001"
"""Where ``provided.al2`` finds the Runtime API (recorded in January 2026); for a worker, whose protocol is another,
nothing listens there, while the address of other runtimes would be waited for in vain."""

_BOOTSTRAPS: Final = Path(gateway.bootstraps.__file__).parent
_FOLDERS: Final = {"python": "python", "nodejs": "node"}
_VAR_RUNTIME: Final = Path("/var/runtime")
_SIZE_LIMIT = 4096
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")

_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEXAMPLE/placeholder/of/a/local/function/EXAMPLETOKEN==",
}
"""Always there on Lambda; these are well-formed and nobody's (the keys are those of AWS's own documentation)."""
_OTHER_SOURCES = ("AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE")

_JSON_LOGS = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}
"""The level is that of functions whose LoggingConfig names none (AWS guide, "Log-level filtering")."""

_FROM_HOST = (
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
    "NODE_EXTRA_CA_CERTS",
    "_GATEWAY_CALL_BACKS",
)


def new_log_stream(version: str) -> str:
    """The name of another environment's log stream, which is the environment's name as well."""
    return f"{datetime.now(UTC):%Y/%m/%d}/[{version}]{uuid4().hex}"


def check_user_variables(variables: Mapping[str, str]) -> None:
    """Refuse what Lambda refuses.

    Raises:
        UsageError: A name is reserved or malformed, or all of them together are over 4 KB.
    """
    reserved = [name for name in variables if name in RESERVED_VARIABLES]
    if len(reserved) > 1:
        raise UsageError(f"environment variables {', '.join(reserved)}: Lambda reserves these names; choose others")
    if reserved:
        raise UsageError(f"environment variable {reserved[0]}: Lambda reserves this name; choose another one")
    for name in variables:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"environment variable {name!r}: a name begins with a letter, has at least two characters and holds "
                "only letters, digits and _"
            )
    size = sum(len(name.encode()) + len(value.encode()) + 6 for name, value in variables.items()) + 2
    if size > _SIZE_LIMIT:
        raise UsageError(f"the environment variables take {size} bytes as JSON; Lambda allows {_SIZE_LIMIT}")


def credentials(host: Mapping[str, str], user: Mapping[str, str]) -> dict[str, str]:
    """The credentials of a function: the gateway's own, else placeholders.

    A key without a session token has an empty one, which SDKs take for none: a made-up one would spoil the key.  No
    placeholder stands before what an SDK would find in files or through what the user has set, since variables win.

    Args:
        host: The gateway's own environment.
        user: The user's variables.
    """
    if host.get("AWS_ACCESS_KEY_ID") and host.get("AWS_SECRET_ACCESS_KEY"):
        return {name: host.get(name, "") for name in _CREDENTIALS}
    folder = Path(user.get("HOME") or host.get("HOME") or "/", ".aws")
    if any(user.get(name) for name in _OTHER_SOURCES) or _has_credentials(folder):
        return {}
    return dict(_CREDENTIALS)


def _has_credentials(folder: Path) -> bool:
    """Whether a user's files of AWS's SDKs lead to credentials."""
    if (folder / "credentials").exists():
        return True
    try:
        text = (folder / "config").read_text(errors="replace")
    except OSError:
        return False
    return any(word in text for word in ("aws_access_key_id", "credential_process", "role_arn", "sso_"))


def function_variables(
    configuration: FunctionConfiguration, host: Mapping[str, str], scratch: Path, log_stream: str
) -> dict[str, str]:
    """Everything a function sees, apart from what one runtime adds.

    ``host`` is the gateway's own environment, with where call-backs lead: credentials, certificates, proxies, ``HOME``
    and ``PATH`` are taken from it, nothing else.  ``scratch`` stands for ``/tmp``.
    """
    variables = {name: host[name] for name in _FROM_HOST if name in host}
    variables |= credentials(host, configuration.environment)
    variables |= {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
    }
    if configuration.log_format == "JSON":
        variables |= _JSON_LOGS
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

    Named as in real functions (recorded in January and February 2026): ``AWS_EXECUTION_ENV``, ``PWD`` and ``SHLVL`` are
    absent for ``provided``, and Python has ``LC_CTYPE`` since 3.13.  A managed runtime finds a layer's files by its own
    search path (AWS guide, "Packaging your layer content").  What the user set wins: these may be overridden.

    Args:
        configuration: The function, its layers merged.
        base: What `function_variables` gives.
        version: Of the program that runs the handler, such as ``3.12`` or, for Node.js, ``24``; "" for ``provided``.
    """
    root, opt = configuration.task_root, configuration.opt
    variables = {**base, "AWS_LAMBDA_RUNTIME_API": RUNTIME_API}
    if opt is not None:
        variables["PATH"] = f"{base.get('PATH', os.defpath)}{os.pathsep}{opt / 'bin'}"
    variables["LD_LIBRARY_PATH"] = _joined([root, root / "lib", *([opt / "lib"] if opt else [])])
    if configuration.runtime == "provided":
        variables.pop("PWD", None)
        variables["LAMBDA_RUNTIME_DIR"] = str(_VAR_RUNTIME)
    else:
        variables["SHLVL"] = "0"
        variables["AWS_EXECUTION_ENV"] = execution_environment(configuration, version)
        variables["LAMBDA_RUNTIME_DIR"] = str(_BOOTSTRAPS / _FOLDERS[configuration.runtime])
        variables |= _of_language(configuration, version)
    variables |= configuration.environment
    if configuration.runtime == "python" and "PYTHONPATH" in configuration.environment:
        # On Lambda the runtime looks into layers first, whatever the user has set.
        own = Path(configuration.environment["PYTHONPATH"])
        variables["PYTHONPATH"] = _joined([*python_layers(configuration, version), own])
    return variables


def variables_in_process(
    configuration: FunctionConfiguration, host: Mapping[str, str], scratch: Path, log_stream: str
) -> dict[str, str]:
    """The variables of a Python function in this process, whose own search paths stay as they are.

    Other programs that this process starts go by them.  ``host`` is the environment of this process.
    """
    base = function_variables(configuration, host, scratch, log_stream)
    variables = runtime_variables(configuration, base, THIS_VERSION)
    kept = {name: host[name] for name in ("LD_LIBRARY_PATH", "PYTHONPATH") if name in host}
    return variables | kept | dict(configuration.environment)


def _of_language(configuration: FunctionConfiguration, version: str) -> dict[str, str]:
    """What a language's own programs go by: where packages are, in the order of Lambda's, and the locale."""
    opt, asked = configuration.opt, asked_version(configuration) or version
    if configuration.runtime == "nodejs":
        layers = [f"nodejs/node{asked}/node_modules", "nodejs/node_modules"]
        own = [_VAR_RUNTIME / "node_modules", _VAR_RUNTIME, configuration.task_root]
        return {"NODE_PATH": _joined([*(opt / it for it in layers if opt), *own])}
    locale = {"LC_CTYPE": "C.UTF-8"} if [*map(int, asked.split("."))] >= [3, 13] else {}
    return {"PYTHONPATH": _joined([*python_layers(configuration, version), _VAR_RUNTIME]), **locale}


def python_layers(configuration: FunctionConfiguration, version: str) -> list[Path]:
    """The folders from which a Python of this version imports what layers bring."""
    versions = dict.fromkeys((asked_version(configuration) or version, version))
    folders = ["python", *(f"python/lib/python{it}/site-packages" for it in versions)]
    return [configuration.opt / it for it in folders] if configuration.opt else []


def _joined(folders: list[Path]) -> str:
    return os.pathsep.join(map(str, folders))
