"""Which program runs a function, and which runtime a file asks for."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.targets.interpreter import Interpreter, check_awslambdaric

_NODE_BOOTSTRAP: Final = Path(__file__).parents[2] / "bootstraps" / "node" / "bootstrap.mjs"
_PYTHON_BOOTSTRAP: Final = Path(__file__).parents[2] / "bootstraps" / "python" / "bootstrap.py"
_NODE_SUFFIXES: Final = (".js", ".mjs", ".cjs")


def command_for(configuration: FunctionConfiguration, opt: Path | None = None) -> tuple[str, ...]:
    """The program and arguments that run a function over the Runtime API.

    Args:
        configuration: The function, of another runtime than ``python``.
        opt: The folder that stands for ``/opt``; a layer may bring the executable ``bootstrap``.

    Raises:
        UsageError: There is no such program, or no such runtime.
    """
    match configuration.runtime:
        case "nodejs":
            return (_node(), str(_NODE_BOOTSTRAP))
        case "provided":
            return configuration.command or (_bootstrap(configuration.task_root, opt),)
        case other:
            raise UsageError(f"Unknown runtime {other!r}: use python, nodejs or provided.")


def python_command(python: Interpreter, debugger: Sequence[str] = ()) -> tuple[str, ...]:
    """What runs a Python handler over the Runtime API, and needs nothing in its project.

    The script is the last argument, as on Lambda: wrappers put options of the interpreter before it (AWS guide,
    "Modifying the runtime environment").
    """
    return (python.program, *debugger, str(_PYTHON_BOOTSTRAP))


def awslambdaric_command(python: Interpreter, handler: str) -> tuple[str, ...]:
    """The same with AWS's own client.

    Raises:
        UsageError: It is not installed there.
    """
    check_awslambdaric(python.program)
    return (python.program, "-m", "awslambdaric", handler)


def runtime_of(target: str, folder: Path) -> tuple[str, str]:
    """The runtime and the handler that a target such as ``app.handler`` or ``src/app.handler`` asks for.

    An executable ``bootstrap`` in the folder takes any handler, and none at all; files named in the target win.

    Raises:
        UsageError: No file fits, or files of more than one runtime do.
    """
    path, _, member = target.rpartition(".")
    found = _files_of(path, folder) if path and member else {}
    if len(found) > 1:
        names = " and ".join(sorted(str(file.relative_to(folder)) for file in found.values()))
        raise UsageError(
            f"{target!r} could be {names} in {folder}: say which with --runtime {' or '.join(sorted(found))}."
        )
    if found:
        return next(iter(found)), target
    if _is_executable(folder / "bootstrap"):
        return "provided", target
    if (folder / "bootstrap").is_file():
        raise UsageError(f"{folder / 'bootstrap'} is not executable: run chmod +x on it.")
    raise UsageError(_nothing_found(target, path, folder))


def _files_of(path: str, folder: Path) -> dict[str, Path]:
    """The file of each runtime that a handler's module part can mean."""
    stem = folder / path
    package = folder / path.replace(".", "/")
    found: dict[str, Path] = {}
    for suffix in _NODE_SUFFIXES:
        if (file := stem.parent / (stem.name + suffix)).is_file():
            found.setdefault("nodejs", file)
    for file in (stem.parent / (stem.name + ".py"), package.with_suffix(".py"), package / "__init__.py"):
        if file.is_file():
            found.setdefault("python", file)
    return found


def _nothing_found(target: str, path: str, folder: Path) -> str:
    if not path:
        return f"{target!r} is not a handler: write FILE.FUNCTION, such as app.handler for handler() in app.py."
    there = (
        sorted(file.name for file in folder.glob("*") if not file.name.startswith("."))[:8] if folder.is_dir() else []
    )
    shown = ", ".join(there) if there else "nothing"
    return f"Neither {path}.py nor {path}.mjs, .cjs or .js nor bootstrap is in {folder}; found {shown}."


def _is_executable(file: Path) -> bool:
    return file.is_file() and os.access(file, os.X_OK)


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise UsageError(
            "The runtime nodejs needs the program node, version 18 or later: install it or put it on PATH."
        )
    return node


def _bootstrap(task_root: Path, opt: Path | None) -> str:
    """The executable that a custom runtime is; AWS looks in the task root first, then in the layers."""
    for folder in (task_root, opt):
        if folder is not None and _is_executable(folder / "bootstrap"):
            return str(folder / "bootstrap")
    raise UsageError(f"No executable file bootstrap in {task_root}: add one (chmod +x), or give a command.")
