"""Which Python runs the handler: the project's own, so that the handler finds what its project installed."""

import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from gateway.errors import UsageError


class Interpreter(NamedTuple):
    """A Python: its program and its version such as ``3.12``."""

    program: str
    version: str


def find_interpreter(given: str | None, host: Mapping[str, str], folder: Path) -> Interpreter:
    """The interpreter given, else the active virtual environment's, else ``.venv`` of the folder, else our own.

    Raises:
        UsageError: The interpreter given cannot be run.
    """
    if given:
        return Interpreter(given, _asked(given))
    for home in (host.get("VIRTUAL_ENV"), folder / ".venv"):
        if home and (program := Path(home) / "bin" / "python").exists():
            version = _configured(Path(home) / "pyvenv.cfg")
            if version:
                return Interpreter(str(program), version)
    return Interpreter(sys.executable, f"{sys.version_info.major}.{sys.version_info.minor}")


def _configured(file: Path) -> str:
    """The version that a virtual environment says it has, "" when it says nothing."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return ""
    pairs = dict(line.split(" = ", 1) for line in lines if " = " in line)
    version = pairs.get("version_info") or pairs.get("version", "")
    return ".".join(version.split(".")[:2])


@cache  # it takes 20 ms, and more code does not change it
def _asked(program: str) -> str:
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([program, "-S", "-c", script], capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"--python {program}: it cannot be run as a Python interpreter ({error})") from error
    return done.stdout.strip()


@cache  # as above
def check_awslambdaric(program: str) -> None:
    """Refuse an interpreter that has not AWS's client for the Runtime API.

    Raises:
        UsageError: It is not installed there.
    """
    script = "import importlib.util, sys; sys.exit(importlib.util.find_spec('awslambdaric') is None)"
    if subprocess.run([program, "-c", script], capture_output=True, check=False, timeout=30).returncode:
        raise UsageError(
            f"AWS's client is not installed where the handler runs: {program} -m pip install awslambdaric, or leave "
            "out --runtime-client ric and executor = 'runtime-api'"
        )


def debugger_arguments(python: Interpreter, port: int | None) -> tuple[str, ...]:
    """What makes an interpreter listen for a debugger on a port of the loopback interface, nothing without a port.

    Raises:
        UsageError: debugpy is not installed where the handler runs.
    """
    if port is None:
        return ()
    found = subprocess.run([python.program, "-c", "import debugpy"], capture_output=True, check=False, timeout=30)
    if found.returncode:
        raise UsageError(f"--debug needs debugpy where the handler runs: {python.program} -m pip install debugpy")
    return ("-Xfrozen_modules=off", "-m", "debugpy", "--listen", f"127.0.0.1:{port}")
