"""The user's environment variables: ``--env`` and ``--env-file``."""

import os
from collections.abc import Sequence
from pathlib import Path

from gateway.config.env_file import read_env_file
from gateway.errors import UsageError


def read_variables(files: Sequence[Path], given: Sequence[str]) -> dict[str, str]:
    """The variables of the files, then those given as ``K=V``, or as ``K`` for the value that K has here.

    Raises:
        UsageError: A file cannot be read, a line is not ``K=V``, or a bare K is not set.
    """
    variables: dict[str, str] = {}
    for file in files:
        variables |= _read_file(file)
    for item in given:
        name, equals, value = item.partition("=")
        if not equals and name not in os.environ:
            raise UsageError(f"--env {name}: it is not set here; write --env {name}=VALUE")
        variables[name] = value if equals else os.environ[name]
    return variables


def _read_file(file: Path) -> dict[str, str]:
    try:
        variables, faults = read_env_file(file)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--env-file {file}: it cannot be read ({error})") from error
    if faults:
        raise UsageError("\n".join(f"{file}, line {line}: {what}" for line, what in faults))
    return variables
