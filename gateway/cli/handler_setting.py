"""How a user names a handler on the command line."""

import re
from pathlib import Path
from typing import NamedTuple

from gateway.errors import UsageError


class HandlerSetting(NamedTuple):
    """A handler as Lambda's Handler setting has it, and a function name made from it."""

    handler: str
    function_name: str


def parse_target(target: str, folder: Path, *, has_wrapper: bool = False) -> HandlerSetting:
    """Understand ``app.handler``, ``src/app.handler``, ``app.main.handler`` and ``app.main:handler``.

    Args:
        target: What the user wrote.
        folder: Of the code.
        has_wrapper: Something else than the runtime may read the setting: web adapters start the file that it names.

    Raises:
        UsageError: It has no function part, or names a file.
    """
    if (folder / target).is_file():
        if has_wrapper:
            return HandlerSetting(target, _name_from(Path(target).stem))
        raise UsageError(f"{target} is a file; name the handler in it, such as {Path(target).with_suffix('')}.handler")
    module, _, function = target.rpartition(":") if ":" in target else target.rpartition(".")
    if not module or not function.isidentifier():
        raise UsageError(f"{target!r} does not name a handler; write MODULE.FUNCTION, such as app.handler")
    return HandlerSetting(f"{module}.{function}", _name_from(module.replace("/", ".").rpartition(".")[2]))


def _name_from(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text) or "function"
