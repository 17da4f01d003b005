"""Which version of its language a function asks for, and which one runs it."""

import logging
import re
import subprocess
import sys
from functools import cache
from typing import Final, NamedTuple

from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError

log = logging.getLogger("gateway")

THIS_VERSION: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
"""Of the Python that runs the gateway."""

_NAMED: Final = re.compile(r"python(\d+\.\d+)|nodejs(\d+)(?:\.x)?")
_LANGUAGES: Final = {"python": "Python", "nodejs": "Node.js"}
_REMEDIES: Final = {
    "python": "--python names another interpreter",
    "nodejs": "put that version of node first on PATH",
}


def asked_version(configuration: FunctionConfiguration) -> str:
    """The version in AWS's identifier of the runtime: ``3.12`` of ``python3.12``, ``24`` of ``nodejs24.x``, else ""."""
    found = _NAMED.fullmatch(configuration.runtime_name)
    return (found[1] or found[2]) if found else ""


def execution_environment(configuration: FunctionConfiguration, version: str) -> str:
    """The value of ``AWS_EXECUTION_ENV`` (recorded for Python and Node.js, January 2026).

    Args:
        configuration: The function; its own version wins, since code and runtime go by it.
        version: Of the program that runs it, such as ``3.12`` or ``24``.
    """
    suffix = ".x" if configuration.runtime == "nodejs" else ""
    return f"AWS_Lambda_{configuration.runtime}{asked_version(configuration) or version}{suffix}"


class RuntimeVersion(NamedTuple):
    """What ``INIT_START`` says of a runtime; nobody updates one here, so the last part of the version stays 1."""

    version: str
    arn: str


def runtime_version(configuration: FunctionConfiguration, version: str) -> RuntimeVersion:
    """The runtime as Lambda's log names it, ``python:3.13.v1`` (recorded in 2025; AWS's last part counts updates).

    Args:
        configuration: The function.
        version: Of the program that runs it, "" for ``provided``.
    """
    from hashlib import sha256  # noqa: PLC0415 - only for logs with lines of the platform

    asked = asked_version(configuration) or version or configuration.runtime_name.partition(".")[2] or "al2023"
    name = f"{configuration.runtime}:{asked}.v1"
    return RuntimeVersion(name, f"arn:aws:lambda:{configuration.region}::runtime:{sha256(name.encode()).hexdigest()}")


def tell_of_another_version(configuration: FunctionConfiguration, version: str) -> None:
    """Say that another version runs the function than the one that it asks for."""
    asked = asked_version(configuration)
    if asked and asked != version:
        language = _LANGUAGES[configuration.runtime]
        log.warning(
            "the function %s asks for %s, and %s %s runs it; %s",
            configuration.name,
            configuration.runtime_name,
            language,
            version,
            _REMEDIES[configuration.runtime],
        )


@cache  # it takes 7 ms, and more code does not change it
def node_version(program: str) -> str:
    """The major version of a Node.js, such as ``22``.

    Raises:
        UsageError: The program cannot be run, or is no Node.js.
    """
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"{program}: it cannot be run as Node.js ({error})") from error
    found = re.match(r"v(\d+)\.", done.stdout)
    if found is None:
        raise UsageError(f"{program}: it is no Node.js; it says its version is {done.stdout.strip()[:60]!r}")
    return found[1]
