"""Where a handler is in the file system, so that a process of its own can import it."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from gateway.errors import UsageError


class HandlerPlace(NamedTuple):
    """Lambda's Handler setting, and the folder from which it is imported."""

    setting: str
    folder: Path


def find_handler(handler: Callable[[Any, Any], object] | str, folder: Path) -> HandlerPlace:
    """The place of a handler.

    Args:
        handler: A function at the top of a module, or a setting such as ``app.handler``.
        folder: Of a setting.

    Raises:
        UsageError: No other process can import it.
    """
    if isinstance(handler, str):
        return HandlerPlace(handler, folder)
    name = getattr(handler, "__qualname__", "")
    file = inspect.getsourcefile(handler) if inspect.isfunction(handler) else None
    if not file or not name.isidentifier():
        raise UsageError(
            f"{name or handler!r} cannot be imported by a worker process: give a function at the top of a module, or "
            "its name such as 'app.handler'; lambda_client takes any callable"
        )
    module = handler.__module__.split(".")
    path = Path(file).resolve().with_suffix("")
    # A module of a package is imported by its whole name, so that its own imports work
    if list(path.parts[-len(module) :]) == module:
        return HandlerPlace(f"{'.'.join(module)}.{name}", path.parents[len(module) - 1])
    return HandlerPlace(f"{path.name}.{name}", path.parent)
